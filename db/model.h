/* The plain rows of the program: what parsers make and the writer stores. contract.md section 2
 * fixes names and meaning; db/table.c describes every field once, for NDJSON, CSV, filter and sort
 * alike.
 *
 * Optional values: a null span (p == NULL), CT_NONE for int64, -1 for enums and flags. A value the
 * source does not give is absent, never 0, "" or a guess. Text is clean (db/base/text.h). Rows
 * borrow from the arena they were made in. */
#ifndef CT_MODEL_H
#define CT_MODEL_H

#include "db/base/arena.h"
#include "db/base/money.h"
#include "db/base/str.h"
#include "db/base/timeutil.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- words ---- Each enum has its words in model.c, in this order; ct_word() looks them up. */

/* Worst last: the order of every roll-up. Unknown is worse than ok and better than no trouble at
 * all. */
enum ct_state {
    CT_STATE_OPERATIONAL,
    CT_STATE_MAINTENANCE,
    CT_STATE_UNKNOWN,
    CT_STATE_DEGRADED,
    CT_STATE_PARTIAL,
    CT_STATE_MAJOR,
};
enum ct_phase {
    CT_PHASE_INVESTIGATING,
    CT_PHASE_IDENTIFIED,
    CT_PHASE_MONITORING,
    CT_PHASE_RESOLVED,
    CT_PHASE_POSTMORTEM,
    CT_PHASE_SCHEDULED,
    CT_PHASE_IN_PROGRESS,
    CT_PHASE_VERIFYING,
    CT_PHASE_COMPLETED,
    CT_PHASE_UNKNOWN,
};
enum ct_purchase {
    CT_PURCHASE_OD,
    CT_PURCHASE_SPOT,
    CT_PURCHASE_RESERVED_1Y,
    CT_PURCHASE_RESERVED_3Y,
    CT_PURCHASE_SAVINGS_1Y,
    CT_PURCHASE_SAVINGS_3Y,
    CT_PURCHASE_BLOCK,
    CT_PURCHASE_OTHER,
};
enum ct_stock { CT_STOCK_UNKNOWN, CT_STOCK_NONE, CT_STOCK_LOW, CT_STOCK_AVAILABLE };
enum ct_token_kind {
    CT_KIND_INPUT,
    CT_KIND_OUTPUT,
    CT_KIND_CACHE_READ,
    CT_KIND_CACHE_WRITE,
    CT_KIND_REASONING,
    CT_KIND_AUDIO_INPUT,
    CT_KIND_AUDIO_OUTPUT,
};
enum ct_event_kind {
    CT_EVENT_INCIDENT,
    CT_EVENT_STATE,
    CT_EVENT_PRICE,
    CT_EVENT_STOCK,
    CT_EVENT_MODEL,
    CT_EVENT_SOURCE,
    CT_EVENT_ALERT,
};
enum ct_severity { CT_SEV_INFO, CT_SEV_WARNING, CT_SEV_CRITICAL };
/* What a statement rests on. */
enum ct_evidence {
    CT_EVIDENCE_OFFICIAL, /* the provider's own status page or price interface */
    CT_EVIDENCE_LISTED,   /* a catalogue: says nothing about capacity */
    CT_EVIDENCE_STOCK,    /* an interface that states capacity */
    CT_EVIDENCE_MEASURED, /* a probe */
};
/* The age of a source against its interval (reliability.md section 4). */
enum ct_freshness {
    CT_FRESH,   /* age <= 2 x interval */
    CT_LATE,    /* <= 4 x */
    CT_STALE,   /* beyond, or after 3 failures */
    CT_DEAD,    /* > 24 h (or 4 x interval where that is longer) */
    CT_OFF,     /* switched off, or a key is missing */
    CT_WAITING, /* never tried yet */
};
enum ct_source_kind { CT_SOURCE_STATUS, CT_SOURCE_PRICES, CT_SOURCE_MODELS, CT_SOURCE_NEWS };

