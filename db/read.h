/* Everything that is read: a read-only connection and one loader per table. All answers hold for
 * one moment AT_MS (CT_LIVE = now): live screens and the time machine are the same code. Loader
 * thread or a one-shot command; a reader belongs to one thread, but ct_reader_cancel may come from
 * any. */
#ifndef CT_READ_H
#define CT_READ_H

#include "db/table.h"

struct ct_reader;

/* Opens PATH read-only (query_only, defensive). CT_ERR_NOT_FOUND: no such file yet (a viewer shows
 * that as "no data yet"); CT_ERR_DB: not ours or damaged. A newer schema opens, ct_reader_newer()
 * says so. */
CT_MUST_USE enum ct_status ct_reader_open(const char *path, struct ct_reader **out,
                                          struct ct_error *err);
void ct_reader_close(struct ct_reader *r);
bool ct_reader_newer(const struct ct_reader *r);
/* A simulated market (`demo`), nothing that is for sale. */
bool ct_reader_simulated(const struct ct_reader *r);
/* What is kept of the newest samples was damaged in what was read last: it was looked up in the history. */
bool ct_reader_damaged(const struct ct_reader *r);
/* The running read ends with CT_ERR_CANCELLED, or the next one when none is running: a load may be
 * several reads. Any thread. */
void ct_reader_cancel(struct ct_reader *r);
/* Frees what is kept for loads that may follow and nobody else holds. */
void ct_reader_rest(struct ct_reader *r);
/* Loads share the whole tables that were read for this MOMENT or a later one, whatever is committed meanwhile and
 * wherever the clock stands; 0, as at first: those of the same commit and clock. */
void ct_reader_hold(struct ct_reader *r, int64_t moment);
/* All that is read between these is of one snapshot, whatever is committed meanwhile. For as long as one load takes and
 * no longer: the log cannot be emptied behind it. */
void ct_reader_begin(struct ct_reader *r);
void ct_reader_end(struct ct_reader *r);
/* Changes whenever another process committed, or put another file in this one's place. Cheap. */
int64_t ct_reader_version(struct ct_reader *r);

/* What is asked. Zero it, then set what matters; at_ms must be set. */
/* What a person depends on: lists separated by commas, which may hold globs. A provider is named by a part of its
 * name, a model by its name with or without a variant, a GPU by a part such as "h100" or "H100-SXM". */
struct ct_scope {
    struct ct_span providers, models, gpus;
};

#define CT_LARGE_MILLI 10000 /* of what moves a market screens mark no less */

struct ct_query {
    int64_t at_ms;  /* CT_LIVE or the past moment */
    int64_t now_ms; /* the clock: ages of live answers; for a past moment ages count from at_ms */
    const char *group;      /* gpus: "gpu", "cloud", "region"; NULL: offers */
    struct ct_span subject; /* history: series name or glob; events: a provider, PROVIDER/SCOPE, a
                               source or series; offers: one series' whole name; updates: incident
                               id; attempts: source id */
    struct ct_span incident; /* incidents: only the one of that id, open or not; null: all */
    bool whole;             /* events, history, series: SUBJECT is a whole name (not of events: or a glob, as written up to its
                               first wildcard); nothing near it is looked for, and none is no error */
    int64_t from_ms, to_ms; /* history, events: window; 0, 0 = all */
    int64_t mix_input, mix_output; /* tokens: parts of a blended price; 0, 0: 3 to 1 */
    bool window_only;       /* history: first_ms of what is made of others may be any moment up to from_ms; what was
                               gone for good long before the window is not looked at */
    size_t max_points;      /* history; 0: every stored change */
    int64_t step_ms;        /* history: a point for each such step from from_ms on in which anything is
                               known, those without a change with n = 0; 0: none. Goes before max_points */
    size_t max_series;      /* history: of a glob, in the order of names; 0 = 64 */
    bool critical;          /* events of no subject: only incidents of that severity */
    int64_t large_milli;    /* events of an index, that is moves of the prices it is made of: only those of that much,
                               up or down; 0: all. Its history asked with this too, right before, spares a second look
                               at all of these */
    size_t limit;           /* events: newest N; 0 = 10,000. Incidents, closed ones too, of no subject: of these the N
                               that ended last (resolved_at, else updated_at); 0: all */
    bool no_prices;         /* events: all but those of prices, which are most of them */
    struct ct_span regions; /* status: "aws/us-east-1, gcp/eu*": of a provider named here only trouble of these
                               regions, or of none in particular, counts for its state; null: all does */
    struct ct_scope scope;  /* now: of these alone, and of the regions; null members: of all */
    bool plain;             /* offers: changed_ms, change_24h_milli, low_90d and spark need not be read
                               (ct_read_offer_months) */
    bool gone;              /* also offers and models that are no longer there */
    bool believed;          /* events, moves, movers, tokens: none that is suspect */
};

