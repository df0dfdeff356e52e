/* Shared by the files of the writer (db/write*.c, db/lease.c); nobody else includes it.
 *
 * Errors are sticky: the first failure of SQLite or of the arena is kept in the writer, later calls
 * do nothing, and the transaction looks once, at its end. So the steps of a commit read as a list.
 */
#ifndef CT_WRITE_PRIV_H
#define CT_WRITE_PRIV_H

#include "db/attempts.h"
#include "db/alert_sql.h"
#include "db/newest.h"
#include "db/offer_pack.h"
#include "db/price_event.h"
#include "db/samples.h"
#include "db/file.h"
#include "db/write.h"

#include <sys/types.h>

/* ---- statements ---- one list, prepared once, all by index (tests/unit/test_write.c asks the
 * planner). */
/* clang-format off */
#define SAME_READING "parser IS excluded.parser AND family=excluded.family AND url=excluded.url"
#define CT_WRITE_SQL(X) \
    X(SOURCE_GET, "SELECT id, kind, provider, part_of_list, data_ms, page_id, pending_n, pending_reason," \
        " pending_mark, pending_since_ms, trust, generation, last_attempt_ms, evidence FROM source WHERE name=?1") \
    X(SOURCE_ADD, "INSERT INTO source (name, family, kind, provider, scope, title, url, terms, evidence," \
        " interval_ms, enabled, off_reason, part_of_list, proof, parser)" \
        " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)" \
        " ON CONFLICT (name) DO UPDATE SET family=excluded.family, kind=excluded.kind," \
        " provider=excluded.provider, scope=excluded.scope, title=excluded.title, url=excluded.url," \
        " terms=excluded.terms, evidence=excluded.evidence, interval_ms=excluded.interval_ms," \
        " enabled=excluded.enabled, off_reason=excluded.off_reason, part_of_list=excluded.part_of_list," \
        " proof=iif(excluded.proof=1 AND proof=2 AND family=excluded.family, 2, excluded.proof)," \
        " parser=excluded.parser, etag=iif(" SAME_READING ", etag, NULL)," \
        " last_modified=iif(" SAME_READING ", last_modified, NULL)," \
        " body_hash=iif(" SAME_READING ", body_hash, 0)") \
    X(SOURCE_PROVEN, "UPDATE source SET proof=2 WHERE id=?1 AND proof=1") \
    X(SOURCES_OFF, "UPDATE source SET enabled=0, off_reason='not configured' WHERE off_reason<>'imported'") \
    X(SOURCES_UNPLAN, "UPDATE source SET next_attempt_ms=NULL WHERE NOT enabled") \
    X(SOURCE_INTERVAL, "SELECT interval_ms FROM source WHERE id=?1") \
    X(SOURCE_TRUST, "UPDATE source SET trust=1 WHERE name=?1") \
    X(SOURCE_RECALL, "SELECT last_attempt_ms, last_success_ms, next_attempt_ms, failures, rows, etag," \
        " last_modified, body_hash FROM source WHERE name=?1") \
    X(SOURCE_TRIED, "UPDATE source SET last_attempt_ms=?2, next_attempt_ms=iif(?3, ?4, next_attempt_ms)," \
        " http_status=?5, bytes=?6, latency_ms=?7, changed_rows=?8 WHERE id=?1") \
    X(SOURCE_GOOD, "UPDATE source SET rows=coalesce(?2, rows), etag=?3, last_modified=?4, body_hash=?5," \
        " data_ms=coalesce(?6, data_ms), generation=generation+?7," \
        " last_change_ms=iif(?7, ?8, last_change_ms), trust=0, pending_n=0, pending_reason=NULL," \
        " pending_mark=NULL, pending_since_ms=NULL WHERE id=?1") \
    X(SOURCE_SEEN, "UPDATE source SET etag=coalesce(?2, etag), last_modified=coalesce(?3, last_modified)," \
        " trust=0, pending_n=0, pending_reason=NULL, pending_mark=NULL, pending_since_ms=NULL WHERE id=?1") \
    X(SOURCE_FORGET, "UPDATE source SET etag=NULL, last_modified=NULL, body_hash=0 WHERE id=?1") \
    X(SOURCE_HELD, "UPDATE source SET pending_n=?2, pending_reason=?3, pending_mark=?4," \
        " pending_since_ms=?5 WHERE id=?1") \
    X(SOURCE_NOTES, "INSERT INTO source_note (source_id, left_out, notes) VALUES (?1, ?2, ?3)" \
        " ON CONFLICT (source_id) DO UPDATE SET left_out=excluded.left_out, notes=excluded.notes" \
        " WHERE left_out<>excluded.left_out OR notes<>excluded.notes") \
    X(SOURCE_PAGE, "UPDATE source SET page_id=coalesce(?2, page_id), page_name=coalesce(?3, page_name)," \
        " page_url=coalesce(?4, page_url), page_indicator=?5, page_updated_ms=?6 WHERE id=?1") \
    /* what the timeline says now: last success, failures since, and the last error unless it is over */ \
    X(SOURCE_HEALTH, "UPDATE source SET (last_success_ms, failures, error) = (SELECT good.t," \
        " (SELECT coalesce(sum(n), 0) FROM poll WHERE source_id=?1 AND from_ms>coalesce(good.t, -1)" \
        "  AND outcome=2)," \
        " (SELECT iif(outcome>=2, coalesce(?2, reason), NULL) FROM poll WHERE source_id=?1" \
        "  ORDER BY from_ms DESC LIMIT 1)" \
        " FROM (SELECT (SELECT to_ms FROM poll WHERE source_id=?1 AND outcome<=1" \
        "  ORDER BY from_ms DESC LIMIT 1) AS t) AS good) WHERE id=?1") \
    X(FIRST_SEEN, "INSERT INTO meta (key, value) VALUES ('first_ms', ?1) ON CONFLICT (key)" \
        " DO UPDATE SET value=excluded.value WHERE excluded.value<value") \
    /* polls */ \
    X(POLL_LAST, "SELECT from_ms, to_ms, n, outcome, imported, hash, reason FROM poll" \
        " WHERE source_id=?1 AND from_ms<?2 ORDER BY from_ms DESC LIMIT 1") \
    X(POLL_ADD, "INSERT OR REPLACE INTO poll (source_id, from_ms, to_ms, n, outcome, imported, rows, hash," \
        " reason) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)") \
    X(POLL_DEL, "DELETE FROM poll WHERE source_id=?1 AND from_ms=?2") \
    X(POLL_EXTEND, "UPDATE poll SET to_ms=?3, n=n+1 WHERE source_id=?1 AND from_ms=?2") \
    X(POLL_CUT, "UPDATE poll SET to_ms=?3, n=max(1, n-1) WHERE source_id=?1 AND from_ms=?2") \
    X(POLL_CUT_REST, "INSERT INTO poll SELECT source_id, to_ms, to_ms, 1, outcome, imported, rows, hash," \
        " reason FROM poll WHERE source_id=?1 AND from_ms=?2") \
    X(POLL_OK_BEFORE, "SELECT imported, to_ms, rows FROM poll WHERE source_id=?1 AND from_ms<?2 AND outcome=0" \
        " ORDER BY from_ms DESC LIMIT 1") \
    X(POLL_OK_AFTER, "SELECT from_ms FROM poll WHERE source_id=?1 AND from_ms>?2 AND outcome=0" \
        " ORDER BY from_ms LIMIT 1") \
    X(POLL_OK_FIRST, "SELECT from_ms FROM poll WHERE source_id=?1 AND outcome=0 ORDER BY from_ms LIMIT 1") \
    X(POLL_GOOD_AFTER, "SELECT from_ms FROM poll WHERE source_id=?1 AND from_ms>?2 AND outcome<=1" \
        " ORDER BY from_ms LIMIT 1") \
    X(POLL_BACK, "SELECT n, outcome, from_ms FROM poll WHERE source_id=?1 AND from_ms<?2 ORDER BY from_ms DESC") \
    X(POLL_ON, "SELECT from_ms, to_ms, n, outcome FROM poll WHERE source_id=?1 AND from_ms>=?2" \
        " ORDER BY from_ms") \
    X(ATTEMPTS_LAST, "SELECT data_ms, (SELECT left_out FROM source_note WHERE source_id=?1), a.from_ms, a.b," \
        " a.errors FROM source LEFT JOIN attempts a ON a.source_id=?1 AND a.from_ms = (SELECT max(from_ms)" \
        " FROM attempts WHERE source_id=?1) WHERE id=?1") \
    X(ATTEMPTS_PUT, CT_ATTEMPTS_PUT) \
    X(ATTEMPTS_SET, "UPDATE attempts SET b=?3, errors=?4 WHERE source_id=?1 AND from_ms=?2") \
    /* Rows all of whose attempts were before ?2, but for the last two: one of them holds ten or more. */ \
    X(ATTEMPTS_TRIM, "DELETE FROM attempts WHERE source_id=?1 AND from_ms < min((SELECT max(from_ms) FROM attempts" \
        " WHERE source_id=?1 AND from_ms<=?2), (SELECT from_ms FROM attempts WHERE source_id=?1" \
        " ORDER BY from_ms DESC LIMIT 1 OFFSET 1))") \
    /* series */ \
    X(DATA_VERSION, "PRAGMA data_version") \
    X(SERIES_ALL, "SELECT id, kind, ext_key, unit, facts_hash, words FROM series" \
        " WHERE source_id=?1 AND kind<>4") \
    X(SERIES_WORDS, "UPDATE series SET words=?2 WHERE id=?1") \
    X(WORDS_AT, "SELECT from_ms, hash FROM words WHERE series_id=?1 AND from_ms<=?2 ORDER BY from_ms DESC LIMIT 1") \
    X(WORDS_AFTER, "SELECT from_ms, hash FROM words WHERE series_id=?1 AND from_ms>?2 ORDER BY from_ms LIMIT 1") \
    X(WORDS_PUT, "INSERT OR REPLACE INTO words (series_id, from_ms, hash, text) VALUES (?1,?2,?3,?4)") \
    X(WORDS_COPY, "INSERT OR IGNORE INTO words SELECT series_id, ?3, hash, text FROM words" \
        " WHERE series_id=?1 AND from_ms=?2") \
    X(WORDS_DEL, "DELETE FROM words WHERE series_id=?1 AND from_ms=?2") \
    X(SERIES_ONE, "SELECT id FROM series WHERE source_id=?1 AND kind=?2 AND ext_key=?3") \
    X(SERIES_ADD, "INSERT INTO series (source_id, kind, ext_key, name, unit, digits, facts_hash)" \
        " VALUES (?1,?2,?3,?4,?5,?6,?7)") \
    X(SERIES_FACTS, "UPDATE series SET name=?2, unit=?3, facts_hash=?4 WHERE id=?1") \
    /* newest samples */ \
    X(NEWEST_OF, "SELECT k, b FROM newest WHERE k>?1 AND k<?2 ORDER BY k") \
    X(NEWEST_PENDING, "SELECT 1 FROM newest WHERE k>?1 AND k<?2 AND pending>0 LIMIT 1") \
    X(NEWEST_SET, "UPDATE newest SET rev=rev+1, pending=?2, b=?3 WHERE k=?1") \
    X(NEWEST_ADD, "INSERT INTO newest (k, rev, pending, b) VALUES (?1, ?2, ?3, ?4)") \
    X(NEWEST_CUT, "DELETE FROM newest WHERE k>?1 AND k<?2") \
    X(NEWEST_FROM, "SELECT k, b FROM newest WHERE k>=?1 ORDER BY k LIMIT 1") \
    X(COMPONENTS, "SELECT id FROM series WHERE source_id=?1 AND kind=3") \
    /* facts */ \
    X(OFFER_PUT, "INSERT OR REPLACE INTO offer VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15," \
        "?16,?17,?18,?19,?20,?21,?22,?23,?24)") \
    X(TOKEN_PUT, "INSERT OR REPLACE INTO token VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)") \
    X(COMPONENT_PUT, "INSERT OR REPLACE INTO component VALUES (?1,?2,?3,?4,?5,?6,?7)") \
    X(ENDPOINT_PUT, "INSERT OR REPLACE INTO endpoint VALUES (?1,?2,?3,?4,?5,?6,?7)") \
    X(ARTICLE_PUT, "INSERT OR REPLACE INTO article (source_id, ext_id, title, url, summary, published_ms, first_ms," \
        " gone_ms) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)") \
    X(ARTICLE_DEL, "DELETE FROM article WHERE source_id=?1 AND ext_id=?2") \
    X(ARTICLES_SAID, "SELECT ext_id FROM article WHERE source_id=?1 AND gone_ms>?2 AND first_ms<=?2") \
    /* events */ \
    X(EVENT_ADD, "INSERT OR IGNORE INTO event (at_ms, id, origin, kind, severity, source_id, series_id," \
        " subject, ref, field, text, unit, old, new, pct, suspect)" \
        " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)") \
    X(EVENT_CLEAR, "DELETE FROM event WHERE source_id=?1 AND at_ms BETWEEN ?2 AND ?3 AND origin=?4") \
    X(MOVES_PUT, CT_PRICE_MOVES_PUT) \
    X(MOVES_CLEAR, "DELETE FROM price_move WHERE at_ms=?2 AND source_id=?1") \
    X(EVENT_CLEAR_INCIDENT, "DELETE FROM event WHERE source_id=?1 AND ref=?2 AND origin=1") \
    /* incidents */ \
    X(INCIDENT_ADD, "INSERT OR REPLACE INTO incident (source_id, ext_id, at_ms, next_ms, listed, gone_ms," \
        " first_ms, gone, open, state, phase, title, raw_impact, url, started_ms, updated_ms, resolved_ms," \
        " scheduled_for_ms, scheduled_until_ms, components, regions, hash)" \
        " VALUES (?1,?2,?3,?4,1,?4,?3,0,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)") \
    X(INCIDENT_MISS, "INSERT OR REPLACE INTO incident (source_id, ext_id, at_ms, next_ms, listed, gone_ms," \
        " first_ms, gone, hash) VALUES (?1,?2,?3,?4,0,?4,?3,1,0)") \
    X(INCIDENT_COPY, "INSERT INTO incident (source_id, ext_id, at_ms, next_ms, listed, gone_ms, first_ms," \
        " gone, open, state, phase, title, raw_impact, url, started_ms, updated_ms, resolved_ms," \
        " scheduled_for_ms, scheduled_until_ms, components, regions, hash)" \
        " SELECT source_id, ext_id, ?4, next_ms, listed, gone_ms, first_ms, gone, open, state, phase," \
        " title, raw_impact, url, started_ms, updated_ms, resolved_ms, scheduled_for_ms," \
        " scheduled_until_ms, components, regions, hash" \
        " FROM incident WHERE source_id=?1 AND ext_id=?2 AND at_ms=?3") \
    X(INCIDENT_DEL, "DELETE FROM incident WHERE source_id=?1 AND ext_id=?2 AND at_ms=?3") \
    X(INCIDENT_AT, "SELECT at_ms, listed, hash FROM incident WHERE source_id=?1 AND ext_id=?2 AND at_ms<=?3" \
        " ORDER BY at_ms DESC LIMIT 1") \
    /* the first moment from ?3 on at which it was listed; NULL where it is no incident or was not listed any more */ \
    X(INCIDENT_AGAIN, "SELECT max(at_ms, ?3) FROM incident WHERE source_id=?1 AND ext_id=?2 AND listed=1" \
        " AND next_ms>?3 ORDER BY at_ms LIMIT 1") \
    X(INCIDENT_ANY, "SELECT 1 FROM incident WHERE source_id=?1 AND ext_id=?2 LIMIT 1") \
    X(INCIDENT_LISTED, "SELECT ext_id FROM incident WHERE source_id=?1 AND listed=1 AND next_ms>=?2" \
        " AND at_ms<=?3") \
    X(INCIDENT_MISSING, "SELECT ext_id FROM incident WHERE source_id=?1 AND listed=0 AND gone_ms>=?2" \
        " AND next_ms>?2 AND at_ms<=?3") \
    X(INCIDENT_ALL, "SELECT at_ms, listed, open, state, phase, title FROM incident" \
        " WHERE source_id=?1 AND ext_id=?2 ORDER BY at_ms") \
    X(INCIDENT_SET, "UPDATE incident SET next_ms=?4, gone_ms=?5, from_ms=?6, to_ms=?7, first_ms=?8" \
        " WHERE source_id=?1 AND ext_id=?2 AND at_ms=?3") \
    X(INCIDENT_CLOSE, "UPDATE incident SET (open, state, phase, title, raw_impact, url, started_ms," \
        " updated_ms, resolved_ms, scheduled_for_ms, scheduled_until_ms, components, regions) =" \
        " (SELECT 0, 2, 9, title, raw_impact, url, started_ms, updated_ms, NULL, scheduled_for_ms," \
        " scheduled_until_ms, components, regions FROM incident" \
        " WHERE source_id=?1 AND ext_id=?2 AND at_ms=?4) WHERE source_id=?1 AND ext_id=?2 AND at_ms=?3") \
    X(INCIDENT_OPEN, "SELECT state, phase, coalesce(updated_ms, started_ms) FROM incident" \
        " WHERE source_id=?1 AND open=1 AND to_ms>?2 AND from_ms<=?2") \
    X(UPDATE_PUT, "INSERT OR REPLACE INTO incident_update (source_id, incident, ext_id, at_ms, phase, text," \
        " first_ms, gone_ms) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)") \
    X(UPDATE_DEL, "DELETE FROM incident_update WHERE source_id=?1 AND incident=?2 AND ext_id=?3") \
    X(UPDATES_SAID, "SELECT ext_id FROM incident_update WHERE source_id=?1 AND incident=?2 AND gone_ms>?3" \
        " AND first_ms<=?3") \
    /* wording: what texts were */ \
    X(UPDATE_GET, "SELECT first_ms, gone_ms, text, at_ms, phase FROM incident_update" \
        " WHERE source_id=?1 AND incident=?2 AND ext_id=?3") \
    X(ARTICLE_GET, "SELECT first_ms, gone_ms, title, url, summary, published_ms FROM article" \
        " WHERE source_id=?1 AND ext_id=?2") \
    X(NOTES_GET, "SELECT 0, 9223372036854775807, notes FROM source_note WHERE source_id=?1") \
    X(WORDING_ANY, "SELECT 1 FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4 LIMIT 1") \
    X(WORDING_AT, "SELECT from_ms, hash FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4" \
        " AND from_ms<=?5 ORDER BY from_ms DESC LIMIT 1") \
    X(WORDING_AFTER, "SELECT from_ms, hash FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4" \
        " AND from_ms>?5 ORDER BY from_ms LIMIT 1") \
    X(WORDING_ALL, "SELECT from_ms, hash FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4" \
        " ORDER BY from_ms") \
    X(WORDING_TEXT, "SELECT text FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4" \
        " AND hash<>0 ORDER BY from_ms DESC LIMIT 1") \
    X(WORDING_CLEAR, "DELETE FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4") \
    X(WORDING_PUT, "INSERT OR REPLACE INTO wording (kind, source_id, owner, ext_id, from_ms, hash, text)" \
        " VALUES (?1,?2,?3,?4,?5,?6,?7)") \
    X(WORDING_COPY, "INSERT OR IGNORE INTO wording SELECT kind, source_id, owner, ext_id, ?6, hash, text" \
        " FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4 AND from_ms=?5") \
    X(WORDING_DEL, "DELETE FROM wording WHERE kind=?1 AND source_id=?2 AND owner=?3 AND ext_id=?4 AND from_ms=?5") \
    /* references: what prices were */ \
    X(REFERENCE_AT, "SELECT at_ms FROM reference WHERE back_ms=?1 AND part=0") \
    X(REFERENCE_DEL, "DELETE FROM reference WHERE back_ms=?1") \
    X(REFERENCE_PUT, "INSERT INTO reference (back_ms, part, at_ms, until_ms, b, moments) VALUES (?1,?2,?3,?4,?5,?6)") \
    X(INDEX_PAST_PUT, "INSERT OR REPLACE INTO index_past (gpu, form, purchase, from_ms, until_ms, upto_ms, series, mark, b," \
        " leaps) VALUES (?1,?2,?3,?4,?5,?5,(SELECT ifnull(max(id), 0) FROM series),?6,?7,?8)") \
    X(INDEX_PAST_OLD, "DELETE FROM index_past WHERE until_ms<?1") \
    /* retention: prices (kinds 0 and 2) keep every change */ \
    X(RETAIN_SERIES, "SELECT id, source_id FROM series WHERE id>?1 AND kind NOT IN (0, 2) ORDER BY id LIMIT 1") \
    X(RETAIN_EVENTS, "DELETE FROM event WHERE series_id=?1 AND at_ms=?2 AND kind IN (1, 3)") \
    X(RETAIN_SOURCE, "SELECT id FROM source WHERE id>?1 ORDER BY id LIMIT 1") \
    X(RETAIN_POLLS, "SELECT from_ms, to_ms, n, outcome, imported, rows, hash FROM poll" \
        " WHERE source_id=?1 AND from_ms>=?2 AND from_ms<?3 ORDER BY from_ms LIMIT ?4") \
    /* polls packed */ \
    X(PACKS, "SELECT k, after_ms, n FROM poll_pack WHERE k>=?1 AND k<?2 ORDER BY k") \
    X(PACK_PUT, "INSERT INTO poll_pack (k, after_ms, n, b, reasons) VALUES (?1,?2,?3,?4,?5)") \
    X(PACK_DEL, "DELETE FROM poll_pack WHERE k=?1") \
    X(PACK_AFTER, "UPDATE poll_pack SET after_ms=?2 WHERE k=?1") \
    X(POLLS_OF, "SELECT from_ms, to_ms, outcome, imported, reason FROM poll" \
        " WHERE source_id=?1 AND from_ms>?2 AND from_ms<=?3 ORDER BY from_ms LIMIT ?4") \
    /* facts of offers packed */ \
    X(OFFER_AFTER, "SELECT min(series_id) FROM offer WHERE series_id>=?1") \
    X(OFFER_PACK_OF, "SELECT 1 FROM offer_pack WHERE k=?1") \
    X(OFFER_PACK_PUT, "INSERT INTO offer_pack (k, b) VALUES (?1,?2)") \
    X(OFFER_FACTS, "SELECT o.series_id," CT_FACT_COLUMNS " FROM offer o WHERE o.series_id>=?1 AND o.series_id<?2" \
        " ORDER BY o.series_id") \
    X(RETAIN_DAY, "SELECT day FROM recorded_day ORDER BY day DESC LIMIT 1 OFFSET ?1") \
    X(DAY_ADD, "INSERT OR IGNORE INTO recorded_day VALUES (?1)") \
    X(SIMULATED, CT_SIMULATED) \
    X(META_GET, "SELECT value FROM meta WHERE key=?1") \
    X(META_PUT, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)") \
    /* lease */ \
    X(LEASE_GET, "SELECT owner, pid, host, beat_ms FROM lease WHERE id=1") \
    X(LEASE_PUT, "INSERT OR REPLACE INTO lease VALUES (1,?1,?2,?3,?4,?4)") \
    X(LEASE_BEAT, "UPDATE lease SET beat_ms=?4 WHERE id=1 AND pid=?1 AND host=?2 AND since_ms=?3") \
    X(LEASE_DEL, "DELETE FROM lease WHERE id=1 AND pid=?1 AND host=?2 AND since_ms=?3") \
    CT_ALERT_WRITE_SQL(X)
