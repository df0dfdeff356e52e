#include "db/model.h"

#include <stdio.h>
#include <string.h>

const char *const ct_state_words[] = {
    "operational", "maintenance", "unknown", "degraded", "partial_outage", "major_outage", NULL,
};
const char *const ct_phase_words[] = {
    "investigating", "identified", "monitoring", "resolved", "postmortem", "scheduled",
    "in_progress",   "verifying",  "completed",  "unknown",  NULL,
};
const char *const ct_purchase_words[] = {
    "od", "spot", "reserved_1y", "reserved_3y", "savings_1y", "savings_3y", "block", "other", NULL,
};
const char *const ct_stock_words[] = {"?", "N", "L", "A", NULL};
const char *const ct_stock_phrases[] = {"stock unknown", "none left", "stock low", "available", NULL};
const char *const ct_token_kind_words[] = {
    "input",     "output",      "cache_read",   "cache_write",
    "reasoning", "audio_input", "audio_output", NULL,
};
const char *const ct_event_kind_words[] = {
    "incident", "state", "price", "stock", "model", "source", "alert", NULL,
};
const char *const ct_severity_words[] = {"info", "warning", "critical", NULL};
const char *const ct_evidence_words[] = {"official", "listed", "stock", "measured", NULL};
const char *const ct_freshness_words[] = {"fresh", "late", "stale", "dead", "off", "waiting", NULL};
const char *const ct_source_kind_words[] = {"status", "prices", "models", "news", NULL};

int ct_word(const char *const *words, struct ct_span word)
{
    if (!word.p)
        return -1;
    for (int i = 0; words[i]; i++)
        if (ct_span_ieq(word, ct_span(words[i])))
            return i;
    return -1;
}

/* A number from a file that is no state is drawn as unknown, never as ok. */
static int state_index(int state)
{
    return state < CT_STATE_OPERATIONAL || state > CT_STATE_MAJOR ? CT_STATE_UNKNOWN : state;
}

char ct_state_sign(int state)
{
    return ".m?~!X"[state_index(state)];
}

const char *ct_state_short(int state)
{
    static const char *const words[] = {"ok", "MAINT", "UNKN", "DEGR", "PART", "DOWN"};
    return words[state_index(state)];
}

/* ---- rows ---- */

void ct_list_unite(struct ct_arena *a, struct ct_list *list, struct ct_span name)
{
    for (size_t i = 0; i < list->n; i++)
        if (ct_span_eq(list->v[i], name))
            return;
    struct ct_span *v = name.n ? ct_arena_alloc(a, (list->n + 1) * sizeof *v) : NULL;
    if (!v)
        return;
    if (list->n)
        memcpy(v, list->v, list->n * sizeof *v);
    v[list->n] = name;
    *list = (struct ct_list){v, list->n + 1};
}

void ct_batch_init(struct ct_batch *b, struct ct_arena *arena)
{
    memset(b, 0, sizeof *b);
    b->arena = arena;
    b->data_ms = CT_NONE;
}

size_t ct_batch_rows(const struct ct_batch *b)
{
    return b->components.n + b->incidents.n + b->updates.n + b->offers.n + b->token_prices.n +
           b->endpoints.n + b->articles.n + b->rates.n +
           b->measures.n;
}

void ct_batch_note(struct ct_batch *b, struct ct_span what)
{
    for (size_t i = 0; i < b->notes.n; i++) {
        if (ct_span_eq(b->notes.v[i].what, what)) {
            b->notes.v[i].count++;
            return;
        }
    }
    struct ct_note *note = CT_VEC_PUSH(b->arena, &b->notes);
    if (note) {
        note->what = ct_arena_dup(b->arena, what);
        note->count = 1;
    }
}

struct ct_component ct_component_new(void)
{
    return (struct ct_component){.state = -1, .updated_ms = CT_NONE};
}

struct ct_incident ct_incident_new(void)
{
    return (struct ct_incident){
        .state = -1,
        .phase = -1,
        .open = -1,
        .started_ms = CT_NONE,
        .updated_ms = CT_NONE,
        .resolved_ms = CT_NONE,
        .scheduled_for_ms = CT_NONE,
        .scheduled_until_ms = CT_NONE,
    };
}

struct ct_update ct_update_new(void)
{
    return (struct ct_update){.at_ms = CT_NONE, .phase = -1};
}

struct ct_offer ct_offer_new(void)
{
    return (struct ct_offer){
        .gpu_mem_milli = CT_NONE,
        .gpu_count_milli = CT_NONE,
        .vcpu_milli = CT_NONE,
        .mem_milli = CT_NONE,
        .purchase = -1,
        .price_per_hour = CT_NONE,
        .price_per_gpu_hour = CT_NONE,
        .host_included = -1,
        .stock = -1,
        .stock_count = CT_NONE,
        .effective_ms = CT_NONE,
    };
}

