/* What the read_*.c files share: the statements, stepping through them, values as of a moment, the
 * health of sources at it, and the stretches of a source's timeline in which nothing was known. For
 * db/ only. */
#ifndef CT_READER_H
#define CT_READER_H

#include "db/attempts.h"
#include "db/alert_sql.h"
#include "db/newest.h"
#include "db/offer_pack.h"
#include "db/poll_pack.h"
#include "db/read.h"
#include "db/samples.h"

#include <stdatomic.h>

#define SQL_INCIDENT_COLUMNS                                                                       \
    "ext_id,title,state,phase,open,raw_impact,url,started_ms,updated_ms,resolved_ms,"              \
    "scheduled_for_ms,scheduled_until_ms,first_ms,components,regions"
#define SQL_EVENT_COLUMNS                                                                          \
    "e.at_ms,e.id,e.kind,e.severity,e.source_id,e.series_id,e.subject,e.ref,e.field,e.text,"       \
    "e.unit,e.old,e.new,e.pct,e.suspect,s.name,s.digits"
#define SQL_EVENT_FROM " FROM event e LEFT JOIN series s ON s.id=e.series_id WHERE "
/* Of all offers only their facts: whose series each is the newest samples tell (ct_source_of), and what it is called its
 * key ("gpu/KEY"). Rows are not joined to ten thousand others. */
#define SQL_OFFER_FACTS "SELECT o.series_id," CT_FACT_COLUMNS " FROM offer o"
#define SQL_OFFER SQL_OFFER_FACTS " JOIN series s ON s.id=o.series_id"

/* When we first saw that an incident, as it was at moment ?1, no longer was open; what vanished did so then. */
#define SQL_CLOSED_SEEN                                                                            \
    "CASE WHEN open=1 THEN NULL WHEN gone=1 THEN at_ms ELSE"                                       \
    " (SELECT min(v.at_ms) FROM incident v WHERE v.source_id=incident.source_id"                   \
    " AND v.ext_id=incident.ext_id AND v.open=0 AND v.from_ms<=?1 AND v.at_ms>"                    \
    "(SELECT max(o.at_ms) FROM incident o WHERE o.source_id=incident.source_id"                    \
    " AND o.ext_id=incident.ext_id AND o.open=1 AND o.from_ms<=?1)) END"
#define SQL_INCIDENT_CLOSED                                                                        \
    "SELECT " SQL_INCIDENT_COLUMNS "," SQL_CLOSED_SEEN ",source_id FROM incident"                  \
    " WHERE to_ms>?1 AND from_ms<=?1"

/* Of tokens: CROSS has them read first, as written. There are no statistics, and of all series most are no tokens'. */
/* Every statement of the reader. A test asks SQLite for the plan of each: nothing may scan sample,
 * event or poll. ?1, ?2 ... are bound in this order by ct_use. */