/* clang-format on */

enum ct_sql {
#define X(name, sql) Q_##name,
    CT_WRITE_SQL(X)
#undef X
        CT_N_SQL
};
extern const char *const ct_write_sql[CT_N_SQL];

/* How far a pass of retention has come (retain.c). */
struct ct_retain_state {
    bool on;
    int phase;
    int64_t id, from_ms;              /* the series or source in hand, and where in it */
    int64_t done_ms[2], until_ms[2];  /* hours, days: thinned up to, to be thinned up to */
    int64_t next_boot_ms;
};

/* References in the making: what the series before SERIES of the row KEY of table newest, and of those before it, were
 * from AT_MS to UNTIL_MS. */
struct ct_reference_making {
    int64_t back_ms, at_ms, until_ms, key, series; /* BACK_MS 0: none is */
    int64_t done_ms;                          /* the full hour for which nothing is left to do */
    struct ct_sample *value, *moment; /* keys: series * CT_REFERENCE_NTH + which of its samples */
    size_t n, cap;
};

struct ct_writer {
    sqlite3 *db;
    char *path;
    unsigned flags;
    sqlite3_stmt *st[CT_N_SQL];
    struct ct_samples *samples;
    struct ct_known_list *known; /* write_known.c */
    struct ct_arena *arena; /* of the running commit */
    int rc;                 /* first failure of SQLite, or SQLITE_OK */
    char why[CT_WHY_BYTES];
    bool reopen; /* the handle met an I/O error: nothing it knows is trusted any more */
    bool committing;
    bool held; /* several commits are made one, by ct_write_release */
    int lock_fd;      /* for the lease to come, or -1 */
    int note_fd;      /* of the lease's lock file, or -1: where trouble is noted for viewers */
    int64_t noted_ms; /* since when; CT_NONE: there is none */
    bool dirty;  /* committed since the last checkpoint */
    dev_t dev;
    ino_t ino;
    struct ct_retain_state retain;
    struct ct_reference_making reference;
    struct ct_index_keeping {
        struct ct_reader *reader; /* NULL: nothing is being done */
        size_t next;
        int passes; /* through all of them */
        bool due, unfinished;
    } indices; /* write_index.c */
    int64_t packing; /* whose polls are being packed; 0: nobody's */
    int64_t offers_from; /* the series from which on facts are being packed; 0: none are */
};

