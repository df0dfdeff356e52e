/* Message bodies of status pages and feeds (HTML, Markdown, plain, or a mixture) as plain lines of
 * text. Any thread, pure. */
#ifndef CT_MARKUP_H
#define CT_MARKUP_H

#include "db/base/arena.h"

/* BODY without tags, scripts and comments, entities decoded, block ends as line ends, Markdown's
 * emphasis, escapes and headings undone and its links as "text (url)"; then through ct_clean_body
 * into ARENA. Null stays null; a body of nothing but markup gives null, too. */
struct ct_span ct_markup_text(struct ct_arena *arena, struct ct_span body);
/* The same as one line: for titles (ct_clean_name). */
struct ct_span ct_markup_name(struct ct_arena *arena, struct ct_span body);

#endif
