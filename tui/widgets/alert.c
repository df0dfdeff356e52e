#include "config.h"

/* From a row to a rule or a silence about it: the command line opens with the words filled in. */
#include "tui/widgets/table.h"

#include <stdio.h>
#include <string.h>

/* What a rule calls a table. */
static const struct {
    const char *table, *word, *condition;
} tables[] = {
    {"status", "status", "state>=part"}, {"component", "components", "state>=part"},
    {"offer", "gpus", NULL},             {"token_price", "tokens", NULL},
    {"source", "sources", "stale"},      {"tokens", "tokens", "change>10% over 24h"},
    {"models", "models", "retires<60d"}, {"gpu", "gpus", "change>10% over 24h"},
    {"now", "status", "state>=part"},    {"incident", "status", "state>=part"},
};

/* What a row is: columns that name it. */
static const char *const names[] = {"provider", "scope", "cloud", "region",  "gpu",  "form",
                                    "purchase", "host",  "lab",   "model", "kind", "tier"};
static const char *const prices[] = {"price_usd_per_gpu_hour", "usd_per_mtok"};

static struct ct_span cell(const struct ct_table *t, const char *name, const void *row,
                           struct ct_arena *a)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].name, name) == 0 && !ct_cell_null(&t->columns[i], row))
            return ct_cell_text(&t->columns[i], row, a);
    return CT_SPAN_NONE;
}

static void add_value(struct ct_buf *b, struct ct_span value)
{
    bool plain = true;
    for (size_t i = 0; i < value.n; i++)
        plain = plain && !strchr(" ,\"*?:<>=!~", value.p[i]);
    ct_buf_addf(b, plain ? "%.*s" : "\"%.*s\"", CT_FMT(value));
}

/* A name of letters, digits and '-' from the first values that tell the row. */
static void add_name(struct ct_buf *b, const char *word, size_t n_names, const struct ct_table *t, const void *row,
                     struct ct_arena *a)
{
    int parts = 0;
    ct_buf_adds(b, word);
    for (size_t i = 0; i < n_names && parts < 3; i++) {
        struct ct_span v = cell(t, names[i], row, a);
        parts += v.n > 0;
        for (size_t k = 0; v.n && k <= v.n && b->n < 60; k++) {
            char c = k == 0 ? '-' : v.p[k - 1];
            c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
            bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            if (fine || b->p[b->n - 1] != '-')
                ct_buf_addc(b, fine ? c : '-');
        }
    }
}

static bool make_rule(struct ct_buf *b, const struct ct_table *t, const void *row,
                      struct ct_arena *a)
{
    size_t k = 0;
    while (k < CT_LEN(tables) && strcmp(tables[k].table, t->name) != 0)
        k++;
    if (k == CT_LEN(tables) || (strcmp(tables[k].word, "status") == 0 && !cell(t, "provider", row, a).n))
        return false;
    ct_buf_adds(b, "rule ");
    size_t n_names = strcmp(tables[k].word, "status") == 0 ? 2 : CT_LEN(names); /* a page: provider and scope */
    struct ct_buf name = CT_BUF_INIT;
    add_name(&name, tables[k].word, n_names, t, row, a);
    ct_buf_addf(b, "%s %s", name.p, tables[k].word);
    ct_buf_free(&name);
    for (size_t i = 0; i < n_names; i++) {
        struct ct_span v = cell(t, names[i], row, a);
        if (v.n) {
            ct_buf_addf(b, " %s:", names[i]);
            add_value(b, v);
        }
    }
    if (strcmp(tables[k].word, "sources") == 0) {
        ct_buf_adds(b, " id:");
        add_value(b, cell(t, "id", row, a));
    }
    if (tables[k].condition)
        ct_buf_addf(b, " %s", tables[k].condition);
    for (size_t i = 0; i < CT_LEN(prices); i++) {
        struct ct_span v = cell(t, prices[i], row, a);
        if (v.n)
            ct_buf_addf(b, " price<%.*s", CT_FMT(v));
    }
    return true;
}

/* One word: what a pattern cannot hold is '?', and LIST's ';' is the ',' between several. */
static void add_matcher(struct ct_buf *b, const char *label, struct ct_span value, bool list)
{
    ct_buf_addf(b, " %s=", label);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        ct_buf_addc(b, list && c == ';' ? ',' : c == ' ' || c == ',' ? '?' : c);
    }
}

enum { REGIONS_MAX = 200 }; /* bytes of a list that somebody still reads before they silence it */

static bool make_silence(struct ct_buf *b, const struct ct_table *t, const void *row,
                         struct ct_arena *a)
{
    struct ct_span provider = cell(t, "provider", row, a);
    if (!provider.n)
        provider = cell(t, "cloud", row, a);
    if (!provider.n)
        provider = cell(t, "host", row, a);
    if (!provider.n)
        return false;
    ct_buf_adds(b, "silence");
    add_matcher(b, "provider", provider, false);
    struct ct_span region = cell(t, "region", row, a);
    bool several = false;
    if (!region.n) { /* an incident: all that it names */
        region = cell(t, "regions", row, a);
        several = region.n <= REGIONS_MAX;
        region = several ? region : CT_SPAN_NONE;
    }
    if (region.n && !ct_span_is(region, "any") && !ct_span_is(region, "global"))
        add_matcher(b, "region", region, several); /* the rest of the provider may still tell */
    if (strcmp(t->name, "component") == 0)
        add_matcher(b, "component", cell(t, "name", row, a), false);
    ct_buf_adds(b, " 2h ");
    return true;
}

enum ct_act_result ct_tview_alert(const struct ct_tview *v, const void *row, enum ct_action action,
                                  struct ct_frame_request *req)
{
    struct ct_buf b = CT_BUF_INIT;
    struct ct_arena *a = ct_arena_new(0);
    bool made = row && (action == CT_ACT_ALERT_RULE ? make_rule(&b, v->table, row, a)
                                                    : make_silence(&b, v->table, row, a));
    req->kind = made ? CT_REQ_COMMAND : CT_REQ_MESSAGE;
    (void)snprintf(req->text, sizeof(req->text), "%s",
                   made   ? b.p
                   : row ? "no rule or silence can be made of this row"
                         : "no row is chosen");
    ct_buf_free(&b);
    ct_arena_free(a);
    return CT_ACT_DRAW;
}

enum ct_act_result ct_tview_ack(const struct ct_tstate *s, const struct ct_tmodel *m,
                                struct ct_span (*id)(const void *row), const char *none,
                                struct ct_frame_request *req)
{
    static const char command[] = "alerts\nack";
    size_t used = sizeof(command) - 1;
    memcpy(req->text, command, sizeof(command));
    for (size_t i = 0; m && i < m->rows.n; i++) {
        struct ct_span one = ct_tview_meant(s, m, i) ? id(m->rows.v[i]) : CT_SPAN_NONE;
        if (one.n && used + one.n + 2 < sizeof(req->text))
            used += (size_t)snprintf(req->text + used, sizeof(req->text) - used, "\n%.*s", CT_FMT(one));
    }
    bool any = used > sizeof(command) - 1;
    req->kind = any ? CT_REQ_WORK : CT_REQ_MESSAGE;
    const char *unseen = m && s->n_marks ? ct_tview_none_meant(s, m) : NULL;
    if (!any)
        snprintf(req->text, sizeof(req->text), "%s", unseen ? unseen : none);
    return CT_ACT_DRAW;
}