#define CT_SQL_LIST(X)                                                                             \
    X(APPLICATION, "PRAGMA application_id")                                                        \
    X(USER_VERSION, "PRAGMA user_version")                                                         \
    X(OBJECTS, "SELECT count(*) FROM sqlite_schema")                                               \
    X(DATA_VERSION, "PRAGMA data_version")                                                         \
    X(BEGIN, "BEGIN")                                                                              \
    X(COMMIT, "COMMIT")                                                                            \
    X(SIMULATED, CT_SIMULATED)                                                                     \
    X(META, "SELECT value FROM meta WHERE key=?1")                                                 \
    X(LEASE, "SELECT pid,host,beat_ms FROM lease")                                                 \
    X(SOURCES,                                                                                     \
      "SELECT id,name,family,kind,provider,scope,title,url,terms,evidence,interval_ms,enabled,"    \
      "off_reason,part_of_list,last_attempt_ms,next_attempt_ms,http_status,bytes,rows,"            \
      "changed_rows,latency_ms,error,data_ms,pending_n,pending_reason,page_url,page_indicator,proof," \
      "parser"                                                                                     \
      " FROM source ORDER BY id")                                                                  \
    X(NOTES, "SELECT left_out,notes FROM source_note WHERE source_id=?1")                          \
    X(POLLS_BACK, "SELECT from_ms,to_ms,n,outcome,imported,rows,reason FROM poll"                  \
                  " WHERE source_id=?1 AND from_ms<=?2 ORDER BY from_ms DESC")                     \
    X(POLLS, "SELECT from_ms,to_ms,n,outcome,imported,rows,reason FROM poll"                       \
             " WHERE source_id=?1 AND from_ms>?2 AND from_ms<=?3 ORDER BY from_ms")                \
    X(POLLS_PACKED, "SELECT k,after_ms,b,reasons FROM poll_pack WHERE k>=?1 AND k<?2 ORDER BY k")  \
    X(WORDS, "SELECT text FROM words WHERE series_id=?1 AND from_ms<=?2"                           \
             " ORDER BY from_ms DESC LIMIT 1")                                                     \
    X(ATTEMPTS, "SELECT b,errors FROM attempts WHERE source_id=?1 AND from_ms<=?2 ORDER BY from_ms DESC") \
    X(POLL_NEXT, "SELECT from_ms,imported FROM poll WHERE source_id=?1 AND from_ms>?2 AND from_ms<=?3"     \
                 " AND outcome<=1 ORDER BY from_ms LIMIT 1")                                       \
    X(SERIES_OF, "SELECT id FROM series WHERE source_id=?1 AND kind=?2")                           \
    X(RATES, "SELECT id,ext_key FROM series WHERE source_id=?1 AND kind=?2")                       \
    X(NEWEST, "SELECT k,rev,b FROM newest ORDER BY k")                                             \
    X(SOURCE_OF, "SELECT source_id FROM series WHERE id=?1")                                       \
    X(NAME_OF, "SELECT name,unit,digits FROM series WHERE id=?1")                                  \
    X(REFERENCES, "SELECT back_ms,b,moments FROM reference WHERE at_ms<=?1 AND until_ms>=?1"       \
                  " ORDER BY back_ms,part")                                                        \
    X(INDEX_PAST, "SELECT from_ms,until_ms,upto_ms,mark,b,leaps FROM index_past"                   \
                  " WHERE gpu=?1 AND form=?2 AND purchase=?3")                                     \
    X(SERIES_NAMED,                                                                                \
      "SELECT id,name,unit,digits,source_id,kind FROM series WHERE name=?1")      \
    X(SERIES_FROM,                                                                                 \
      "SELECT id,name,unit,digits,source_id,kind FROM series"                     \
      " WHERE name>=?1 AND name<?2 ORDER BY name")                                                 \
    X(SERIES_ALL,                                                                                  \
      "SELECT id,name,unit,digits,source_id,kind FROM series ORDER BY name")      \
    X(TOKEN_REF, "SELECT ref FROM token WHERE series_id=?1")                                       \
    X(COMPONENTS,                                                                                  \
      "SELECT s.id,c.ext_id,c.name,c.grp,c.region,c.raw_state FROM series s"           \
      " JOIN component c ON c.series_id=s.id WHERE s.source_id=?1 AND s.kind=?2")                  \
    X(ENDPOINTS, "SELECT s.id,s.source_id,k.host,k.uptime_30m_milli FROM endpoint k"   \
                 " JOIN series s ON s.id=k.series_id WHERE k.host<>''")                            \
    X(INCIDENTS_OPEN, "SELECT " SQL_INCIDENT_COLUMNS " FROM incident"                              \
                      " WHERE source_id=?2 AND to_ms>?1 AND from_ms<=?1 AND open=1")               \
    X(INCIDENTS, SQL_INCIDENT_CLOSED " AND source_id=?2")                                          \
    X(INCIDENT, SQL_INCIDENT_CLOSED " AND source_id=?2 AND ext_id=?3")                             \
    X(INCIDENTS_ENDED, SQL_INCIDENT_CLOSED " AND open=0 ORDER BY ifnull(resolved_ms,updated_ms) DESC") \
    X(INCIDENTS_ENDED_N, "SELECT count(*) FROM incident WHERE open=0 AND to_ms>?1 AND from_ms<=?1" \
                         " AND +source_id IN (SELECT id FROM source WHERE kind=?2)")               \
    X(INCIDENTS_BEGAN, "SELECT source_id,ifnull(started_ms,first_ms),resolved_ms,"                 \
                       "CASE WHEN resolved_ms IS NULL THEN " SQL_CLOSED_SEEN " END,open FROM incident" \
                       " WHERE to_ms>?1 AND from_ms<=?1 AND ifnull(started_ms,first_ms)>=?2"       \
                       " AND ifnull(started_ms,first_ms)<=?3 AND scheduled_for_ms IS NULL"         \
                       " AND state IS NOT ?4")                                                     \
    X(WORDING, "SELECT text FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4"     \
               " AND from_ms<=?5 AND hash<>0 ORDER BY from_ms DESC LIMIT 1")                       \
    X(UPDATES, "SELECT at_ms,first_ms,phase,text,ext_id FROM incident_update"                             \
               " WHERE source_id=?1 AND incident=?2 AND first_ms<=?3")                             \
    X(ARTICLES, "SELECT ext_id,published_ms,first_ms FROM article"                                 \
                " WHERE source_id=?1 AND first_ms<=?2")                                            \
    X(ARTICLE, "SELECT title,url,summary FROM article WHERE source_id=?1 AND ext_id=?2")           \
    X(OFFER_PACKS, "SELECT k,b FROM offer_pack ORDER BY k")                                        \
    X(OFFERS_BETWEEN, SQL_OFFER_FACTS " WHERE o.series_id>=?1 AND o.series_id<?2"                  \
                      " AND there_since(o.series_id,?3) ORDER BY o.series_id")                     \
    X(OFFERS_NAMED, SQL_OFFER " WHERE s.name=?1")                                                  \
    X(SPOT_OFFERS_FROM, SQL_OFFER " WHERE s.name>=?1 AND s.name<?2 AND o.purchase=1")              \
    X(HOSTS_NAMES, "SELECT DISTINCT k.lab,k.model FROM token k WHERE k.lab<>'' AND k.model<>''")   \
    X(HOSTS_PARTS, "SELECT s.id,s.source_id,k.host,NULL,NULL,NULL,NULL,NULL"                       \
                   " FROM token k CROSS JOIN series s ON s.id=k.series_id"                         \
                   " WHERE k.lab=?1 AND k.model=?2 AND k.host<>''")                                \
    X(LAB_NAMES, "SELECT DISTINCT k.lab,k.host,w.family,k.model FROM token k"                      \
                 " CROSS JOIN series s ON s.id=k.series_id CROSS JOIN source w ON w.id=s.source_id" \
                 " WHERE k.lab<>'' AND k.model<>''")                                               \
    X(ON_CLOUDS, "SELECT s.id,k.lab,k.host,k.model,w.family,k.open_weights FROM token k"           \
                 " CROSS JOIN series s ON s.id=k.series_id CROSS JOIN source w ON w.id=s.source_id" \
                 " WHERE k.lab<>'' AND k.model<>''")                                               \
    X(LAB_PARTS, "SELECT s.id,s.source_id,k.host,NULL,NULL,NULL,NULL,NULL,"                        \
                 "k.model,w.family FROM token k CROSS JOIN series s ON s.id=k.series_id"           \
                 " CROSS JOIN source w ON w.id=s.source_id WHERE k.lab=?1 AND k.model<>''")        \
    X(CLASS_PARTS, "SELECT s.id,s.source_id,k.host,k.region,k.lab||'/'||k.model,NULL," \
                   "k.currency,1,k.lab,k.model,k.host_class FROM token k"                          \
                   " CROSS JOIN series s ON s.id=k.series_id"                                      \
                   " WHERE k.kind=?1 AND ifnull(k.tier,'') IN ('','standard') AND k.host<>''")     \
    X(CLASS_SELLERS, "SELECT DISTINCT k.host,k.host_class,k.lab,k.model FROM token k"              \
                     " WHERE k.kind=?1 AND ifnull(k.tier,'') IN ('','standard') AND k.host<>''")   \
    X(TOKENS, "SELECT s.id,s.source_id,s.name,k.ref,k.lab,k.model,k.variant,k.host,"   \
              "k.host_class,k.region,k.kind,k.tier,k.field,k.currency,k.context,k.retires_ms,"     \
              "k.open_weights FROM token k CROSS JOIN series s ON s.id=k.series_id")               \
    X(EVENTS, "SELECT " SQL_EVENT_COLUMNS SQL_EVENT_FROM "e.at_ms>=?1 AND e.at_ms<=?2"             \
              " ORDER BY e.at_ms DESC,e.id DESC LIMIT ?3")                                         \
    X(EVENTS_CRITICAL, "SELECT " SQL_EVENT_COLUMNS SQL_EVENT_FROM "e.at_ms>=?1 AND e.at_ms<=?2"    \
                       " AND e.kind=?4 AND e.severity=?5 ORDER BY e.at_ms DESC,e.id DESC LIMIT ?3") \
    X(EVENT_BEFORE, "SELECT max(at_ms) FROM event WHERE at_ms<?1")                                 \
    X(EVENT_AFTER, "SELECT min(at_ms) FROM event WHERE at_ms>?1 AND at_ms<=?2")                    \
    X(MOVE_BEFORE, "SELECT max(at_ms) FROM price_move WHERE at_ms<?1")                             \
    X(MOVE_AFTER, "SELECT min(at_ms) FROM price_move WHERE at_ms>?1 AND at_ms<=?2")                \
    X(MOVES, "SELECT at_ms,b FROM price_move WHERE at_ms>=?1 AND at_ms<=?2 ORDER BY at_ms DESC")   \
    X(MOVES_OF_SOURCE, "SELECT at_ms,b FROM price_move WHERE at_ms>=?1 AND at_ms<=?2"              \
                       " AND source_id=?3 ORDER BY at_ms DESC")                                    \
    X(MOVED, "SELECT kind,source_id,ext_key,unit,digits,name FROM series WHERE id=?1")             \
    X(EVENTS_OF_SERIES,                                                                            \
      "SELECT " SQL_EVENT_COLUMNS SQL_EVENT_FROM "e.series_id=?4 AND e.at_ms>=?1 AND e.at_ms<=?2"  \
      " ORDER BY e.at_ms DESC,e.id DESC LIMIT ?3")                                                 \
    X(EVENTS_OF_SOURCE,                                                                            \
      "SELECT " SQL_EVENT_COLUMNS SQL_EVENT_FROM "e.source_id=?4 AND e.at_ms>=?1 AND e.at_ms<=?2"  \
      " ORDER BY e.at_ms DESC,e.id DESC LIMIT ?3")                                                 \
    CT_ALERT_READ_SQL(X)