/* ---- line 1 and the whole ---- */
struct ct_summary {
    int64_t count[6]; /* provider scopes by enum ct_state */
    int64_t sources, sources_fresh, sources_failing, sources_waiting; /* enabled ones */
    int64_t oldest_ms, newest_ms; /* last success over enabled sources; CT_NONE */
    int64_t recording_since_ms;   /* first stored observation; CT_NONE: empty database */
    int64_t offline_since_ms;     /* every enabled source fails on the network since; CT_NONE */
    int64_t series, samples, db_bytes;
    struct ct_span worst; /* "openai/api DOWN 18m"; null when all is quiet */
    int worst_state;
    struct ct_span fetcher;  /* "pid 4121 on HOST"; null: nobody */
    int64_t fetcher_beat_ms; /* CT_NONE */
    int64_t clock_ahead_ms;  /* the machine's before the servers', as that fetcher finds; CT_NONE: not known */
    struct ct_span trouble;  /* what keeps that fetcher from storing: "database or disk is full"; null: nothing */
    int64_t trouble_since_ms;
    bool simulated;          /* ct_reader_simulated */
};
#define CT_CLOCK_OFF_MS (30 * CT_SECOND) /* what servers and their caches need to agree */
/* "10m ahead" or "2m behind" what the servers say; false: it is right as far as is known, OUT is empty. */
bool ct_clock_off(const struct ct_summary *s, char out[CT_TIME_MAX]);
CT_MUST_USE enum ct_status ct_read_summary(struct ct_reader *r, const struct ct_query *q,
                                           struct ct_arena *a, struct ct_summary *out,
                                           struct ct_error *err);

/* ---- rows of the reading commands and screens (contract.md section 3) ---- */

struct ct_incident_row {
    struct ct_span provider, id, title, raw_impact, url;
    int state, phase, open;
    int64_t started_ms, updated_ms, resolved_ms, scheduled_for_ms, scheduled_until_ms,
        first_seen_ms, closed_seen_ms /* first seen closed, or no longer listed; CT_NONE: never seen open, or open */;
    struct ct_list components /* names */, regions;
    int stale; /* open, but without an update for 14 days */
};
extern const struct ct_table ct_incident_table;

struct ct_status_row { /* one per provider scope (a status source) */
    struct ct_span provider, scope, source;
    int state, page_state /* the page's own indicator */, raw_state /* ours before staleness */;
    int64_t since_ms, seen_ms, age_s;
    int evidence, freshness;
    struct ct_span reason;    /* why unknown, or the worst statement in a line */
    struct ct_rows incidents; /* open ones, struct ct_incident_row */
    int64_t components_total, components_bad, uptime_90d_milli /* percent */;
    /* what is measured there, beside what the page says; -1, CT_NONE and null: nothing is */
    int measured_state;
    int64_t measured_total, measured_bad, measured_ms;
    struct ct_span measured; /* "3 of 40 endpoints degraded (openrouter_x)" */
    struct ct_span
        days90; /* 90 characters, oldest first: worst state sign of each day, ' ' not recorded */
};
extern const struct ct_table ct_status_table;

struct ct_component_row {
    struct ct_span provider, source, id, name, group, region, raw_state;
    int state;
    int64_t since_ms, seen_ms;
};
extern const struct ct_table ct_component_table;

struct ct_update_row {
    struct ct_span provider, incident, text;
    int64_t at_ms, first_seen_ms;
    int phase;
};
extern const struct ct_table ct_update_table;

/* What needs a person: bad provider scopes and incidents (one row an incident), planned work,
 * unreadable sources, the price, stock and model moves of the last 24 h, and alerts that fire about
 * something else; worst first, then newest. */
