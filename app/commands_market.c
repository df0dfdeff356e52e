/* `scorecard`, `news` and `tokens --moves`: the market's questions that are a table each. */
#include "config.h"

#include "app/command.h"

#include <string.h>

static int print_loaded(struct ct_call *c, const struct ct_table *t, ct_load_fn *load,
                        const struct ct_query *q, const char *columns, unsigned kinds)
{
    struct ct_reader *r = NULL;
    struct ct_envelope e;
    struct ct_rows rows = {NULL, 0};
    enum ct_status status = ct_call_reader(c, &r);
    bool none_yet = status == CT_ERR_NOT_FOUND;
    if (status == CT_OK)
        status = load(r, q, c->arena, &rows, &c->err);
    if (status == CT_OK || none_yet)
        status = ct_call_envelope(c, r, kinds, &e);
    ct_call_reader_close(c, r);
    if (status != CT_OK)
        return ct_report(&c->err);
    int code = ct_print_rows(c, t, rows, columns, "", 0, &e);
    return none_yet && code == 0 ? 3 : code;
}

int ct_cmd_scorecard(struct ct_call *c)
{
    struct ct_query q = ct_call_query(c);
    return print_loaded(c, &ct_score_table, ct_read_scorecard, &q,
                        "provider state uptime_90d incidents_90d median_repair_s repair_observed page_age_s "
                        "page_freshness price_level_pct priced_types gpu_types gpu_regions models labs",
                        CT_KINDS_ALL);
}

int ct_cmd_news(struct ct_call *c)
{
    struct ct_query q = ct_call_query(c);
    q.limit = c->n_words || c->flag[CT_FLAG_FILTER] ? 100000 : 0; /* of those the filter leaves */
    return print_loaded(c, &ct_article_table, ct_read_articles, &q, "at provider title source url",
                        1u << CT_SOURCE_NEWS);
}

int ct_cmd_classes(struct ct_call *c)
{
    struct ct_query q = ct_call_query(c);
    if (strcmp(c->flag[CT_FLAG_GROUP], "class") != 0)
        return ct_usage("tokens", "--group: class, not \"%s\"", c->flag[CT_FLAG_GROUP]);
    return print_loaded(c, &ct_class_table, ct_read_classes, &q,
                        "class kind index_usd_per_mtok cheapest_usd_per_mtok cheapest_host dearest_usd_per_mtok "
                        "sellers members change_24h_pct change_7d_pct change_30d_pct",
                        1u << CT_SOURCE_MODELS);
}

int ct_cmd_moves(struct ct_call *c)
{
    struct ct_query q = ct_call_query(c);
    q.subject = ct_span(c->flag[CT_FLAG_MOVES]);
    return print_loaded(c, &ct_move_table, ct_read_moves, &q,
                        "at role after_days host region kind old new change_pct source",
                        1u << CT_SOURCE_MODELS);
}
