/* What several panels say in the same words. */
#ifndef CT_VIEWS_COMMON_H
#define CT_VIEWS_COMMON_H

#include "tui/views/views.h"
#include "tui/widgets/sparkline.h"
#include "tui/widgets/statebar.h"
#include "tui/widgets/table.h"

/* A reader's query for a panel's. */
struct ct_query ct_view_query(const struct ct_panel_query *q, int64_t now_ms);
/* The end of a window that ends "now": at_ms, or the clock when live. */
int64_t ct_view_end(const struct ct_panel_query *q, int64_t now_ms);
/* The window Q asks for. Beside two instants (from_ms < to_ms) a query may hold to_ms 0 and from_ms
 * -LENGTH: the last LENGTH ms, moving with the clock; 0, 0 is the same with STANDARD; FROM, 0 is all
 * since FROM. *MOVING: it ends with the clock. */
void ct_view_window(const struct ct_panel_query *q, int64_t end_ms, int64_t standard,
                    int64_t *from_ms, int64_t *to_ms, bool *moving);

/* "od", "spot", "1y", "3y", "sav1y", "block", "other". */
const char *ct_view_purchase(int purchase);
/* "H100 80G" from an offer; memory only when the source gives it. */
void ct_view_gpu(struct ct_buf *out, const struct ct_offer *o);
/* "14:29Z" on NOW_MS's day, "11-21 14:29Z" in its year, "2025-03-01" before. */
void ct_view_when(struct ct_buf *out, int64_t at_ms, int64_t now_ms);
/* "2.1" thousandths as "2.1", without trailing zeros. */
void ct_view_milli(struct ct_buf *out, int64_t milli);
/* People's words for a series: "H100-SXM-80x8 od lambda/us-east-1", "gpt-5 input openai". */
void ct_view_series(struct ct_buf *out, struct ct_span series);
/* The same without memory, count and machine: "H100-SXM od lambda/us-east-1". */
void ct_view_series_brief(struct ct_buf *out, struct ct_span series);
/* O takes the place of *BEST (NULL: nothing yet) if it is sold now and cheaper. What is not sold out goes first. */
void ct_view_choose(const struct ct_offer_row **best, const struct ct_offer_row *o);
/* What a filter in the watchlist stands for; NULL: none, or it is about another table. */
const struct ct_offer_row *ct_view_followed(struct ct_rows offers, struct ct_span item, int64_t now_ms,
                                            struct ct_arena *a);
/* Whether anybody fetches into the database that S sums up: this viewer's own fetcher (OURS), or one whose heart beat
 * lately. */
bool ct_view_is_fetched(const struct ct_summary *s, bool ours, int64_t now_ms);
/* No enabled source is fresh: everything is as old as the newest answer. */
bool ct_view_is_old(const struct ct_summary *s);
/* The value of H in force at AT; CT_NONE before the first and in gaps. */
int64_t ct_view_value_at(const struct ct_history *h, int64_t at);
/* TEXT with "partial_outage" as people write it. */
void ct_view_words(struct ct_buf *out, struct ct_span text);
/* "$/GPU.h" for "USD/gpu.h", "$/1M" for "USD/Mtok"; anything else as it is. */
void ct_view_unit(struct ct_buf *out, struct ct_span unit);
/* Kind of an event that is an article: SUBJECT is who wrote it, TEXT its title. */
enum { CT_VIEW_ARTICLE = -1 };
/* $ price, A L N stock, + - model, ? source, n news, and the state's sign for incidents and states. */
char ct_view_event_sign(const struct ct_event_row *e);
/* Whom an event is about ("H100-SXM od vastai"), what happened ("1.63 -> 1.92 $/GPU.h +17.6%"). */
void ct_view_event_who(struct ct_buf *out, const struct ct_event_row *e);
void ct_view_event_what(struct ct_buf *out, const struct ct_event_row *e);
/* The same for little room, without the unit of a price or the range of several: by how much they moved says more. */
void ct_view_event_brief(struct ct_buf *out, const struct ct_event_row *e);

/* EVENTS (struct ct_event_row, newest first, all of them or the newest MOST) for the tape: what one answer says of
 * one model's prices is one row, and so are the models that came to a host or left it. Rows are A's. */
struct ct_rows ct_view_tape(struct ct_rows events, size_t most, struct ct_arena *a);

/* A sign and word as a cell: both, or in a narrow one the sign alone. */
void ct_view_paint_state(struct ct_box cell, char sign, const char *word);
/* 30 days of values as a cell. */
void ct_view_paint_spark(struct ct_box cell, const int64_t *v, size_t n, bool stale);
/* A stock letter with its role: TEXT, or DIM for "?". */
enum ct_role ct_view_stock(struct ct_buf *out, int stock);
/* Percent with a role that says which way: PRICE_LOWER, PRICE_HIGHER, DIM for unknown. */
enum ct_role ct_view_change(struct ct_buf *out, int64_t milli);

#endif