struct ct_now_row {
    int state;                 /* enum ct_state; moves: operational; alerts: by their severity */
    int kind;                  /* enum ct_event_kind */
    struct ct_span sign, word; /* "X" "DOWN"; "$" "MOVE"; "A" "CAP"; "+" "MODEL"; "!" "ALERT" */
    struct ct_span where, what, evidence, url, provider, incident;
    struct ct_span series; /* opens with L; null */
    struct ct_span alike;  /* ct_alike_subject, where it tells of several; null */
    struct ct_span scope;  /* "aws/cloud", whose trouble it is part of, as alerts name it; null */
    struct ct_span source; /* that says so; null: none alone */
    struct ct_list parts;  /* incidents: names and ids of the components they name; moves: the series they tell of */
    int64_t since_ms;
    struct ct_span alert; /* "NEW", "ack 12m", "mut 26m", "held", "pending"; null: no alert is about it */
    struct ct_span alert_id;
    struct ct_span region; /* that a silence about it may name; null: its alert, or it, is about the whole provider */
};
extern const struct ct_table ct_now_table;

#define CT_SPARK 30 /* points of a sparkline */

struct ct_offer_row { /* the offer keys of the contract, then ours */
    struct ct_offer offer;
    struct ct_span key, source, series; /* key: ct_offer_key; series: "gpu/" key */
    int64_t series_id, source_id;
    ct_nusd usd_per_gpu_hour, usd_per_hour; /* the whole instance */
    int64_t change_24h_milli /* percent */, usd_per_pflop_hour, usd_per_gb_hour /* of GPU memory */;
    int low_90d, quarantined, gone;
    int converted; /* usd_per_gpu_hour was computed from another currency */
    int64_t age_s, seen_ms, changed_ms;
    int evidence, freshness;
    int old; /* nothing to choose by: gone, held back, or its source cannot be read any more */
    /* Who says offer.interruption of this machine, how long ago and how fresh; null, CT_NONE, -1: nobody does. */
    struct ct_span risk_source;
    int64_t risk_age_s;
    int risk_freshness;
    const ct_nusd *spark; /* CT_SPARK: the last 30 days, a value a day at its end; CT_NONE = no data. NULL: not read */
};
/* Adds to N ROWS that were read plain what Q did not ask for then. */
CT_MUST_USE enum ct_status ct_read_offer_months(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                                struct ct_offer_row *rows, size_t n, struct ct_error *err);
extern const struct ct_table ct_offer_table;

struct ct_gpu_row { /* gpus --group gpu|cloud|region */
    struct ct_span gpu, form, cloud, region;
    int purchase;
    /* By GPU the value of the series "index/GPU[-FORM]/PURCHASE" (db/market.h says what counts);
     * by cloud or region, where there is but one cloud, its cheapest price. */
    ct_nusd index_usd_per_gpu_hour;
    ct_nusd cheapest_usd_per_gpu_hour, dearest_usd_per_gpu_hour, spread_usd_per_gpu_hour;
    struct ct_span cheapest_cloud, series /* of the index; null when not by GPU */;
    ct_nusd index_usd_per_pflop_hour; /* the index by what it computes, whatever the chip; CT_NONE */
    int64_t clouds, offers, available;
    int64_t change_24h_milli, change_7d_milli, change_30d_milli; /* of the index */
    int64_t age_s; /* of the oldest offer in it */
    int freshness; /* the worst */
    int converted; /* the cheapest price was computed from another currency */
    int old;       /* cheapest and dearest are old: no offer of it can be read any more */
};
extern const struct ct_table ct_gpu_table;

struct ct_token_row {
    struct ct_token_price price;
    struct ct_span key, source, series, field;
    int64_t change_30d_milli, age_s, seen_ms, changed_ms;
    int64_t premium_milli; /* percent over the lab's own price of the same kind, tier, geography and list; CT_NONE */
    ct_nusd blended;       /* input and output of the same id and tier in the mix asked for; CT_NONE */
    int suspect, gone, evidence, freshness;
    int old; /* gone, or its source cannot be read any more */
    /* The same offer in another list, of all others the one furthest off that no price of this list matches; -1: no
     * other list has it. Two lists are two rows, never one: nobody knows which of them is right. */
    int lists_differ;
    ct_nusd other_price;       /* CT_NONE */
    struct ct_span other_list; /* its source */
};
extern const struct ct_table ct_token_table;

