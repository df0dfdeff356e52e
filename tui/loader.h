/* The loader thread: one reader, answers for the panels on screen. The UI posts what should be on screen now, the
 * loader answers with immutable models, each in its own arena. A mailbox each way: a mutex, the latest value, a
 * pipe byte. It looks for commits once a second, opens the database again when it appears or is replaced, and
 * reads everything anew each minute, since states depend on ages. What nobody has an answer to, and then what is asked
 * ahead, goes before what could only be newer, and is made of the tables that are on screen; commits that come in a
 * stream are read together. */
#ifndef CT_LOADER_H
#define CT_LOADER_H

#include "tui/view.h"

enum { CT_LOAD_AHEAD = 80, CT_LOAD_SLOTS = 2 * CT_LOAD_AHEAD, CT_LOAD_ITEMS = 24 };

/* SLOT (below CT_LOAD_SLOTS) is whoever asks; those from CT_LOAD_AHEAD on may ask soon. A query that changes gets a new
 * GENERATION. */
struct ct_load_item {
    int slot;
    uint64_t generation;
    uint64_t epoch; /* of the answer that whoever asks has already; 0: none */
    const struct ct_panel_ops *ops;
    struct ct_panel_query query;
};
struct ct_load_request {
    size_t n;
    struct ct_load_item items[CT_LOAD_ITEMS]; /* in the order wanted */
};

struct ct_load_answer {
    int slot;
    uint64_t generation;
    enum ct_status status;   /* with ERROR; otherwise MODEL, owned by ARENA, which the taker frees */
    struct ct_error error;
    struct ct_arena *arena;
    const void *model;
    int64_t loaded_ms;
    uint64_t epoch;          /* of the data it was made from: answers of one hold until the next */
    bool newer;              /* the database was made by a newer cloudtape */
    bool damaged;            /* its newest values had to be looked up in the history */
};

struct ct_loader;

/* Starts the thread; PATH is borrowed until ct_loader_stop. Main thread. */
CT_MUST_USE enum ct_status ct_loader_start(const char *path, struct ct_loader **out,
                                           struct ct_error *err);
/* Ends the running load and the thread. NULL is fine. */
void ct_loader_stop(struct ct_loader *l);
/* Readable when answers wait. */
int ct_loader_fd(const struct ct_loader *l);
/* Replaces what was asked before. A load that nobody wants any more is cancelled, and a refresh (or one ahead) while
 * something is asked that has no answer yet; that is then begun again. Never waits for the disk. */
void ct_loader_post(struct ct_loader *l, const struct ct_load_request *request);
/* One answer, the newest of its slot; false: none waits. */
bool ct_loader_take(struct ct_loader *l, struct ct_load_answer *out);
/* Frees A, which may be a whole table, on the loader's thread, before its next load at the latest. A NULL: nothing; L
 * NULL: here and now. */
void ct_loader_free(struct ct_loader *l, struct ct_arena *a);

/* One load on the calling thread, as the loader does it; also for `screen`. CLOCK_MS: of all that is loaded together. */
void ct_load_one(struct ct_reader *r, const struct ct_load_item *item, int64_t clock_ms,
                 struct ct_load_answer *out);

#endif