enum ct_sql {
#define X(name, sql) SQL_##name,
    CT_SQL_LIST(X)
#undef X
        CT_N_SQL
};
extern const char *const ct_sql_text[CT_N_SQL];
/* Gives DB the functions they use. */
struct ct_reader;
int ct_sql_functions(sqlite3 *db, struct ct_reader *r);

struct accelerator;
struct kept_moved;
struct kept_names;
struct kept_polls;
struct kept_reach;
struct ct_references;
struct ct_newest_map;
struct ct_market_kept;

/* What all prices were at one moment, as far as the writer has kept that ready; by series. */
struct ct_reference {
    int64_t at_ms;
    struct ct_priced {
        int64_t series;
        struct ct_sample v; /* at_ms CT_NONE: there was none yet */
    } *v;
    size_t n, next; /* NEXT: where the following series may be */
    int64_t back_ms;
    uint64_t serial; /* grows with every change of V; moments of one BACK_MS that have the same have the same V */
};

/* A large move. */
struct ct_leap {
    int64_t series, at_ms;
};

struct ct_class_member;
struct ct_classes {
    struct ct_arena *arena;
    CT_VEC(struct ct_class_member) members;
};

/* Bytes of what an answer is made of and does not hold. */
enum { CT_MOST_WORK = 128 << 20 };