/* Who moved a price first, who followed after how long ("first", "follows"), what another list noted later ("other
 * list"), corrections ("suspect"), and who sells at the old price still ("not yet", at CT_NONE; "lists differ" where another
 * list says otherwise). */
struct ct_move_row {
    int64_t at_ms, after_days; /* behind the first; CT_NONE */
    struct ct_span role, lab, model, variant, host, region, tier, source, series;
    int kind, suspect;
    ct_nusd old_price, new_price;
    int64_t pct_milli;
};
extern const struct ct_table ct_move_table;
/* What prices may be compared within: "us" of us-east-1, "" of what is sold without a place. */
struct ct_span ct_geography(struct ct_span region);
/* Whether a price that was WAS and is IS was corrected rather than moved: twenty times or more, or of TOKENS (per
 * million) either one above 1000 dollars. Shown and marked, no move of the market, and nobody is told. */
bool ct_is_correction(ct_nusd was, ct_nusd is, bool tokens);
/* A price of PARTS_IN input and PARTS_OUT output; CT_NONE when what it needs is not known. */
ct_nusd ct_blend(ct_nusd input, ct_nusd output, int64_t parts_in, int64_t parts_out);

/* Who sells one model. Lists of resellers' own offers put no model on a cloud (sources/models.md section 8):
 * of a cloud only the rows of a list that says who bills are here, of other hosts all. */
struct ct_seller {
    struct ct_span lab, model;
    struct ct_span host, host_class;
    int cloud;      /* its place in ct_cloud_words; -1: not one of the clouds */
    int64_t rows;   /* distinct source ids */
    ct_nusd input, output; /* USD per million tokens: the lowest of the plain tier */
    struct ct_list regions;
    int64_t first_ms;   /* first seen there; CT_NONE */
    bool came;          /* that was after recording began: it is new there, not we */
    int64_t retires_ms; /* when the last of its ids retires; CT_NONE: not said of all */
    int64_t seen_ms;
    int freshness;         /* of the list read last */
    struct ct_span series; /* of the input price, else of any */
};
extern const struct ct_table ct_seller_table;
enum { CT_N_CLOUDS = 8 };
extern const char *const ct_cloud_words[]; /* aws, azure, ...; NULL at the end */

struct ct_model_row { /* one per lab and model */
    struct ct_span key /* LAB/MODEL */, lab, model;
    int open_weights, exclusive;
    int64_t n_clouds, n_hosts; /* hosts: sellers that are no cloud */
    int64_t exclusive_until_ms; /* when a second cloud was seen; CT_NONE */
    struct ct_list clouds;
    struct ct_rows sellers; /* struct ct_seller, clouds first, each part by name */
    const struct ct_seller *on[CT_N_CLOUDS], *direct /* the lab's own interface */; /* NULL: none */
    ct_nusd direct_input, input[CT_N_CLOUDS]; /* of those; CT_NONE */
    ct_nusd cheapest_input;       /* of all sellers that charge; of old ones only where no other does */
    struct ct_span cheapest_host;
    int64_t first_ms, retires_ms; /* first seen anywhere; the earliest end announced by a seller */
    int64_t seen_ms;
    int freshness;          /* of what was seen last */
    struct ct_list old_hosts; /* sellers nobody confirms any more */
    int old;                /* cheapest_input is such a seller's, or there is none */
    struct ct_span series; /* the lab's own input price, else the first seller's */
};
extern const struct ct_table ct_model_table;

struct ct_lab_row {
    struct ct_span lab;
    struct ct_list clouds, closed_clouds; /* those that sell a model whose weights are known to be closed */
    int64_t n_clouds, n_models /* on one cloud at least */, on_one, on_two, elsewhere;
    int64_t closed, closed_on_one; /* of n_models and on_one: weights known to be closed */
    int64_t one_cloud_milli; /* percent of n_models on one cloud only */
    int64_t second_ms, third_ms; /* when it reached that many clouds; CT_NONE: not, or before recording began */
    struct ct_span second_cloud, third_cloud; /* which ones; null likewise */
    struct ct_span series;                    /* "clouds/LAB"; null: on none */
};
extern const struct ct_table ct_lab_table;

/* A lab's first, second, ... cloud, by the record. That a list does not name a model on a cloud does not prove that it
 * is not sold there. */
