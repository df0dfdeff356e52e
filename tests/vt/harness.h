/* A program in a pseudo-terminal with an emulator behind it: types as a person does, looks at the screen a person
 * would see. Fails the running cmocka test when something is not as asked. */
#ifndef CT_VT_HARNESS_H
#define CT_VT_HARNESS_H

#include "db/base/str.h"

#include <sys/types.h>

struct vt;

struct vt_look {
    uint32_t point;
    bool bold, reverse, underline; /* the emulator does not know dim */
    bool colored;                  /* a foreground other than the default */
    int fg, bg;                    /* of the palette, -1: default, 0x1000000 + 0xrrggbb: any other */
};

/* Starts ARGV (NULL-terminated) in a ROWS x COLS terminal of type xterm-256color. ENV: "NAME=VALUE" sets, "NAME"
 * unsets; may be NULL. The rest of the environment is a clean one. */
struct vt *vt_start(int rows, int cols, const char *const *argv, const char *const *env);
/* Kills what still runs and frees all. */
void vt_free(struct vt *v);

/* Types KEYS with a small pause after each. */
void vt_type(struct vt *v, const char *keys);
/* Sends BYTES at once. */
void vt_paste(struct vt *v, const char *bytes);
/* Reads until nothing came for QUIET_MS. */
void vt_settle(struct vt *v, int quiet_ms);
/* Until all threads of the program have slept for QUIET_MS, too: on a busy machine one that says nothing may just wait
 * for its turn. */
void vt_rest(struct vt *v, int quiet_ms);
/* Until TEXT stands somewhere on the screen, and then until it is quiet; fails after 10 s with the screen. */
void vt_wait(struct vt *v, const char *text);
/* Until TEXT is nowhere on the screen. */
void vt_wait_gone(struct vt *v, const char *text);
void vt_resize(struct vt *v, int rows, int cols);
/* The window goes away. */
void vt_hang_up(struct vt *v);
void vt_signal(struct vt *v, int sig);
/* Waits for the end, at most MS: the exit status, 128 + signal, or -1 when it still runs. */
int vt_end(struct vt *v, int ms);

bool vt_has(struct vt *v, const char *text);
/* Row of the first line with TEXT in it, -1: none; *COL, when not NULL, gets the column. */
int vt_find(struct vt *v, const char *text, int *col);
/* Row Y as UTF-8 without trailing blanks; valid until the next call. */
const char *vt_row(struct vt *v, int y);
struct vt_look vt_cell(struct vt *v, int y, int x);
void vt_print(struct vt *v); /* the screen, as test output */
/* The whole screen as text; with LOOKS, below it a map of its attributes and colours, a letter for each that occurs,
 * and what the letters mean. */
void vt_text(struct vt *v, bool looks, struct ct_buf *out);

int vt_bells(const struct vt *v);
int vt_titles(const struct vt *v);   /* changes of title or icon name */
int vt_unknown(const struct vt *v);  /* OSC, DCS and other sequences the emulator did not know */
size_t vt_bytes(const struct vt *v); /* received so far */
int64_t vt_resident_kb(const struct vt *v); /* memory the program holds now; -1: not known here */
bool vt_received(const struct vt *v, const char *bytes); /* BYTES came, as they are */
bool vt_alternate(const struct vt *v); /* on the alternate screen now */
bool vt_cursor_shown(const struct vt *v);

#endif