extern const char *const ct_state_words[];      /* "operational" ... "major_outage" */
extern const char *const ct_phase_words[];      /* "investigating" ... */
extern const char *const ct_purchase_words[];   /* "od", "spot", ... */
extern const char *const ct_stock_words[];      /* "?", "N", "L", "A" */
extern const char *const ct_stock_phrases[];    /* "stock unknown", "none left", ... */
extern const char *const ct_token_kind_words[]; /* "input", ... */
extern const char *const ct_event_kind_words[];
extern const char *const ct_severity_words[];
extern const char *const ct_evidence_words[];
extern const char *const ct_freshness_words[];
extern const char *const ct_source_kind_words[];
/* Index of WORD in WORDS (NULL-terminated, ASCII case-blind), or -1. */
int ct_word(const char *const *words, struct ct_span word);

/* The screen's sign and word of a state: '.' "ok", 'm' "MAINT", '?' "UNKN", '~' "DEGR", '!' "PART",
 * 'X' "DOWN" (ux.md 7.1). */
char ct_state_sign(int state);
const char *ct_state_short(int state);

struct ct_list {
    struct ct_span *v;
    size_t n;
};
/* Adds NAME to LIST, in ARENA, unless it is empty or there already; a full arena is seen by ct_arena_full. For a
 * handful of names: each addition copies the list. */
void ct_list_unite(struct ct_arena *a, struct ct_list *list, struct ct_span name);

/* ---- rows of parsers ---- */

struct ct_page {
    struct ct_span id, name, url, indicator /* raw */;
    int64_t updated_ms;
};

struct ct_component {
    struct ct_span id, name, group, region, raw_state;
    int state; /* enum ct_state */
    int64_t updated_ms;
};

/* STATE is what the open incident implies for the provider, at least degraded; maintenance for
 * planned work under way; operational for planned work that only lies ahead. Closed: the worst it
 * had when the source says so, else unknown. */
struct ct_incident {
    struct ct_span id, title, raw_impact, url;
    int state, phase;
    int open; /* 0, 1 */
    int64_t started_ms, updated_ms, resolved_ms, scheduled_for_ms, scheduled_until_ms;
    struct ct_list components, regions;
};

struct ct_update {
    struct ct_span incident, id, text;
    int64_t at_ms;
    int phase;
};

struct ct_offer {
    struct ct_span cloud, region, zone, sku, instance;
    struct ct_span
        gpu; /* canonical accelerator without form and memory: "H100", "A100", "RTX-4090" */
    struct ct_span form; /* "SXM", "PCIe", "NVL", "OAM"; null when unknown or only one exists */
    int64_t gpu_mem_milli, gpu_count_milli, vcpu_milli,
        mem_milli; /* GiB and counts in thousandths */
    int purchase;
    struct ct_span currency;
    ct_nusd price_per_hour;     /* whole instance, as quoted; CT_NONE when quoted per GPU */
    ct_nusd price_per_gpu_hour; /* as quoted, or derived from the former and the count */
    int host_included;          /* 1, 0, -1 not said */
    int stock;
    int64_t stock_count;
    struct ct_span interruption; /* raw band */
    int64_t effective_ms;
};

struct ct_token_price {
    struct ct_span source_id; /* the id as the source writes it */
    struct ct_span
        seller; /* the source's word for who sells it, where an id is unique only there */
    struct ct_span lab, model, variant, host, host_class, region;
    int kind;            /* enum ct_token_kind */
    struct ct_span tier; /* "standard", "batch", "above_200k", ... */
    struct ct_span currency;
    ct_nusd per_mtok; /* CT_NONE: the id is listed without a price; 0: free or inside a plan */
    int64_t context;
    int64_t retires_ms;
    int open_weights;
};

struct ct_endpoint {
    struct ct_span source_id, host, region;
    int state;
    int64_t uptime_30m_milli, latency_ms_p50_milli, throughput_tps_p50_milli;
};

struct ct_article {
    struct ct_span id, title, url, summary;
    int64_t published_ms;
};

