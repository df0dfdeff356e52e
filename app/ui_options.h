/* What the dashboard takes from flags and settings, and takes again when the files change. Main thread. */
#ifndef CT_UI_OPTIONS_H
#define CT_UI_OPTIONS_H

#include "app/command.h"
#include "tui/app.h"

/* Fills *O; its texts live in C's arena and settings. What is wrong becomes a problem of the settings. */
void ct_ui_options_take(struct ct_call *c, struct ct_ui_options *o);
/* The part that is keys: those that hold. */
void ct_ui_keys_take(struct ct_call *c, struct ct_ui_options *o);
/* For readers of themes and such: CTX are the settings. */
void ct_ui_problem(void *ctx, const char *where, const char *what);

/* Reading the settings again, for as long as a dashboard runs. */
struct ct_again;
/* O holds what is in force; both are borrowed. The answer is never NULL. */
struct ct_again *ct_again_new(struct ct_call *c, const struct ct_ui_options *o);
struct ct_reading;
/* What a reading needs to know, for ct_again_read, which frees it. */
struct ct_call *ct_again_begin(const struct ct_again *g);
/* Reads them all, for ct_again_take; on any thread, one at a time. */
struct ct_reading *ct_again_read(struct ct_call *begun);
/* NULL: something in the files is wrong, *PROBLEMS says what, and all stays as it was. Else C's settings are the new
 * ones, and *FETCHING tells whether the fetcher's part of them changed. Answers live until ct_again_free. */
const struct ct_ui_options *ct_again_take(struct ct_again *g, struct ct_reading *r, const char *const **problems,
                                          bool *fetching);
/* With watch_config = yes a descriptor that is readable after something moved in the folders of the files; -1. */
int ct_again_fd(const struct ct_again *g);
/* Takes note of that; true: a file of settings or a theme was among it. */
bool ct_again_moved(struct ct_again *g);
/* C's settings stay. */
void ct_again_free(struct ct_again *g);

#endif