/* A value to bind. Absent (CT_NONE, -1 for enums, null span) becomes NULL. */
struct ct_val {
    bool text, blob;
    int64_t i;
    struct ct_span t;
};
static inline struct ct_val vi(int64_t i)
{
    return (struct ct_val){.i = i};
}
static inline struct ct_val ve(int word)
{
    return (struct ct_val){.i = word < 0 ? CT_NONE : word};
}
static inline struct ct_val vt(struct ct_span t)
{
    return (struct ct_val){.text = true, .t = t};
}
static inline struct ct_val vb(struct ct_span t)
{
    return (struct ct_val){.text = true, .blob = true, .t = t};
}
static inline struct ct_val vs(const char *t)
{
    return vt(ct_span(t));
}

/* Statement ID with its values bound, ready to step. Text stays the caller's until then. */
sqlite3_stmt *ct_w_bind(struct ct_writer *w, enum ct_sql id, const struct ct_val *v, size_t n);
#define ASK(w, id, ...)                                                                            \
    ct_w_bind(w, Q_##id, (const struct ct_val[]){__VA_ARGS__},                                     \
              sizeof((const struct ct_val[]){__VA_ARGS__}) / sizeof(struct ct_val))
/* Next row; false at the end or after a failure (then the statement is reset). */
bool ct_w_row(struct ct_writer *w, sqlite3_stmt *st);
/* Done with ST before its end. */
void ct_w_end(sqlite3_stmt *st);
/* Runs a statement without rows; returns the number of changed rows. */
int64_t ct_w_run(struct ct_writer *w, sqlite3_stmt *st);
#define RUN(w, id, ...) ct_w_run(w, ASK(w, id, __VA_ARGS__))
/* Columns; NULL gives CT_NONE, -1 and a null span. */
int64_t ct_w_int(sqlite3_stmt *st, int column);
int ct_w_word(sqlite3_stmt *st, int column);
struct ct_span ct_w_text(struct ct_writer *w, sqlite3_stmt *st, int column); /* into the arena */
/* First column of the first row, or CT_NONE. */
int64_t ct_w_one(struct ct_writer *w, sqlite3_stmt *st);