/* What one unit of a currency is worth, as published for a day. */
struct ct_rate {
    struct ct_span currency;
    ct_nusd usd; /* nano dollars */
    int64_t day_ms;
};

/* A number measured by ourselves, e.g. by a probe: a series PROBE/NAME of its source. */
struct ct_measure {
    struct ct_span name;  /* "latency" */
    struct ct_span unit;  /* "s" */
    int64_t value_milli;  /* thousandths of a unit; CT_NONE: tried, and there was nothing to measure */
};

/* Something seen and left out on purpose. */
struct ct_note {
    struct ct_span what;
    int64_t count;
};

/* All rows of one answer (of all its pages). Zero it, then push with CT_VEC_PUSH from ARENA. */
struct ct_batch {
    struct ct_arena *arena;
    CT_VEC(struct ct_page) pages;
    CT_VEC(struct ct_component) components;
    CT_VEC(struct ct_incident) incidents;
    CT_VEC(struct ct_update) updates;
    CT_VEC(struct ct_offer) offers;
    CT_VEC(struct ct_token_price) token_prices;
    CT_VEC(struct ct_endpoint) endpoints;
    CT_VEC(struct ct_article) articles;
    CT_VEC(struct ct_rate) rates;
    CT_VEC(struct ct_measure) measures;
    CT_VEC(struct ct_note) notes;
    int64_t data_ms;          /* when the source says it was made; CT_NONE if it does not */
    struct ct_span next_page; /* where the rest is; null on the last page. "&NAME=VALUE": the same
                                 POST with this field behind its own */
    bool empty_list; /* nothing in a list that hardly ever is empty: to be believed when the next answer
                        says so as well */
    bool trouble_only; /* the source lists only what is in trouble: fewer rows, even none, are good
                          news and no reason for doubt */
};

/* A batch over ARENA with data_ms CT_NONE. */
void ct_batch_init(struct ct_batch *b, struct ct_arena *arena);
/* Rows that hold data: all but pages and notes. */
size_t ct_batch_rows(const struct ct_batch *b);
/* Counts WHAT once more in B's notes. A full arena is seen by ct_arena_full. */
void ct_batch_note(struct ct_batch *b, struct ct_span what);
/* Rows with every optional field absent, ready to be filled. */
struct ct_component ct_component_new(void);
struct ct_incident ct_incident_new(void);
struct ct_update ct_update_new(void);
struct ct_offer ct_offer_new(void);
struct ct_token_price ct_token_price_new(void);

/* ---- series names (contract.md section 4) ---- all into ARENA. In a segment blanks, controls and
 * / % @ * ? , are percent-encoded (%2F), so that no name reads as two segments, a glob or two items
 * of a list. */
/* Adds one segment of a name: '/', '%', '@', globs, ',', blanks and controls become %XX. */
void ct_key_segment(struct ct_buf *out, struct ct_span s);
/* "CLOUD/REGION/GPU[-FORM][-MEM]xCOUNT/PURCHASE[/INSTANCE]"; the caller puts gpu/ or stock/ before
 * it. MEM in whole GiB when known, COUNT a plain decimal:
 * "vastai/Montana%2C%20US/H100-SXM-80x1/od". Null when cloud, gpu or count is unknown. An unknown
 * region is "any", an unknown purchase "other". */
struct ct_span ct_offer_key(struct ct_arena *a, const struct ct_offer *o);
/* The price of COUNT of which EACH was rounded from a part: people quote six decimals at most, and where that many
 * are as near as rounding allows they are the price. CT_NONE without either. */
int64_t ct_whole_price(int64_t each, int64_t count_milli);
/* "HOST/REGION/LAB/MODEL[@VARIANT]/KIND[.TIER]"; unknown lab "unknown", region "any". Null without
 * host, model or kind. */
struct ct_span ct_token_key(struct ct_arena *a, const struct ct_token_price *t);
/* "KIND" or "KIND.TIER" for a tier other than standard. */
struct ct_span ct_token_field(struct ct_arena *a, const struct ct_token_price *t);

#endif
