/* What wakes a fetcher's loop beside the network: signals, and the end of the viewer that started
 * it. */
#ifndef CT_WATCH_H
#define CT_WATCH_H

#include "fetchers/fetcher.h"

struct ct_watch;

/* Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and takes them by descriptor from now on. PARENT is
 * the number of an inherited pipe or socket whose end means leaving, or NULL. *OUT is NULL on
 * failure. */
CT_MUST_USE enum ct_status ct_watch_open(const char *parent, struct ct_watch **out,
                                         struct ct_error *err);
void ct_watch_close(struct ct_watch *w); /* NULL is fine */
/* For ct_fetcher_step: readable when ct_watch_read has something to do. */
int ct_watch_fd(const struct ct_watch *w);
/* Handles what woke the loop (SIGUSR1: F, unless NULL, fetches everything now) and says what is to
 * be done: leave, or, somebody having sent SIGHUP, read the settings again. That signal from a
 * terminal that goes means leaving. */
enum ct_watch_word { CT_WATCH_NOTHING, CT_WATCH_AGAIN, CT_WATCH_LEAVE };
enum ct_watch_word ct_watch_read(struct ct_watch *w, struct ct_fetcher *f);

#endif