struct ct_reader {
    sqlite3 *db;
    char *path;
    bool newer, simulated;
    int64_t dev, ino; /* the file that is open */
    bool immutable;   /* as it was then: nobody could be writing */
    int64_t file_ms, file_bytes;
    uint64_t opened; /* how often */
    atomic_bool cancel;
    sqlite3_stmt *stmts[CT_N_SQL];
    struct ct_samples *samples;
    /* of the running load */
    enum ct_status status;
    struct ct_error *err;
    struct ct_arena *arena;
    struct ct_reference reference;
    struct ct_references *references; /* read_reference.c; NULL: none read yet */
    struct ct_market_kept *market[2]; /* market_parts.c: offers of late, and all; NULL: not read yet */
    bool live;
    int64_t t;  /* the moment ages count from: now, or the past moment */
    int64_t at; /* what look-ups compare with: T, or (live) later than anything */
    int64_t version; /* of what was committed, as of this load */
    int64_t hold;    /* ct_reader_hold */
    bool whole;      /* between ct_reader_begin and ct_reader_end */
    /* read_newest.c: kept until somebody commits; what had to be looked up last */
    struct ct_newest_map *newest;
    struct ct_newest newest_found;
    bool sparked; /* lines were drawn before */
    /* what loads keep for those that follow, until somebody commits */
    struct ct_kept {
        struct ct_arena *arena; /* NULL: nothing yet */
        struct kept_polls *polls; /* polls.c */
        size_t n_polls;
        struct kept_names *names; /* market_names.c */
        const struct kept_moved **moved; /* read_price_events.c; a table by series */
        size_t n_moved, moved_places;
        struct kept_reach *reach; /* read_labs.c */
        struct ct_moment { /* what was in force then; answers keep it alive */
            int64_t t, at;
            struct ct_arena *arena; /* NULL: nothing yet */
            struct ct_source_list {
                struct ct_source_at *v;
                size_t n;
            } *sources; /* source_at.c */
            struct ct_rows *events; /* read_events.c: the newest */
            struct ct_rows *alerts; /* read_alerts.c: those that are not over */
            struct ct_leaps { /* large moves of what an index is made of, which its history came by */
                struct ct_span index; /* its name */
                struct ct_arena *arena;
                int64_t from_ms, to_ms, large_milli;
                bool whole; /* all of them from FROM_MS to TO_MS */
                CT_VEC(struct ct_leap) v;
                struct ct_leaps *next;
            } *leaps;
        } moment;
    } kept;
    /* whole tables that panels loaded together ask for */
    struct ct_shared {
        int64_t version, t, at, hold;
        bool gone;
        uint64_t variant;
        struct ct_arena *arena;
        struct ct_rows rows;
    } shared[6]; /* offers, GPU types, tokens, models, status, indices */
    /* accelerators.tsv, read once */
    struct ct_arena *accel_arena;
    struct accelerator *accel;
    size_t n_accel;
    struct ct_classes classes; /* likewise; arena NULL: not yet */
};

/* Brackets of every loader: one snapshot. After ct_load_begin failures gather in r->status (the
 * first counts); loops end because ct_step says false. ct_load_end also notices a full arena. */
void ct_load_begin(struct ct_reader *r, const struct ct_query *q, struct ct_arena *a,
                   struct ct_error *err);
enum ct_status ct_load_end(struct ct_reader *r);

/* READ as it is, or what it gave to the last who asked the same of the same data at the same moment: A then keeps that
 * alive. VARIANT tells apart what Q does not; WHICH of r->shared remembers. */
enum ct_status ct_read_shared(struct ct_reader *r, int which, ct_load_fn *read, uint64_t variant,
                              const struct ct_query *q, struct ct_arena *a, struct ct_rows *out,
                              struct ct_error *err);

/* Where things kept for later loads lie; what answers show of them they copy. */
struct ct_arena *ct_kept_arena(struct ct_reader *r);
/* What is kept of the moment that is being read; NULL when the answer has no room for it. */
struct ct_moment *ct_kept_moment(struct ct_reader *r);

/* The statement, reset, with N integers bound; NULL after a failure (ct_step takes it). A statement
 * that is being stepped must not be used again inside. */
sqlite3_stmt *ct_use(struct ct_reader *r, enum ct_sql id, int n, ...);
void ct_bind_text(struct ct_reader *r, sqlite3_stmt *st, int index, struct ct_span text);
/* Binds ?1 and ?2 so that ?1 <= X < ?2 means names that begin with TEXT, which is not empty. */
void ct_bind_beginning(struct ct_reader *r, sqlite3_stmt *st, struct ct_span text);
bool ct_step(struct ct_reader *r, sqlite3_stmt *st); /* true: a row */
/* What the file notes of itself by the name KEY; CT_NONE: nothing. */
int64_t ct_meta(struct ct_reader *r, const char *key);

