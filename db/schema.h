/* The database's layout and its migrations. What every table means stands beside its SQL in
 * schema.c. Internal to db/: nothing above db/read.h and db/write.h knows a table. */
#ifndef CT_SCHEMA_H
#define CT_SCHEMA_H

#include "db/base/err.h"
#include "db/base/money.h"
#include "db/base/str.h"

#include <sqlite3.h>

#define CT_APPLICATION_ID 0x434c5450 /* "CLTP" in the file's header: a database of ours */
#define CT_SCHEMA_VERSION 25          /* PRAGMA user_version */

/* sample.flags. A sample without a number (NULL) and without CT_SAMPLE_GONE means: listed, no
 * price. */
enum ct_sample_flags {
    CT_SAMPLE_QUARANTINED = 1, /* an outlier: kept out of headlines until a CT_SAMPLE_LIFTED row */
    CT_SAMPLE_SUSPECT = 2,     /* a move of 20 times or more, or above 1000 USD a million tokens */
    CT_SAMPLE_LIFTED = 4, /* no change: the quarantined value before it, seen three times now */
    CT_SAMPLE_GONE =
        8, /* the answer no longer lists it (stock: 'N', or '?' if that says nothing) */
    /* components: what part of the provider it is, one of */
    CT_SAMPLE_PART = 48,
    CT_SAMPLE_HEADING = 16,  /* a group's heading, counts in no roll-up */
    CT_SAMPLE_LOCATION = 32, /* one place of many (an edge site, a data centre) */
    CT_SAMPLE_TOUCHED = 48,  /* a region's service, listed only because an incident touches it: what that
                                means for the provider, the incident says */
    CT_SAMPLE_DAMAGED = 256, /* never stored: what was here cannot be read any more */
};

/* Nobody has written about an incident for this long: forgotten on its page. */
#define CT_INCIDENT_STALE_MS (14 * CT_DAY)

/* series.kind: what a series' value is, and which facts table describes it. */
enum ct_series_kind {
    CT_SERIES_GPU,       /* nano per GPU-hour; facts: offer */
    CT_SERIES_STOCK,     /* enum ct_stock; facts: offer of the gpu series with the same ext_key */
    CT_SERIES_TOKEN,     /* nano per million tokens; facts: token */
    CT_SERIES_COMPONENT, /* enum ct_state; facts: component */
    CT_SERIES_PROVIDER,  /* enum ct_state: our roll-up of a status source */
    CT_SERIES_PAGE,      /* enum ct_state: what the page itself says */
    CT_SERIES_ENDPOINT,  /* enum ct_state; facts: endpoint */
    CT_SERIES_RATE,      /* nano dollars a unit of a currency, "fx/EUR" */
    CT_SERIES_MEASURE,   /* thousandths of a measured number, "probe/NAME/latency" */
};

/* poll.outcome. */
enum ct_poll_outcome {
    CT_POLL_OK,     /* facts were seen as the samples say */
    CT_POLL_CARRY,  /* imported "not modified": whatever the observation before it said */
    CT_POLL_FAILED, /* nothing was read; REASON says why */
    CT_POLL_HELD,   /* read, but suspicious and held back; REASON says why */
};

/* event.origin: what an event was derived from, so that it can be derived again. */
enum ct_event_origin {
    CT_ORIGIN_PAIR,     /* two neighbouring observations: price, stock, model, component state */
    CT_ORIGIN_INCIDENT, /* the versions of one incident */
    CT_ORIGIN_TIMELINE, /* the order of polls: provider state, source failing and recovered */
    CT_ORIGIN_WRITTEN,  /* said once: source held back, trusted */
};