CT_MUST_USE enum ct_status ct_w_begin(struct ct_writer *w, struct ct_error *err);
/* Commits, or rolls back when something failed: then WHERE says what was being stored. */
CT_MUST_USE enum ct_status ct_w_commit(struct ct_writer *w, const char *where,
                                       struct ct_error *err);

/* Takes everything back since ct_w_begin. What failed before still counts. */
CT_MUST_USE enum ct_status ct_w_undo(struct ct_writer *w, const char *where, struct ct_error *err);
/* Seals what waits when it is so much that readers feel it: an import never pauses. */
void ct_w_seal_many(struct ct_writer *w);

/* What keeps the fetcher from storing, for those who look on: a line in its lock file, which has its room from the
 * start, so that a full disk can be told of. WHY NULL: nothing (any more). */
#define CT_NOTE_BYTES 256
void ct_note_trouble(struct ct_writer *w, const char *why);

/* ---- one commit ---- */

struct ct_job {
    struct ct_writer *w;
    const struct ct_fetch *f;
    struct ct_commit *out;
    /* the source */
    int64_t source;
    struct ct_span provider; /* the source's name where no provider is configured */
    int kind;
    bool part_of_list;
    bool states_stock; /* its evidence is stock: it states what can be had */
    /* the observation and its neighbours */
    int64_t at_ms;
    int64_t next_ms; /* the next observation that carries rows; CT_NONE: this is the newest */
    bool append;     /* nothing of this source is later */
    bool first;      /* no observation with rows is earlier: it makes no events */
    bool changed;    /* something besides the timeline was written */
    struct ct_series_set *set;
};