/* A file is input: numbers are cut to +/- 2^60, so that no sum or difference of two of them
 * overflows. CT_NONE for NULL (and what is no integer); the second gives 0 for that, where a value
 * must be. */
int64_t ct_col_int(sqlite3_stmt *st, int i);
int64_t ct_col_must(sqlite3_stmt *st, int i);
static inline int64_t ct_bounded(int64_t v)
{
    const int64_t most = INT64_C(1) << 60;
    return v > most ? most : v < -most ? -most : v;
}
static inline int64_t ct_cut(int64_t v) /* the same for a number out of a blob; CT_NONE stays */
{
    return v == CT_NONE ? CT_NONE : ct_bounded(v);
}
int ct_col_enum(sqlite3_stmt *st, int i, int last); /* -1 for NULL and beyond LAST */
struct ct_span ct_col_text(struct ct_reader *r, sqlite3_stmt *st, int i); /* in r->arena */
struct ct_span ct_col_borrow(sqlite3_stmt *st, int i); /* until the next step */
struct ct_list ct_col_list(struct ct_reader *r, sqlite3_stmt *st, int i);

/* A value in force. at_ms is CT_NONE when there is none yet. */
struct ct_asof {
    int64_t at_ms, value;
    int flags;
};
struct ct_asof ct_asof(struct ct_reader *r, int64_t series, int64_t at_ms);
/* Looks of the running load into that moment find prices where they lie ready (db/write_reference.c). */
void ct_reference_use(struct ct_reader *r, int64_t at_ms);
/* The same of a moment that was used before, F being r->reference of then; what is no longer there is looked up. */
void ct_reference_return(struct ct_reader *r, struct ct_reference f);
void ct_reference_forget(struct ct_reader *r);
/* What is kept of offers for indices; without LATE_TOO only of those that were ever there. */
void ct_market_forget(struct ct_reader *r, bool late_too);
/* False: look into the history. */
bool ct_reference_find(struct ct_reader *r, int64_t series, int64_t at_ms, struct ct_sample *out);
/* The same at r->at: live answers need no look-up. */
struct ct_asof ct_asof_now(struct ct_reader *r, int64_t series);
/* Of the series in column I of ST. */
struct ct_asof ct_asof_row(struct ct_reader *r, sqlite3_stmt *st, int i);
struct ct_asof ct_asof_now(struct ct_reader *r, int64_t series); /* the same of a series that is known */

/* read_newest.c: the newest sample of SERIES; NULL: there is none. Good until the next is asked for. */
const struct ct_newest *ct_newest_of(struct ct_reader *r, int64_t series);
/* Whose it is; CT_NONE: there is no such series. */
int64_t ct_source_of(struct ct_reader *r, int64_t series);
/* V is the newest sample of SERIES: the facts kept once are of its time. */
bool ct_is_newest(struct ct_reader *r, int64_t series, struct ct_asof v);
/* All of them, I < ct_newest_parts(): some of one source at a time. */
struct ct_newest_part {
    int64_t source;
    const struct ct_newest *v;
    size_t n;
};
/* False when SERIES was gone by MS already and still is, at the moment that is read. */
bool ct_there_since(struct ct_reader *r, int64_t series, int64_t ms);
/* Gives TAKE the facts of all offers that were there since MS, some at a time, by series; others may be among them. Texts
 * are good until it returns. */
typedef void ct_take_offers(void *ctx, struct ct_offers *o);
void ct_offers_since(struct ct_reader *r, int64_t ms, ct_take_offers *take, void *ctx);
/* Of the rows of ST, a statement that begins with SQL_OFFER. */
void ct_offers_of(struct ct_reader *r, sqlite3_stmt *st, ct_take_offers *take, void *ctx);
size_t ct_newest_parts(struct ct_reader *r);
struct ct_newest_part ct_newest_part(struct ct_reader *r, size_t i);
void ct_newest_forget(struct ct_reader *r);

/* As ct_sample_next; false after a failure, too, which r->status then tells. */
bool ct_next_sample(struct ct_reader *r, int64_t series, int64_t to_ms, struct ct_sample *v);

/* As ct_samples_after; NULL after a failure, too. */
const struct ct_sample *ct_next_samples(struct ct_reader *r, int64_t series, int64_t t, size_t *n);
/* As ct_samples_span; false after a failure, too. */
bool ct_span_samples(struct ct_reader *r, int64_t series, int64_t from, int64_t to, const struct ct_sample **v, size_t *n);
/* N columns of ct_read_sparks over [from_ms, to_ms], gaps left in, DIGITS not set. NEWEST_MS: nothing has changed since
 * then, as far as that is known (else CT_LIVE). */
void ct_spark(struct ct_reader *r, int64_t series, int64_t newest_ms, int64_t from_ms, int64_t to_ms, size_t n,
              struct ct_spark_column *out);

static inline bool ct_gone(struct ct_asof v)
{
    return v.at_ms == CT_NONE || (v.flags & CT_SAMPLE_GONE);
}

/* The one meaning of a change, wherever changes are counted: another number than the last one known, whatever lies
 * between them. What begins, goes away or comes back as it was is none. *KNOWN is that number, CT_NONE at first. */
static inline bool ct_sample_changes(int64_t *known, int64_t value, int flags)
{
    if (value == CT_NONE || (flags & (CT_SAMPLE_LIFTED | CT_SAMPLE_DAMAGED)))
        return false;
    bool changed = *known != CT_NONE && *known != value;
    *known = value;
    return changed;
}

