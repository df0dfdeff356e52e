/* Foreign text made safe, once, at the border (reliability.md sections 2 and 7). Any thread. */
#ifndef CT_TEXT_H
#define CT_TEXT_H

#include "db/base/arena.h"
#include "db/base/str.h"

#define CT_NAME_POINTS 256 /* code points of a name or title */
#define CT_TEXT_BYTES 8192 /* bytes of a message body */
#define CT_ID_BYTES 200    /* a longer id becomes its hash */

enum ct_text_flags {
    CT_TEXT_LINES =
        1, /* keep '\n' (bodies); otherwise every run of white space becomes one blank */
};

/* Reads one code point at POS (< text.n) into *POINT and returns the bytes it takes. A bad sequence
 * gives -1 and the length of its maximal subpart (what one U+FFFD stands for). */
size_t ct_utf8_decode(struct ct_span text, size_t pos, int32_t *point);
/* Writes POINT (a valid one) and returns the bytes, 1 to 4. */
size_t ct_utf8_encode(char out[4], int32_t point);
bool ct_utf8_valid(struct ct_span text);

/* Cleans SRC into DST of CAP bytes (NUL-terminated, cut at a character's border): valid UTF-8 (each
 * bad sequence one U+FFFD), no C0, C1, DEL, bidi controls, zero-width and tag characters, private
 * use, noncharacters, invisible letters; variation selectors and ZWJ only inside emoji; at most 4
 * marks on a base, none without one; trimmed; CR and CRLF count as '\n', other separators as
 * blanks, more than one empty line as one. Idempotent. Returns the length. */
size_t ct_text_clean(char *dst, size_t cap, struct ct_span src, unsigned flags);

/* The same into ARENA. Null stays null. Name: one line, CT_NAME_POINTS. Body: lines, CT_TEXT_BYTES.
 * Id: one line; longer than CT_ID_BYTES becomes "#" and 16 hex digits of its hash. */
struct ct_span ct_clean_name(struct ct_arena *a, struct ct_span src);
struct ct_span ct_clean_body(struct ct_arena *a, struct ct_span src);
struct ct_span ct_clean_id(struct ct_arena *a, struct ct_span src);
/* Only http and https with a host, at most 2048 bytes of clean UTF-8, no controls, blanks, quotes,
 * angle brackets or backslashes; anything else gives null. */
struct ct_span ct_clean_url(struct ct_arena *a, struct ct_span src);

/* The check at an exit (log, terminal message): in place, whatever ct_text_clean would not let
 * through becomes '?', lines and tabs too. Never longer than it was. */
void ct_text_mask(char *text);

/* Walks grapheme clusters for a screen: reads one cluster at *POS, moves *POS behind it, returns
 * the columns it takes (0, 1 or 2, by our own table, not wcwidth) and its bytes in *CLUSTER (at
 * most 64). -1 at the end. */
int ct_text_next(struct ct_span text, size_t *pos, struct ct_span *cluster);
/* Columns of all of TEXT. */
int ct_text_width(struct ct_span text);

#endif