/* The value of a series at one observation. Two gone ones are equal. */
struct ct_value {
    int64_t v; /* CT_NONE: no number */
    int flags; /* CT_SAMPLE_GONE, CT_SAMPLE_PART */
};

/* write_gather.c: rows against what is known. Gather first; it also counts and hashes. */
void ct_w_gather(struct ct_job *j, const struct ct_batch *b);
uint64_t ct_w_hash(const struct ct_job *j);
/* Series that describe the answer itself (offers, tokens, components, endpoints): before, and in
 * it. */
void ct_w_count(const struct ct_job *j, int64_t *had, int64_t *has);
/* Rows that somebody kept beside those stored of the same moment, which stay; of two values of one series the higher, in
 * whatever order they come. False: they are all there. */
bool ct_w_add_to_moment(struct ct_job *j);
void ct_w_apply_series(struct ct_job *j);
/* A new sample, counted. */
void ct_w_put(struct ct_job *j, int64_t series, int64_t at_ms, int64_t value, int flags);
/* A poll that only repeats: quarantines may end with it. */
void ct_w_repeat_series(struct ct_job *j);

/* write_newest.c: the newest samples of the set's series that changed, and that of the provider's own series. */
void ct_w_store_newest(struct ct_job *j);
void ct_w_store_newest_state(struct ct_job *j, int64_t series);