/* The facts of a series as they were at r->at, field by field (schema.h); false when live or not known: then those of
 * the newest observation must do. */
bool ct_words_at(struct ct_reader *r, int64_t series, struct ct_span fields[CT_WORDS_MOST]);
/* The same of a message (OWNER: its incident), an article, or the notes of a source; false also when its text never
 * changed. */
bool ct_wording_at(struct ct_reader *r, enum ct_wording kind, int64_t source, struct ct_span owner,
                   struct ct_span id, struct ct_span fields[CT_WORDS_MOST]);

/* One source with its health at r->t, out of its timeline. */
struct ct_source_at {
    int64_t id, interval_ms;
    struct ct_span name, family, provider, scope, title, url, terms, off_reason, page_url,
        page_indicator;
    int kind, evidence;
    bool enabled, part_of_list, unproven;
    int64_t parser; /* version of what reads it now; CT_NONE: not known */
    int64_t last_success_ms, last_attempt_ms, rows, failures;
    int64_t failing_since_ms;   /* of the present run of failures; CT_NONE */
    struct ct_span fail_reason; /* of the last attempt, when it failed or was held back */
    bool held, last_imported;
    struct ct_attempt tried; /* at a past moment: the last one made by then that is kept; else AT_MS is CT_NONE */
    int freshness; /* by age; CT_OFF only without any poll */
    int64_t age_s;
    /* as stored, of the newest attempt: for the live list of sources */
    int64_t next_attempt_ms, http_status, bytes, stored_rows, changed_rows, latency_ms, data_ms,
        pending_n, stored_attempt_ms, left_out;
    bool newest; /* that attempt is the newest of all */
    struct ct_span error;
};
/* All, by id; to be left as they are. */
struct ct_source_list ct_sources_at(struct ct_reader *r);
/* Of the row of SQL_ATTEMPTS that ST is at, those made by T, into V of CT_ATTEMPTS_MOST, oldest first. */
size_t ct_attempts_in_row(struct ct_reader *r, sqlite3_stmt *st, int64_t t, struct ct_attempt *v);
const struct ct_source_at *ct_source_by_id(const struct ct_source_list *list, int64_t id);
/* What currencies are worth; zero it at the start of a load, it fills itself when asked. */
struct ct_rate_series {
    struct ct_span currency;
    int64_t series;
    const struct ct_source_at *source;
    int64_t at_ms; /* of the last look; CT_NONE: none yet */
    struct ct_asof then;
};
struct ct_rates {
    CT_VEC(struct ct_rate_series) v;
    bool loaded;
};
/* VALUE of CURRENCY (null: dollars) in dollars at AT_MS: itself, or by a rate of that or the
 * previous working day from a source that is read; without one CT_NONE. */
int64_t ct_in_dollars(struct ct_reader *r, const struct ct_source_list *sources,
                      struct ct_rates *rates, struct ct_span currency, int64_t value, int64_t at_ms);
/* REGIONS ("aws/us-east-1, gcp/eu*") has one of PROVIDER, and where REGION is given, this one. */
bool ct_in_use(struct ct_span regions, struct ct_span provider, struct ct_span region);
/* One of LIST; so has a list of none in particular. */
bool ct_any_in_use(struct ct_span regions, struct ct_span provider, const struct ct_list *list);

/* Fresh or late: what it says may be believed. */
static inline bool ct_readable(const struct ct_source_at *s)
{
    return s->freshness == CT_FRESH || s->freshness == CT_LATE;
}
/* Why it is not: "HTTP 403", "no answer for 42m", "not recorded". */
struct ct_span ct_unreadable_reason(struct ct_reader *r, const struct ct_source_at *s);
/* Shown now, and at a past moment whenever it had spoken by then. */
static inline bool ct_counts(const struct ct_reader *r, const struct ct_source_at *s)
{
    return r->live ? s->enabled : s->last_attempt_ms != CT_NONE;
}
/* What line 1 and screen 1 count of status sources: those shown, and what was imported of others for as long as it can be
 * believed; trouble in it, until it is as old as what a page forgot. */
bool ct_status_counts(struct ct_reader *r, const struct ct_source_at *s);
/* "openai/api", or the provider, or the source's name. */
struct ct_span ct_source_where(struct ct_reader *r, const struct ct_source_at *s);
/* A Statuspage whose own time has not moved for 45 days: a mirror that nobody feeds any more answers
 * like that (sources/status.md P6). It may also be a quiet page; nobody can tell, so that its "all is
 * well" is not taken for knowledge. So is that of a feed that names the time of its rendering, when it
 * was rendered hours before it came. Other feeds look frozen when all is well (P22) and are not meant. */
bool ct_stands_still(const struct ct_source_at *s);
/* Our roll-up: its state at r->t as last known (raw) and as it may be claimed. */
struct ct_scope_state {
    int state, raw;
    int64_t since_ms;
};
struct ct_scope_state ct_scope_state(struct ct_reader *r, const struct ct_source_at *s);

/* The answers of a source, runs of equal ones as one, that began in [from_ms, to_ms], oldest first; before them the last
 * good one that began by from_ms, with the failures since (none was good: all before). Good until the load ends. */