struct ct_reach_row {
    struct ct_span lab, cloud;
    int64_t nth, at_ms; /* first seen there */
    int dated;          /* 0: it was there when recording began */
    int open_only;      /* by models of open weights alone */
};
extern const struct ct_table ct_reach_table;

/* What a token of a class of models costs; the classes name their members (db/market.h has the method). */
struct ct_class_row { /* one per class and kind of price */
    struct ct_span name, kind /* "input", "output" */, series;
    ct_nusd index; /* CT_NONE: fewer than three sellers */
    ct_nusd cheapest, dearest; /* of what each seller asks at the least */
    struct ct_span cheapest_host;
    int64_t sellers, members;
    int64_t change_24h_milli, change_7d_milli, change_30d_milli;
};
extern const struct ct_table ct_class_table;

/* What came and went: a model at a host, a lab on its second or third cloud. */
struct ct_model_change_row {
    int64_t at_ms;
    struct ct_span what; /* "new", "gone", "second cloud", "third cloud", ... */
    struct ct_span lab, model /* null: about the lab */, host, host_class;
};
extern const struct ct_table ct_model_change_table;

/* The exit: where else the same is sold, by a place that is well. */
struct ct_exit_row { /* one per thing sold, terms and place; the place's cheapest */
    struct ct_span kind /* "gpu", "model" */, what /* "H100-SXM-80", "openai/gpt-4o" */;
    struct ct_span cloud, region, instance;
    int purchase;      /* of GPUs, else -1 */
    ct_nusd price;     /* per GPU-hour, or per million input tokens */
    ct_nusd output;    /* per million output tokens */
    struct ct_span unit; /* of both: "USD/gpu.h", "USD/Mtok" */
    int64_t diff_milli; /* percent against the cheapest of it at the place left; CT_NONE: not sold there */
    int stock;         /* enum ct_stock; models -1 */
    int64_t age_s;     /* of price and stock */
    int state;         /* of the place */
    int64_t state_age_s, uptime_90d_milli, incidents_90d; /* CT_NONE: no record */
    struct ct_span series;
};
extern const struct ct_table ct_exit_table;
struct ct_exit {
    struct ct_rows rows;              /* cheapest first; of all things sold: by thing and terms before */
    size_t things;                    /* sold at the place left, of those asked for */
    size_t unwell, unknown, old, out; /* places left out: not well, state not known, facts too old, sold out */
};
/* Leaves PLACE ("aws", "aws/us-east-1", "aws/us-east-1;us-west-2"); GPU and MODEL narrow it (null: all that is sold there; what is named is
 * looked for even where PLACE does not sell it). WITH_UNKNOWN: also places whose state nobody knows. Only facts
 * that are fresh or late count. CT_ERR_DB, CT_ERR_CANCELLED, CT_ERR_LIMIT. */
CT_MUST_USE enum ct_status ct_read_exit(struct ct_reader *r, const struct ct_query *q,
                                        struct ct_span place, struct ct_span gpu,
                                        struct ct_span model, bool with_unknown,
                                        struct ct_arena *a, struct ct_exit *out,
                                        struct ct_error *err);
/* What a job would cost at every place that sells it. */
struct ct_cost_row {
    struct ct_span what, cloud, region, instance;
    int purchase;           /* GPUs; models -1 */
    int64_t units;          /* instances to take; models CT_NONE */
    int64_t gpus;           /* that come with them, at least those asked for; models CT_NONE */
    ct_nusd total;          /* USD for the whole job */
    ct_nusd price, output;  /* per GPU-hour; or per million input and output tokens */
    int stock, evidence, freshness;
    int old; /* its source cannot be read any more: what it says comes last */
    int64_t age_s;
    struct ct_span series;
};
extern const struct ct_table ct_cost_table;
struct ct_cost_job { /* GPU null: MODEL is asked for */
    struct ct_span gpu, model;
    int purchase;                    /* enum ct_purchase; -1: all terms */
    int64_t gpus, hours;             /* > 0 */
    int64_t input_tokens, output_tokens; /* not both 0 */
};
/* Cheapest first, what is old behind it. Quarantined and suspect prices and what is gone are left out, what is sold
 * out says so.
 * A price that is not published costs nothing known: such places are left out. */