/* write_known.c: forgets what it knows of a source, or of all: they are looked up again. */
void ct_w_drop_known(struct ct_writer *w, int64_t source);
void ct_w_forget_known(struct ct_writer *w);
/* Keeps the series of the set as the job leaves them for the next one. */
void ct_w_keep_known(struct ct_job *j);

/* write_incident.c */
uint64_t ct_w_hash_incidents(const struct ct_batch *b);
void ct_w_apply_incidents(struct ct_job *j,
                          const struct ct_batch *b); /* B NULL: a poll that repeats */

/* write_timeline.c: provider state, source failing and recovered, from the polls around the new
 * one. */
void ct_w_apply_timeline(struct ct_job *j);
/* The first successful poll after T (of any kind), or CT_NONE. */
int64_t ct_w_next_good(struct ct_job *j, int64_t t);

/* Puts an event there (once) and counts it. ID is made from SEED and what names the event. */
struct ct_new_event {
    int64_t at_ms, series;
    enum ct_event_origin origin;
    enum ct_event_kind kind;
    enum ct_severity severity;
    struct ct_span seed, subject, ref, field, text;
    const char *unit;
    int64_t old_value, new_value, pct;
    int suspect;
};
void ct_w_event(struct ct_job *j, const struct ct_new_event *e);
/* Counts an event that is new. */
void ct_w_saw(struct ct_job *j, const struct ct_seen_event *e);
/* WORDS[V], or "?" where a damaged file holds a number that is no word. */
const char *ct_w_name(const char *const *words, int64_t v);
enum ct_severity ct_w_state_severity(int64_t state);