struct ct_polls {
    const struct ct_poll *v;
    size_t n;
};
struct ct_polls ct_polls_between(struct ct_reader *r, int64_t source, int64_t from_ms, int64_t to_ms);

/* The stretches of [from_ms, to_ms] in which SOURCE's answers were not known, oldest first,
 * disjoint.
 *
 * Two good answers no further apart than 2 intervals and a minute leave no gap, whatever failed in
 * between. A wider pause is one, from the last good answer to the next, told by reason: what the
 * failed attempts in it said, "not recorded" where nobody asked. Imported observations are as far
 * apart as their collector chose: between two neighbouring ones there is a gap only where their
 * distance is more than four times that of the neighbours on either side. */
struct ct_gaps {
    CT_VEC(struct ct_gap) v;
};
void ct_source_gaps(struct ct_reader *r, const struct ct_source_at *s, int64_t from_ms,
                    int64_t to_ms, struct ct_gaps *out);
bool ct_in_gap(const struct ct_gaps *gaps, int64_t at_ms);

/* 10^-3 TFLOPS (dense BF16) of one accelerator; CT_NONE when the reference table does not know. */
int64_t ct_accelerator_mtflops(struct ct_reader *r, const struct ct_offer *o);
void ct_accelerators_free(struct ct_reader *r);

/* Incidents of SOURCE at r->t into a vector of struct ct_incident_row. */
struct ct_incident_list {
    CT_VEC(struct ct_incident_row) v;
};
void ct_incidents_at(struct ct_reader *r, const struct ct_source_at *s, bool closed_too,
                     struct ct_incident_list *out);
/* Components of SOURCE at r->t that count (no headings, none that are gone). */
struct ct_component_list {
    CT_VEC(struct ct_component_row) v;
    int64_t bad; /* degraded or worse */
};
/* STATE of a provider of which only some REGIONS are used. Trouble that only the page as a whole tells of may be
 * anywhere: it counts. */
int ct_state_in_use(struct ct_span regions, struct ct_span provider, int state,
                    const struct ct_incident_list *incidents, const struct ct_component_list *components);
void ct_components_at(struct ct_reader *r, const struct ct_source_at *s,
                      struct ct_component_list *out);
/* "3 of 28 components degraded: A, B, C"; of a probe what its last tries were. Null: none is bad. */
struct ct_span ct_components_text(struct ct_reader *r, const struct ct_source_at *s,
                                  const struct ct_component_list *list);
/* S tries an address of its own accord (fetchers/probe.h): its one component says how that went. */
bool ct_source_probes(const struct ct_source_at *s);

/* Kinds of series that are not stored but made of others (db/market.h). */
enum {
    CT_SERIES_INDEX = 100, CT_SERIES_HOSTS, CT_SERIES_CLOUDS, CT_SERIES_EXCLUSIVE, CT_SERIES_CLASS,
    CT_SERIES_MADE_END
};

/* A series as SERIES_ALL and SERIES_NAMED give it; one that is made of others has neither id nor
 * source. */
struct ct_series_ref {
    int64_t id, source;
    struct ct_span of[2]; /* GPU and form of an index; lab and model of a number of hosts; a lab */
    int purchase;
    struct ct_span name, unit;
    int digits, kind;
    int64_t cur_ms;
    bool gone;
};
struct ct_series_list {
    CT_VEC(struct ct_series_ref) v;
};
#define CT_SERIES_MOST 64
/* Series of exactly this name, at most MOST. */
void ct_series_named(struct ct_reader *r, struct ct_span name, size_t most,
                     struct ct_series_list *out);
/* Series that SUBJECT names, by the first of these that finds any: the whole name; a glob; an
 * ending at a '/'; all its words (between blanks and '/') anywhere in the name. Null: all. At most
 * MOST. Series that are made of others are meant by a glob only when it begins with their word
 * ("index/", "hosts/", ...), and by an ending or words only when no stored series is. */
enum ct_named { CT_NAMED_EXACT, CT_NAMED_GLOB, CT_NAMED_ENDING, CT_NAMED_WORDS, CT_NAMED_NOTHING };
enum ct_named ct_series_find(struct ct_reader *r, struct ct_span subject, size_t most,
                             struct ct_series_list *out);

/* Since when everything that is asked fails before any answer arrives; CT_NONE when not, or not
 * live. */
int64_t ct_offline_since(const struct ct_reader *r, const struct ct_source_list *list);

struct ct_event_list {
    CT_VEC(struct ct_event_row) v;
};
/* What happened from FROM_MS to TO_MS (both included), newest first, at most LIMIT: everywhere, or to a SOURCE or a
 * SERIES where one is given (not 0). */
struct ct_event_window {
    int64_t from_ms, to_ms, limit, source, series;
    bool no_prices; /* but moves of prices, which are most */
    bool critical;
    int64_t large_milli; /* of prices only moves of that much, up or down; 0: all */
};
void ct_events_read(struct ct_reader *r, const struct ct_source_list *sources, struct ct_event_window w,
                    struct ct_event_list *out);