struct ct_token_price ct_token_price_new(void)
{
    return (struct ct_token_price){
        .kind = -1,
        .per_mtok = CT_NONE,
        .context = CT_NONE,
        .retires_ms = CT_NONE,
        .open_weights = -1,
    };
}

/* ---- series names ---- */

/* A segment must not read as a separator ('/', '@' before a variant), as a glob, as an escape, or
 * end a list in a config file or a shell word: those bytes become %XX. Bytes of UTF-8 stay
 * readable. */
void ct_key_segment(struct ct_buf *out, struct ct_span s)
{
    size_t plain = 0; /* from here on nothing is to be escaped */
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c > ' ' && c != 0x7f && c != '/' && c != '%' && c != '@' && c != '*' && c != '?' && c != ',')
            continue;
        ct_buf_add(out, (struct ct_span){s.p + plain, i - plain});
        ct_buf_addf(out, "%%%02X", c);
        plain = i + 1;
    }
    if (plain < s.n)
        ct_buf_add(out, (struct ct_span){s.p + plain, s.n - plain});
}

static struct ct_span or_word(struct ct_span s, const char *word)
{
    return s.n ? s : ct_span(word);
}

static struct ct_span finish(struct ct_arena *a, struct ct_buf *out)
{
    struct ct_span key = ct_arena_dup(a, ct_buf_span(out));
    ct_buf_free(out);
    return key;
}

int64_t ct_whole_price(int64_t each, int64_t count_milli)
{
    int64_t price = ct_muldiv(each, count_milli, 1000);
    if (price < 0 || price > INT64_MAX - 500)
        return price;
    int64_t quoted = (price + 500) / 1000 * 1000, off = quoted > price ? quoted - price : price - quoted;
    return off <= count_milli / 2000 + 1 ? quoted : price;
}

struct ct_span ct_offer_key(struct ct_arena *a, const struct ct_offer *o)
{
    if (!o->cloud.n || !o->gpu.n || o->gpu_count_milli == CT_NONE || o->gpu_count_milli <= 0)
        return CT_SPAN_NONE;
    struct ct_buf out = CT_BUF_INIT;
    char number[CT_DECIMAL_MAX];
    ct_key_segment(&out, o->cloud);
    ct_buf_addc(&out, '/');
    ct_key_segment(&out, or_word(o->region, "any"));
    ct_buf_addc(&out, '/');
    ct_key_segment(&out, o->gpu);
    if (o->form.n) {
        ct_buf_addc(&out, '-');
        ct_key_segment(&out, o->form);
    }
    if (o->gpu_mem_milli != CT_NONE && o->gpu_mem_milli > 0) {
        ct_decimal_format_fixed(number, o->gpu_mem_milli, 3, 0);
        ct_buf_addc(&out, '-');
        ct_buf_adds(&out, number);
    }
    ct_decimal_format(number, o->gpu_count_milli, 3);
    bool known = o->purchase >= CT_PURCHASE_OD && o->purchase <= CT_PURCHASE_OTHER;
    ct_buf_addc(&out, 'x');
    ct_buf_adds(&out, number);
    ct_buf_addc(&out, '/');
    ct_buf_adds(&out, ct_purchase_words[known ? o->purchase : CT_PURCHASE_OTHER]);
    if (o->instance.n) {
        ct_buf_addc(&out, '/');
        ct_key_segment(&out, o->instance);
    }
    return finish(a, &out);
}

static bool has_tier(const struct ct_token_price *t)
{
    return t->tier.n && !ct_span_is(t->tier, "standard");
}

static bool kind_known(const struct ct_token_price *t)
{
    return t->kind >= CT_KIND_INPUT && t->kind <= CT_KIND_AUDIO_OUTPUT;
}

struct ct_span ct_token_key(struct ct_arena *a, const struct ct_token_price *t)
{
    if (!t->host.n || !t->model.n || !kind_known(t))
        return CT_SPAN_NONE;
    struct ct_buf out = CT_BUF_INIT;
    ct_key_segment(&out, t->host);
    ct_buf_addc(&out, '/');
    ct_key_segment(&out, or_word(t->region, "any"));
    ct_buf_addc(&out, '/');
    ct_key_segment(&out, or_word(t->lab, "unknown"));
    ct_buf_addc(&out, '/');
    ct_key_segment(&out, t->model);
    if (t->variant.n) {
        ct_buf_addc(&out, '@');
        ct_key_segment(&out, t->variant);
    }
    ct_buf_addf(&out, "/%s", ct_token_kind_words[t->kind]);
    if (has_tier(t)) {
        ct_buf_addc(&out, '.');
        ct_key_segment(&out, t->tier);
    }
    return finish(a, &out);
}

struct ct_span ct_token_field(struct ct_arena *a, const struct ct_token_price *t)
{
    if (!kind_known(t))
        return CT_SPAN_NONE;
    struct ct_span kind = ct_span(ct_token_kind_words[t->kind]);
    if (!has_tier(t))
        return kind;
    return ct_arena_printf(a, "%.*s.%.*s", CT_FMT(kind), CT_FMT(t->tier));
}