CT_MUST_USE enum ct_status ct_read_cost(struct ct_reader *r, const struct ct_query *q,
                                        const struct ct_cost_job *job, struct ct_arena *a,
                                        struct ct_rows *out, struct ct_error *err);
/* A provider in figures; how it runs is the worst of its pages. No grade. */
struct ct_score_row {
    struct ct_span provider;
    int state, page_freshness;                  /* -1: no page of it is read */
    int64_t uptime_milli, incidents, repair_s;  /* over 90 days; median time to repair; CT_NONE: no record */
    int repair_observed;  /* it says when none of its incidents ended: counted to when we saw that they had; -1: no repair_s */
    int64_t page_age_s;
    int64_t level_milli;  /* median over types of its cheapest price against the index, percent; CT_NONE */
    int64_t priced_types; /* types behind that */
    int64_t gpu_types /* on demand and spot apart */, regions, models, labs;
};
extern const struct ct_table ct_score_table;
/* Names of one provider as different lists write them: "together", "together_ai". */
bool ct_same_provider(struct ct_span a, struct ct_span b);

struct ct_event_row {
    int64_t at_ms, id;
    int kind, severity;
    struct ct_span subject, text;
    struct ct_span source_id, field, unit, series; /* price and stock events */
    ct_nusd old_value, new_value;
    int64_t pct_milli;
    int suspect; /* -1 where it means nothing */
    int digits;  /* of old_value and new_value: 9 for prices, 0 for the enums of stock and state */
    struct ct_span source; /* whose answer said so */
    int64_t series_id;     /* CT_NONE: about no series */
    struct ct_span alike;  /* ct_alike_subject, where a view made several one row; null */
};
extern const struct ct_table ct_event_table;

/* Events that one row tells of together: prices or stock of offers of one accelerator at one cloud that went the same
 * way, or the models that came to a host or left it. */
struct ct_spans {
    CT_VEC(struct ct_span) v;
};
struct ct_alike {
    int kind;
    bool suspect;
    struct ct_span gpu, cloud, way, unit; /* gpu null: models; way: "up", "none-available", "appeared" */
    struct ct_span count, purchase;       /* "x8", "spot" of the first; COUNTS, PURCHASES: they differ */
    bool counts, purchases;
    struct ct_spans regions, series;      /* at most 256 of each are kept */
    size_t n;                             /* of all */
    int64_t newest_ms;
    int64_t least, most;         /* of the new values */
    int64_t least_pct, most_pct; /* the smallest and the largest move */
};
/* What E alone tells, what an offer is; from A. False: nothing that could be told with others. */
bool ct_alike_of(const struct ct_event_row *e, struct ct_arena *a, struct ct_alike *out);
bool ct_alike_offer(struct ct_span series, struct ct_arena *a, struct ct_alike *out);
bool ct_alike_same(const struct ct_alike *x, const struct ct_alike *y);
/* Takes ONE, which is the same, into G. False: it is of one of the series kept in G. */
bool ct_alike_join(struct ct_alike *g, const struct ct_alike *one, struct ct_arena *a);
/* "H100-SXM spot vastai 2 regions": what all have in common. */
struct ct_span ct_alike_where(const struct ct_alike *g, struct ct_arena *a);
/* "alike/...", whose events from FROM_MS to TO_MS ct_read_alike lists, newest first, of prices those that moved by
 * LEAST_MILLI of a percent; null: there is only one. */
struct ct_span ct_alike_subject(const struct ct_alike *g, int64_t from_ms, int64_t to_ms, int64_t least_milli,
                                struct ct_arena *a);

struct ct_source_row {
    struct ct_span id, family, title, url, error, provider, terms;
    int kind, state /* enum ct_freshness */, evidence;
    int64_t last_success_ms, last_attempt_ms, next_attempt_ms, interval_s, http_status, bytes, rows,
        changed_rows, latency_ms, failures, age_s, data_ms;
    int unconfirmed; /* an answer is held back as suspicious */
    int unproven;    /* no answer of its format has been seen yet, by anybody */
    int64_t parser;  /* version of what reads it, now only; CT_NONE */
    struct ct_span mark; /* "unproven", "unconfirmed", "frozen", or null */
    /* What the newest good answer held and was left out on purpose: how many, and what ("2 x unknown
     * GPU K520; ..."). */
    int64_t left_out;
    struct ct_span notes;
};
extern const struct ct_table ct_source_table;