/* words.text: fields that each end in CT_UNIT_SEPARATOR; CT_WORDS_NULL alone is null. */
enum ct_offer_words {
    CT_OFFER_ZONE,
    CT_OFFER_SKU,
    CT_OFFER_VCPU_MILLI,
    CT_OFFER_MEM_MILLI,
    CT_OFFER_HOST_INCLUDED,
    CT_OFFER_STOCK_COUNT,
    CT_OFFER_INTERRUPTION,
    CT_OFFER_EFFECTIVE_MS,
};
enum ct_token_words {
    CT_TOKEN_LAB,
    CT_TOKEN_MODEL,
    CT_TOKEN_VARIANT,
    CT_TOKEN_HOST,
    CT_TOKEN_HOST_CLASS,
    CT_TOKEN_REGION,
    CT_TOKEN_CONTEXT,
    CT_TOKEN_RETIRES_MS,
    CT_TOKEN_OPEN_WEIGHTS,
};
enum ct_component_words {
    CT_COMPONENT_NAME,
    CT_COMPONENT_GROUP,
    CT_COMPONENT_REGION,
    CT_COMPONENT_RAW_STATE,
};
enum ct_wording { CT_WORDING_UPDATE, CT_WORDING_ARTICLE, CT_WORDING_NOTES }; /* wording.kind */
enum { CT_REFERENCE_NTH = 64 }; /* keys of table reference: series * this + which of its samples */
enum { CT_WORDS_MOST = 9 };
#define CT_WORDS_NULL "\x1e"
/* Between the fields of words and wording, in lists inside one text column (incident.components, regions), and
 * between the parts of ext_key. */
#define CT_UNIT_SEPARATOR '\x1f'
/* The fields of words or wording; those that are absent have null spans. */
static inline void ct_words_cut(struct ct_span text, struct ct_span fields[CT_WORDS_MOST])
{
    for (int i = 0; i < CT_WORDS_MOST; i++) {
        fields[i] = text.p ? ct_span_cut(&text, CT_UNIT_SEPARATOR) : CT_SPAN_NONE;
        if (ct_span_is(fields[i], CT_WORDS_NULL))
            fields[i] = CT_SPAN_NONE;
    }
}
static inline int64_t ct_words_int(struct ct_span field)
{
    int64_t n;
    return ct_span_int(field, &n) == CT_OK ? n : CT_NONE;
}
enum { CT_WORDS_NONE = 0, CT_WORDS_MANY = 2 }; /* series.words; else an odd hash */

/* Fills recorded_day as far as the timeline tells; more days than it does may be there. */
#define CT_RECORDED_DAYS                                                                           \
    "INSERT OR IGNORE INTO recorded_day SELECT from_ms / 86400000 FROM poll"                       \
    " WHERE imported = 0 AND outcome <= 1;"                                                        \
    "INSERT OR IGNORE INTO recorded_day SELECT to_ms / 86400000 FROM poll"                         \
    " WHERE imported = 0 AND outcome <= 1;"

/* What layouts 16 to 18 have in table tail (series, from_ms, b) as chunks; not what has become one before. */
#define CT_CHUNKS_OF_TAIL                                                                          \
    "INSERT INTO chunk SELECT (series << 38) + from_ms / 1000, b FROM tail WHERE NOT EXISTS"       \
    " (SELECT 1 FROM chunk WHERE k >= (series << 38) + from_ms / 1000 AND k < (series + 1) << 38);" \
    "DELETE FROM tail;"

/* Whether the data are a simulated market's: said when the file was made (meta.simulated); files from before that have
 * sources of the demo alone. */
#define CT_SIMULATED                                                                               \
    "SELECT ifnull((SELECT value FROM meta WHERE key='simulated'), EXISTS (SELECT 1 FROM source)"  \
    " AND NOT EXISTS (SELECT 1 FROM source WHERE substr(name, 1, 5) <> 'demo_'))"

/* Brings DB (just opened at PATH for writing) to CT_SCHEMA_VERSION, a step a transaction; a
 * database that already holds data is copied to PATH.bak-vN first. CT_ERR_NEWER and CT_ERR_DB
 * (another program's, or SQLite's message) leave it as it was. */
CT_MUST_USE enum ct_status ct_schema_open(sqlite3 *db, const char *path, struct ct_error *err);

/* An empty database of an earlier layout in DB (or the newest), for what was saved from one. */
CT_MUST_USE enum ct_status ct_schema_make(sqlite3 *db, const char *path, int version,
                                          struct ct_error *err);

/* What takes one version to the next, in one transaction: SQL, then, where SQL does not do, RUN. */
struct ct_schema_step {
    const char *sql;
    int (*run)(sqlite3 *db); /* SQLite's result code; NULL: nothing more to do */
    const char *after;       /* SQL again; NULL */
};

/* The same with any list of steps: STEPS[i] takes version i to i + 1. For tests of the machinery.
 */
CT_MUST_USE enum ct_status ct_schema_migrate(sqlite3 *db, const char *path,
                                             const struct ct_schema_step *steps, int n_steps,
                                             struct ct_error *err);

#endif
