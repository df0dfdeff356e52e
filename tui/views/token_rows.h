/* Token prices as people compare them: one row a model and host, the kinds of price side by side. */
#ifndef CT_VIEWS_TOKEN_ROWS_H
#define CT_VIEWS_TOKEN_ROWS_H

#include "tui/views/common.h"

/* The kinds that have a column; others are in the detail. */
enum { IN, OUT, CACHE, N_KINDS };

struct token_row {
    struct ct_span key; /* HOST/REGION/LAB/MODEL[@VARIANT] */
    struct ct_span source; /* two lists that disagree are two rows */
    struct ct_span id;     /* key and source */
    struct ct_span lab, model, variant, host, region, series[N_KINDS], first_series, source_id;
    ct_nusd price[N_KINDS];
    ct_nusd blended;
    ct_nusd other_price; /* of the input price in another list */
    struct ct_span other_list;
    int lists_differ; /* any of its prices */
    int64_t premium_milli; /* of the input price over the lab's own */
    int64_t change_milli; /* of the input price, else the output price */
    int64_t context, retires_ms, seen_ms, kinds;
    int open_weights, suspect, gone, freshness, old;
    bool priced; /* in the tier looked at */
};

enum { TOKEN_N_COLUMNS = 24 };
extern const struct ct_column token_columns[TOKEN_N_COLUMNS];
extern const struct ct_table token_rows;

/* The tier a person looks at: one at a time. */
bool token_in_tier(const struct ct_token_row *t, struct ct_span tier);
/* Rows of prices IN, all their own in A: the prices are read into other memory, of which they need a quarter. */
enum ct_status token_pivot(struct ct_rows in, struct ct_span tier, struct ct_arena *scratch, struct ct_arena *a,
                           struct ct_rows *out, struct ct_error *err);
/* Moves what R points at into A; BEFORE: the row before it, which has most of it too. */
void token_keep(struct ct_arena *a, struct token_row *r, const struct token_row *before);
/* The names of what input costs of the model that most places sell, the cheapest place first, at most MOST; how many. */
size_t token_flagship(struct ct_reader *r, const struct ct_panel_query *q, int64_t now_ms, struct ct_arena *a,
                      struct ct_span *out, size_t most);
bool token_stale(const struct token_row *r);
bool token_notable(const void *row);
enum ct_role token_role(const void *row, const struct ct_draw *d);

/* Cells. */
enum ct_role token_model(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_in_per_million(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_out_per_million(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_cache_per_million(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_in_per_thousand(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_out_per_thousand(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_cache_per_thousand(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_blend(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_premium(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_lists(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_source(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_change(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_context(const void *row, const struct ct_draw *d, struct ct_buf *out);
enum ct_role token_seen(const void *row, const struct ct_draw *d, struct ct_buf *out);

#endif