struct ct_attempt_row { /* the last tries of one source (subject), newest first */
    int64_t at_ms, http_status, bytes, rows, changed_rows, latency_ms;
    int outcome;
    struct ct_span error;
};
extern const struct ct_table ct_attempt_table;

struct ct_article_row { /* news, newest first */
    int64_t at_ms;      /* its date; when it was first seen if it has none or one that lay ahead */
    int dated;          /* AT_MS is its date */
    struct ct_span id, source, provider, title, url, summary;
    int64_t published_ms, first_ms;
};
extern const struct ct_table ct_article_table;

/* A loader: rows of its table at Q->at_ms, in the table's standing order. ARENA owns them.
 * CT_ERR_DB, CT_ERR_CANCELLED, CT_ERR_LIMIT. */
typedef enum ct_status ct_load_fn(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                  struct ct_rows *out, struct ct_error *err);
ct_load_fn ct_read_moves /* subject: MODEL or LAB/MODEL; group: the tier, NULL: standard; newest first */;
ct_load_fn ct_read_scorecard;
/* The indices that have a figure, rows of ct_gpu_table in its order, and of each only: what it is of, the figure and its
 * changes, and how many offers and clouds there are. */
ct_load_fn ct_read_indices;
ct_load_fn ct_read_alike /* subject: of ct_alike_subject; events */;
ct_load_fn ct_read_now, ct_read_status, ct_read_components /* subject: provider or all */,
    ct_read_incidents /* subject: provider or all; Q->gone: closed ones too */,
    ct_read_updates /* subject: incident id */, ct_read_offers, ct_read_gpus, ct_read_tokens,
    ct_read_models, ct_read_labs, ct_read_reach, ct_read_classes,
    ct_read_sellers /* subject: LAB/MODEL */, ct_read_regions /* sellers, clouds only, one a region */,
    ct_read_model_changes /* in from_ms..to_ms, newest first */, ct_read_events, ct_read_sources, ct_read_attempts,
    ct_read_articles /* subject: provider, source id or all; limit: newest N, 0 = 1,000 */;
/* How many of the incidents that ct_read_incidents gives, of all providers, are closed. */
CT_MUST_USE enum ct_status ct_count_ended(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                                          size_t *out, struct ct_error *err);
/* The moments of the last event before Q->at_ms (live: before now) and of the first one after it up to now,
 * of whatever kind; CT_NONE where there is none. For the steps of the time machine. */
CT_MUST_USE enum ct_status ct_read_event_moments(struct ct_reader *r, const struct ct_query *q,
                                                 struct ct_arena *a, int64_t *before_ms,
                                                 int64_t *after_ms, struct ct_error *err);
/* What went wrong, without the host of URL in front of it: "status.example.net:443: host name not
 * found". */
struct ct_span ct_failure_words(struct ct_span url, struct ct_span text);

/* ---- history ---- */
struct ct_point {
    int64_t at_ms; /* of the change; with max_points the bucket's start. A window that begins while
                      a value is in force begins with a point of n = 0 */
    int64_t min, max, last; /* nano, milli or state as the unit says */
    int64_t n;              /* values that began in it */
    int suspect;            /* quarantined value in it */
    int digits;             /* as its history's */
};
extern const struct ct_table ct_point_table;
struct ct_gap {
    int64_t from_ms, to_ms;
    struct ct_span reason; /* "not offered", "HTTP 429", "not recorded" */
};
extern const struct ct_table ct_gap_table;
struct ct_history {
    struct ct_span series, unit /* "USD/gpu.h", "USD/Mtok", "state", "stock" */, source_id, source;
    int digits; /* values are 10^-digits of the unit */
    struct ct_rows
        points; /* struct ct_point, oldest first: the value holds until the next point or gap */
    struct ct_rows gaps;            /* struct ct_gap, oldest first, disjoint */
    int64_t first_ms, last_seen_ms; /* of the whole series */
    int64_t n_changes;              /* in the window: ct_sample_changes */
    int64_t open_value;             /* in force at from_ms; CT_NONE */
};
extern const struct ct_table ct_history_table;
/* The series Q->subject names, as struct ct_history rows over [from_ms, to_ms]: by its whole name;
 * by a glob, those that had begun by then; by an ending at a '/' or by words in it ("h100 lambda
 * od") when only one series has them (a price goes before the stock of the same offer), or one index, or one that
 * is still there.
 * CT_ERR_NOT_FOUND names the nearest series, CT_ERR_USAGE two of several. With Q->whole neither. */