/* status_rollup.c */
struct ct_rollup_component {
    int state; /* enum ct_state */
    int part;  /* of CT_SAMPLE_PART */
};
struct ct_rollup_incident {
    int state, phase;  /* open ones; enum ct_state (-1 unknown), enum ct_phase */
    int64_t active_ms; /* last sign of life the source gives; CT_NONE: never called stale */
};
/* The state of a provider from what its page says (sources/status.md section 4.2). */
int ct_rollup(const struct ct_rollup_component *c, size_t n_c, const struct ct_rollup_incident *i,
              size_t n_i, int64_t at_ms);
/* The page's own word ("minor", "HASISSUES", "300") as a state; unknown for others, -1 for null. */
int ct_indicator_state(struct ct_span word);

/* db/write_wording.c: messages, articles and notes of the observation at hand. LISTED: the incidents it lists. */
void ct_w_apply_wording(struct ct_job *j, const struct ct_batch *b, const struct ct_list *listed);
void ct_w_word_notes(struct ct_job *j, struct ct_span notes);

/* Hashes of what an answer holds: the same everywhere, for they are stored. */
static inline uint64_t ct_w_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ (h >> 31);
}
static inline uint64_t ct_w_mix_text(uint64_t h, struct ct_span t)
{
    return ct_w_mix(h, t.p ? ct_hash(t) : 1);
}

/* db/write_reference.c: forgets what is in the making. */
void ct_w_reference_drop(struct ct_writer *w);
/* db/write_index.c: makes what is kept of indices until END_MS, a transaction having begun; true: there is more. */
bool ct_w_keep_indices(struct ct_writer *w, int64_t now_ms, int64_t end_ms);
void ct_w_index_drop(struct ct_writer *w);
/* db/write_polls.c: packs polls until END_MS; true: there are more. */
bool ct_w_pack_polls(struct ct_writer *w, int64_t end_ms);
/* db/write_offers.c: packs facts of offers until END_MS; true: there are more. */
bool ct_w_pack_offers(struct ct_writer *w, int64_t end_ms);

#endif