/* How many moves of prices it may have at or after AT_MS, unless that is earlier than the last time; zero COUNT first. */
struct ct_move_count {
    sqlite3_stmt *st;
    bool over;
    int64_t at_ms, n_there, n; /* where the walk back stands, what is there and what is behind it */
};
int64_t ct_moves_since(struct ct_reader *r, const struct ct_event_window *w, int64_t at_ms, struct ct_move_count *count);
/* Its moves of prices alone (read_price_events.c), in any order. */
void ct_price_events(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_event_window *w,
                     struct ct_event_list *out);
/* Those of LEAPS in W, the newest. */
void ct_leap_events(struct ct_reader *r, const struct ct_source_list *sources, const struct ct_leaps *leaps,
                    const struct ct_event_window *w, struct ct_event_list *out);
int ct_newer_event(const void *a, const void *b);
/* What LIST says, in A: the rest of what was read for it may go. CT_ERR_LIMIT. */
CT_MUST_USE enum ct_status ct_events_own(const struct ct_event_list *list, struct ct_arena *a, struct ct_rows *out,
                                         struct ct_error *err);

/* read_alerts.c: open alerts at r->t; what alerts did from FROM to TO (both included), newest first, at most LIMIT,
 * as events. */
struct ct_alert_row;
struct ct_alert_list {
    CT_VEC(struct ct_alert_row) v;
};
void ct_alerts_at(struct ct_reader *r, struct ct_alert_list *out);
void ct_alert_events(struct ct_reader *r, int64_t from_ms, int64_t to_ms, size_t limit,
                     struct ct_event_list *out);

/* Whether the value V in force at T is the lowest of the 90 days before it, and not merely
 * unchanged. */
bool ct_low_90d(struct ct_reader *r, int64_t series, int64_t t, int64_t v);

/* Segment N (0: the kind) of a series name, unescaped; null when there are fewer. */
struct ct_span ct_name_segment(struct ct_reader *r, struct ct_span name, int n);
struct ct_span ct_name_part(struct ct_span name, int n, struct ct_arena *a);

/* Brings N rows of SIZE into ORDER, the places they come from; uses it up. SPARE: room for a row. */
void ct_put_in_order(void *rows, size_t *order, size_t n, size_t size, void *spare);
/* Sorts N rows of SIZE stably by COMPARE. */
void ct_sort(struct ct_reader *r, void *v, size_t n, size_t size,
             int (*compare)(const void *, const void *));

/* ---- what is asked for in people's words (read_exit.c) ---- */
/* "H100-SXM-80": accelerator, form and memory. */
struct ct_span ct_gpu_name(struct ct_arena *a, const struct ct_offer *o);
/* "h100", "h100-sxm" and "H100 SXM 80" all mean an H100-SXM-80; "h10" does not. */
bool ct_names_gpu(struct ct_span asked, struct ct_span name);
/* "gpt-4o", "openai/gpt-4o". */
bool ct_names_model(struct ct_span asked, const struct ct_token_price *p);
/* Sold by a lab itself. */
bool ct_is_own(const struct ct_token_price *p);
/* Fills premium and blend of N ROWS, those of one model standing together. */
void ct_quote(struct ct_token_row *rows, size_t n, int64_t parts_in, int64_t parts_out);
/* Whether a price of MODEL at HOST in a list of FAMILY puts the model on one of the clouds: lists of resellers' own
 * offers put none there, and what chooses among models is none (read_models.c). */
bool ct_puts_on_cloud(struct ct_span host, struct ct_span family, struct ct_span model);
bool ct_says_who_bills(struct ct_span family);
/* read_labs.c: when labs reached clouds, by lab and moment; the same as events from FROM to TO (both included), of
 * the lab SUBJECT names (itself, or one of its series; null: of all). */
struct ct_reach_list {
    CT_VEC(struct ct_reach_row) v;
};
void ct_reach(struct ct_reader *r, const struct ct_source_list *sources, struct ct_reach_list *out);
void ct_reach_events(struct ct_reader *r, const struct ct_source_list *sources, struct ct_span subject,
                     int64_t from_ms, int64_t to_ms, struct ct_event_list *out);
struct ct_span ct_reach_word(int64_t nth); /* "second" */
/* "clouds/openai", "exclusive/openai" (market_names.c). */
struct ct_span ct_market_lab_name(struct ct_arena *a, int kind, struct ct_span lab);
/* The first sample of SERIES; CT_NONE. */
int64_t ct_first_sample(struct ct_reader *r, int64_t series);
/* The same of any kind of series: of one that is made of others, when the oldest of them began. */
int64_t ct_series_begins(struct ct_reader *r, const struct ct_series_ref *s);
/* Adds to ALL those parts of OWN that no gap of it covers, and keeps the order. */
void ct_join_gaps(struct ct_reader *r, const struct ct_gaps *own, struct ct_gaps *all);
/* db/classes.c: the classes of models, in the order of the table; its members stand together. */
const struct ct_classes *ct_classes(struct ct_reader *r);
void ct_classes_free(struct ct_reader *r);
bool ct_class_has(const struct ct_classes *c, struct ct_span class, struct ct_span lab, struct ct_span model);
bool ct_class_next(const struct ct_classes *c, size_t *i, struct ct_span *class); /* *I from 0 on */
/* Whether a host of this kind sets prices: no reseller, nobody's own machine, nobody unheard of. */
bool ct_class_sells(struct ct_span host_class);
/* Order of numbers where CT_NONE comes last. */
int ct_by_number(int64_t x, int64_t y);

#endif