ct_load_fn ct_read_history;
/* The same of several whole names at once, all series of them in that order; a name that nothing has is left out. */
CT_MUST_USE enum ct_status ct_read_histories(struct ct_reader *r, const struct ct_query *q,
                                             const struct ct_span *names, size_t n_names,
                                             struct ct_arena *a, struct ct_rows *out,
                                             struct ct_error *err);
/* History as rows: a point, or with UNTIL and GAP a stretch without data. */
struct ct_history_line {
    struct ct_span series, unit, word /* of a state or stock */, gap;
    int64_t at_ms, until_ms, min, max, last /* in 1e-9 of the unit */, n;
    size_t history; /* index of its series */
};
extern const struct ct_table ct_history_line_table;
/* N histories, each by time; none when A is full. */
struct ct_rows ct_history_lines(const struct ct_history *h, size_t n, struct ct_arena *a);
int64_t ct_value_nano(int64_t value, int digits); /* from 1e-DIGITS to 1e-9 */
/* The word of a state or a stock; null for what is a number. */
struct ct_span ct_value_word(struct ct_span unit, int64_t value);
/* Names of all series matching the subject (as above; null: all), rows of ct_series_table. */
struct ct_series_row {
    struct ct_span series, unit, source;
    int64_t first_ms, last_ms, changes;
};
extern const struct ct_table ct_series_table;
ct_load_fn ct_read_series;

/* Sparklines of a screen, in one call: a row a name, in their order, over [from_ms, to_ms] (0: the 30
 * days up to the moment) in max_points columns (0: CT_SPARK). Column I is the I-th of as many equal
 * parts: the lowest and highest value in force in it and the last; CT_NONE where none was or nobody
 * looked, and for values that are quarantined. Reads what lies packed once, however long the history
 * is around the window. A name nothing is stored of has no columns. */
struct ct_spark_column {
    int64_t min, max, last;
    int digits;
};
extern const struct ct_table ct_spark_column_table;
struct ct_spark_row {
    struct ct_span series, unit;
    struct ct_rows columns; /* struct ct_spark_column */
};
extern const struct ct_table ct_spark_table;
CT_MUST_USE enum ct_status ct_read_sparks(struct ct_reader *r, const struct ct_query *q,
                                          const struct ct_span *names, size_t n_names,
                                          struct ct_arena *a, struct ct_rows *out,
                                          struct ct_error *err);

/* Prices that differ most from those of Q->from_ms (0: a day before), the largest move first, at
 * most Q->limit (0: 50). Only what was read at both moments and is believed: no quarantine. Indices
 * are among them, by their figure at both. Costs a look or two a price series, however long the
 * history. */
struct ct_mover_row {
    struct ct_span series, unit, source;
    int64_t then_value, now_value, pct_milli, changed_ms;
    int digits;
    int suspect; /* a correction: those come last */
};
extern const struct ct_table ct_mover_table;
ct_load_fn ct_read_movers;

/* Series (Q->subject as for history) over [from_ms, to_ms] in numbers. Times that nobody looked at
 * count for nothing but the gaps. */
struct ct_figures_row {
    struct ct_span series, unit, source;
    int64_t from_ms, to_ms;    /* the window, from the first observation on */
    int64_t min, max, median;  /* of what was in force and believed; the median by how long */
    int64_t last;              /* in force at to_ms; CT_NONE: no number */
    int64_t changes, first_change_ms, last_change_ms;
    int64_t known_s, gap_s, longest_gap_s, longest_gap_ms; /* _ms: where it begins */
    struct ct_span longest_gap_reason;
    /* Gone: no longer listed; of stock also: none to be had. How often it went and came back in the
     * window, and for how long it was gone, all in all, at most, and usually. */
    int64_t times_gone, times_back, gone_s, longest_gone_s, median_gone_s;
    int64_t uptime_milli; /* states: share of the known time without trouble, in percent */
    int digits;
};
extern const struct ct_table ct_figures_table;
ct_load_fn ct_read_figures;

#endif
