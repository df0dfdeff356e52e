#include "config.h"

#include "db/attempts.h"
#include "db/newest.h"
#include "db/price_event.h"
#include "db/samples.h"
#include "db/file.h"
#include "db/offer_pack.h"

#include "db/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Version 1: one row a change (see step 7). All times are Unix ms; CT_LIVE (2^63 - 1) is "until further notice". Enums are
 * stored as the numbers of db/model.h. NULL: the source does not say. */
static const char step_1[] =
    /* first_ms: the first stored observation of any source. */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER) STRICT, WITHOUT ROWID;"

    /* One row a configured source: its configuration, health, what the fetcher must remember, its page, and
     * the answer that is held back. NAME is the stable id of the registry. REASON of being off: off_reason. */
    "CREATE TABLE source ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " family TEXT NOT NULL, kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),"
    " provider TEXT NOT NULL, scope TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL,"
    " terms TEXT NOT NULL, evidence INTEGER NOT NULL CHECK (evidence BETWEEN 0 AND 3),"
    " interval_ms INTEGER NOT NULL, enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),"
    " off_reason TEXT NOT NULL, part_of_list INTEGER NOT NULL CHECK (part_of_list IN (0, 1)),"
    /* health; failures: in a row; data_ms: the newest answer's own time; generation counts changed answers */
    " last_attempt_ms INTEGER, last_success_ms INTEGER, last_change_ms INTEGER,"
    " next_attempt_ms INTEGER, failures INTEGER NOT NULL DEFAULT 0, http_status INTEGER,"
    " bytes INTEGER, rows INTEGER, changed_rows INTEGER, latency_ms INTEGER, error TEXT,"
    " etag TEXT, last_modified TEXT, body_hash INTEGER NOT NULL DEFAULT 0, data_ms INTEGER,"
    " generation INTEGER NOT NULL DEFAULT 0,"
    /* the page as it names itself */
    " page_id TEXT, page_name TEXT, page_url TEXT, page_indicator TEXT, page_updated_ms INTEGER,"
    /* suspicious answers in a row (0: none held back: "unconfirmed" is pending_n > 0) */
    " pending_n INTEGER NOT NULL DEFAULT 0, pending_reason TEXT, pending_mark INTEGER,"
    " pending_since_ms INTEGER, trust INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"

    /* The timeline of each source, disjoint runs in order. A live attempt that ends as the one before it and
     * changed nothing extends the run; imports never extend. FROM and TO are moments of real attempts; with
     * n > 2 more lie between. IMPORTED rows have n = 1. Ages, gaps and their reasons at any moment come from
     * here: the last success at or before T is the last row with outcome <= 1 and from_ms <= T, at
     * min(to_ms, T). HASH is of the rows. */
    "CREATE TABLE poll ("
    " source_id INTEGER NOT NULL REFERENCES source(id), from_ms INTEGER NOT NULL,"
    " to_ms INTEGER NOT NULL, n INTEGER NOT NULL CHECK (n > 0),"
    " outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 3),"
    " imported INTEGER NOT NULL, rows INTEGER NOT NULL, hash INTEGER NOT NULL, reason TEXT,"
    " PRIMARY KEY (source_id, from_ms), CHECK (from_ms <= to_ms)"
    ") STRICT, WITHOUT ROWID;"

    /* The latest live attempts of each source. OUTCOME as poll.outcome (1: not modified). */
    "CREATE TABLE attempt ("
    " source_id INTEGER NOT NULL REFERENCES source(id), at_ms INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, http_status INTEGER, bytes INTEGER, rows INTEGER,"
    " changed_rows INTEGER, latency_ms INTEGER, error TEXT,"
    " PRIMARY KEY (source_id, at_ms)"
    ") STRICT, WITHOUT ROWID;"

    /* One quantity over time. NAME is the public name (contract section 4), not unique; EXT_KEY the source's
     * own key: ct_offer_key (plus separator and currency when that is not USD), token source id + separator
     * + field (and separator and seller where ids are unique only there), component id, "" for provider and page. DIGITS: values are 10^-digits of UNIT. CUR_*, LOW
     * and HIGH: see version 13. Present = cur_flags has no CT_SAMPLE_GONE; then it was last seen at its source's
     * last success, else it is missing since cur_ms. */
    "CREATE TABLE series ("
    " id INTEGER PRIMARY KEY,"
    " source_id INTEGER NOT NULL REFERENCES source(id), kind INTEGER NOT NULL,"
    " ext_key TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL, digits INTEGER NOT NULL,"
    " cur_ms INTEGER, cur_value INTEGER, cur_flags INTEGER NOT NULL DEFAULT 8,"
    " low INTEGER, high INTEGER,"
    " facts_hash INTEGER NOT NULL DEFAULT 0, UNIQUE (source_id, kind, ext_key)"
    ") STRICT;"
    "CREATE INDEX series_name ON series (name);"
    "CREATE INDEX series_pending ON series (source_id) WHERE cur_flags & 1;"

    /* The value in force from AT_MS on, one row a change (and one where a quarantine is lifted). Only moments
     * of successful polls (provider series: also the third failure) occur. NULL: no number; FLAGS say why. */
    "CREATE TABLE sample ("
    " series_id INTEGER NOT NULL REFERENCES series(id), at_ms INTEGER NOT NULL,"
    " value INTEGER CHECK (value >= 0),"
    " flags INTEGER NOT NULL CHECK (flags BETWEEN 0 AND 63),"
    " PRIMARY KEY (series_id, at_ms)"
    ") STRICT, WITHOUT ROWID;"

    /* Facts: the text beside the numbers, as the newest observation that lists the row gave it. An offer is
     * keyed by its gpu series; STOCK_SERIES is NULL where the source does not state capacity (sources whose
     * evidence is "stock" have one for every offer; others only where a row states it). Of several offers
     * with one key (a marketplace) the cheapest is described, N_OFFERS says how many there were. What samples tell
     * changes nothing here: PRICE_PER_HOUR is 0 where a whole instance was quoted and costs GPU_COUNT times one
     * (then PRICE_PER_GPU_HOUR is NULL), else what was quoted for that price of one; STOCK is NULL. */
    "CREATE TABLE offer ("
    " series_id INTEGER PRIMARY KEY REFERENCES series(id), stock_series INTEGER,"
    " key TEXT NOT NULL, cloud TEXT, region TEXT, zone TEXT, sku TEXT, instance TEXT, gpu TEXT,"
    " form TEXT, gpu_mem_milli INTEGER, gpu_count_milli INTEGER, vcpu_milli INTEGER,"
    " mem_milli INTEGER, purchase INTEGER, currency TEXT, price_per_hour INTEGER,"
    " price_per_gpu_hour INTEGER, host_included INTEGER, stock INTEGER, stock_count INTEGER,"
    " interruption TEXT, effective_ms INTEGER, n_offers INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE token ("
    " series_id INTEGER PRIMARY KEY REFERENCES series(id),"
    " ref TEXT NOT NULL," /* the id as the source writes it */
    " lab TEXT, model TEXT, variant TEXT, host TEXT, host_class TEXT, region TEXT, kind INTEGER,"
    " tier TEXT, field TEXT NOT NULL, currency TEXT, context INTEGER, retires_ms INTEGER,"
    " open_weights INTEGER"
    ") STRICT;"
    "CREATE TABLE component ("
    " series_id INTEGER PRIMARY KEY REFERENCES series(id),"
    " ext_id TEXT NOT NULL, name TEXT, grp TEXT, region TEXT, raw_state TEXT, updated_ms INTEGER"
    ") STRICT;"
    "CREATE TABLE endpoint ("
    " series_id INTEGER PRIMARY KEY REFERENCES series(id),"
    " ref TEXT NOT NULL, host TEXT, region TEXT, uptime_30m_milli INTEGER,"
    " latency_ms_p50_milli INTEGER, throughput_tps_p50_milli INTEGER"
    ") STRICT;"

    /* Versions of incidents. AT_MS, NEXT_MS, LISTED, GONE_MS are what was observed: from AT_MS to NEXT_MS the
     * list held this content, or (listed = 0) did not hold the incident; GONE_MS is the second poll that
     * missed it. FROM_MS..TO_MS is when this version counts: at moment T it is the row with from_ms <= T <
     * to_ms (from_ms NULL: never counts). A version with gone = 1 is closed because it vanished, not because
     * the provider said so; its phase is unknown. components, regions: separated by 0x1f. FIRST_MS: first
     * time the incident was seen at all. */
    "CREATE TABLE incident ("
    " source_id INTEGER NOT NULL REFERENCES source(id), ext_id TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL, listed INTEGER NOT NULL,"
    " gone_ms INTEGER NOT NULL, from_ms INTEGER, to_ms INTEGER, first_ms INTEGER NOT NULL,"
    " gone INTEGER NOT NULL, open INTEGER, state INTEGER, phase INTEGER, title TEXT,"
    " raw_impact TEXT, url TEXT, started_ms INTEGER, updated_ms INTEGER, resolved_ms INTEGER,"
    " scheduled_for_ms INTEGER, scheduled_until_ms INTEGER, components TEXT, regions TEXT,"
    " hash INTEGER NOT NULL, PRIMARY KEY (source_id, ext_id, at_ms)"
    ") STRICT, WITHOUT ROWID;"
    /* open at T: source_id = ? AND to_ms > T AND from_ms <= T AND open = 1 */
    "CREATE INDEX incident_open ON incident (source_id, to_ms) WHERE open = 1;"
    "CREATE INDEX incident_listed ON incident (source_id, next_ms) WHERE listed = 1;"
    "CREATE INDEX incident_missing ON incident (source_id, gone_ms) WHERE listed = 0;"

    /* Messages of incidents. FIRST_MS: when we first saw it; SEEN_MS: the observation this text is from. */
    "CREATE TABLE incident_update ("
    " source_id INTEGER NOT NULL REFERENCES source(id), incident TEXT NOT NULL,"
    " ext_id TEXT NOT NULL, at_ms INTEGER, phase INTEGER, text TEXT,"
    " first_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
    " PRIMARY KEY (source_id, incident, ext_id)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE article ("
    " source_id INTEGER NOT NULL REFERENCES source(id), ext_id TEXT NOT NULL, title TEXT, url TEXT,"
    " summary TEXT, published_ms INTEGER, first_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
    " PRIMARY KEY (source_id, ext_id)"
    ") STRICT, WITHOUT ROWID;"

    /* What happened. ID is a hash of what the event is about: the same event has the same (at_ms, id) however
     * often and in whatever order its causes were stored. SERIES_ID: price, stock and state events, and a
     * model event's first series; their subject is the series' name (subject is NULL), TEXT says the change
     * without names that may change later. REF: token source id, offer instance (else key), incident id.
     * OLD and NEW: nano, stock or state by the series' kind. PCT in thousandths of a percent. */
    "CREATE TABLE event ("
    " at_ms INTEGER NOT NULL, id INTEGER NOT NULL,"
    " origin INTEGER NOT NULL, kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 6),"
    " severity INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 2),"
    " source_id INTEGER NOT NULL REFERENCES source(id), series_id INTEGER REFERENCES series(id),"
    " subject TEXT, ref TEXT, field TEXT, text TEXT NOT NULL, unit TEXT, old INTEGER, new INTEGER,"
    " pct INTEGER, suspect INTEGER CHECK (suspect IN (0, 1)),"
    " PRIMARY KEY (at_ms, id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX event_source ON event (source_id, at_ms);"
    "CREATE INDEX event_series ON event (series_id, at_ms) WHERE series_id IS NOT NULL;"
    "CREATE INDEX event_incident ON event (source_id, ref) WHERE origin = 1;"

    /* At most one row: who fetches into this database (the lock file decides, this names the holder). */
    "CREATE TABLE lease ("
    " id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, pid INTEGER NOT NULL,"
    " host TEXT NOT NULL, since_ms INTEGER NOT NULL, beat_ms INTEGER NOT NULL"
    ") STRICT;";

/* Version 2: alerts. Enums are those of db/alerts.h; lists in one column are separated by 0x1f. */
static const char step_2[] =
    /* Instances that are not idle: the present state of each, and all that goes on from it. */
    "CREATE TABLE alert ("
    " id INTEGER PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, labels TEXT NOT NULL,"
    " provider TEXT, grp TEXT NOT NULL, channels TEXT NOT NULL,"
    " severity INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 2), text TEXT, url TEXT, series TEXT,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3), flags INTEGER NOT NULL,"
    " episode INTEGER NOT NULL, since_ms INTEGER NOT NULL, fired_ms INTEGER,"
    " held_ms INTEGER NOT NULL, unknown_ms INTEGER NOT NULL, level INTEGER NOT NULL,"
    " tells INTEGER NOT NULL, seen_ms INTEGER, history INTEGER NOT NULL, memory INTEGER,"
    " latch INTEGER NOT NULL, saved_ms INTEGER NOT NULL"
    ") STRICT;"

    /* What each did; outlives its instance. */
    "CREATE TABLE alert_change ("
    " id INTEGER PRIMARY KEY, alert INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " episode INTEGER NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL,"
    " severity INTEGER NOT NULL, was INTEGER NOT NULL, now INTEGER NOT NULL, text TEXT"
    ") STRICT;"
    "CREATE INDEX alert_change_of ON alert_change (alert, at_ms);"
    "CREATE INDEX alert_change_at ON alert_change (at_ms);"

    /* The outbox: something to tell on a channel, written with the change that caused it. */
    "CREATE TABLE alert_intent ("
    " id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, alert INTEGER NOT NULL,"
    " episode INTEGER NOT NULL, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, delivery INTEGER,"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4), severity INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3), channel TEXT NOT NULL,"
    " grp TEXT NOT NULL, text TEXT, UNIQUE (alert, episode, kind, n, channel)"
    ") STRICT;"
    "CREATE INDEX alert_intent_queued ON alert_intent (state) WHERE state = 0;"

    /* Messages: at least one attempt each, ANSWER is that of the last. */
    "CREATE TABLE alert_delivery ("
    " id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, channel TEXT NOT NULL, grp TEXT NOT NULL,"
    " title TEXT NOT NULL, text TEXT NOT NULL, json TEXT NOT NULL, kind INTEGER NOT NULL,"
    " severity INTEGER NOT NULL, state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),"
    " at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, next_ms INTEGER, done_ms INTEGER,"
    " answer TEXT"
    ") STRICT;"
    "CREATE INDEX alert_delivery_queued ON alert_delivery (state) WHERE state = 0;"
    "CREATE INDEX alert_delivery_at ON alert_delivery (at_ms);"

    /* Since when a rule says what it says. */
    "CREATE TABLE alert_rule ("
    " name TEXT PRIMARY KEY, says TEXT NOT NULL, first_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    /* Somebody has it: of one episode, so it ends with that. */
    "CREATE TABLE alert_ack ("
    " alert INTEGER NOT NULL, episode INTEGER NOT NULL, author TEXT NOT NULL, comment TEXT,"
    " at_ms INTEGER NOT NULL, PRIMARY KEY (alert, episode)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE alert_silence ("
    " id INTEGER PRIMARY KEY, matchers TEXT NOT NULL, author TEXT NOT NULL, comment TEXT NOT NULL,"
    " from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, made_ms INTEGER NOT NULL,"
    " matched_ms INTEGER, ended INTEGER NOT NULL CHECK (ended IN (0, 1)),"
    " CHECK (from_ms <= to_ms)"
    ") STRICT;";

/* Version 3: PROOF of a source: 0 its format is known from recorded answers, 1 only from documents, 2 so,
 * but it has worked for real since. */
static const char step_3[] =
    "ALTER TABLE source ADD COLUMN proof INTEGER NOT NULL DEFAULT 0 CHECK (proof BETWEEN 0 AND 2);";

/* Version 4: what the newest good answer of a source held that was left out on purpose, counted; NOTES says what,
 * unknown names first, as far as there is room. */
static const char step_4[] =
    "CREATE TABLE source_note ("
    " source_id INTEGER PRIMARY KEY REFERENCES source(id), left_out INTEGER NOT NULL, notes TEXT NOT NULL"
    ") STRICT;";

/* Version 5: days (Unix ms / 86400000) on which a live source answered; retention counts in them. */
static const char step_5[] =
    "CREATE TABLE recorded_day (day INTEGER PRIMARY KEY) STRICT;"
    CT_RECORDED_DAYS;

/* Version 6: attempts are kept as long as [history] keeps every change (the last ten always): past moments have
 * their ages and figures from them. NEXT_MS: when the next was due. DATA_MS: the newest answer's own time by then. */
static const char step_6[] =
    "ALTER TABLE attempt ADD COLUMN next_ms INTEGER;"
    "ALTER TABLE attempt ADD COLUMN data_ms INTEGER;"
    "ALTER TABLE attempt ADD COLUMN left_out INTEGER;"
    /* Facts that no sample tells (schema.h has their order), each version from its first observation on, the first
     * one (from_ms 0) before that too. series.words: CT_WORDS_NONE, CT_WORDS_MANY, or the hash of the only one. */
    "CREATE TABLE words ("
    " series_id INTEGER NOT NULL REFERENCES series(id), from_ms INTEGER NOT NULL,"
    " hash INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (series_id, from_ms)"
    ") STRICT, WITHOUT ROWID;"
    "ALTER TABLE series ADD COLUMN words INTEGER NOT NULL DEFAULT 0;";

/* Version 7: samples packed (db/samples.h). */
static const char step_7[] =
    /* One row a moment of a commit: the series that changed at AT_MS, packed (db/codec.h, keys are series).
     * N grows with every commit and is never used again: meta.sealed is the last one whose rows are gone.
     * NET: how many samples more there are since. meta.samples counts the sealed ones. */
    "CREATE TABLE tick ("
    " n INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " net INTEGER NOT NULL, b BLOB NOT NULL"
    ") STRICT;"
    /* Some 256 neighbouring samples of a series, packed (keys are moments). K: the series * 2^38 + the second
     * from which on its samples lie here and no longer in the row before. Prices NULL, flags: as samples were. */
    "CREATE TABLE chunk (k INTEGER PRIMARY KEY, b BLOB NOT NULL) STRICT;";

/* Version 8: events of prices (kind 2, origin 0) are no rows any more (db/price_event.h): their samples tell them.
 * B: the series of SOURCE_ID that had one at AT_MS, from FIRST on, packed (db/codec.h, keys are series, no numbers). */
static const char step_8[] =
    "CREATE TABLE price_move ("
    " at_ms INTEGER NOT NULL, source_id INTEGER NOT NULL REFERENCES source(id), first INTEGER NOT NULL,"
    " b BLOB NOT NULL, PRIMARY KEY (at_ms, source_id, first)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX price_move_source ON price_move (source_id, at_ms);"
    "UPDATE event SET origin = 3 WHERE kind = 2 AND origin = 0 AND"
    " (series_id IS NULL OR series_id NOT IN (SELECT id FROM series WHERE kind IN (0, 2)));";
/* Version 9: what can be worked out, but not quickly. From AT_MS to UNTIL_MS, a while that began BACK_MS before a full
 * hour, the prices are those packed in B with the moments of their samples in MOMENTS (db/codec.h; keys: series *
 * CT_REFERENCE_NTH + which of its samples: the one in force at AT_MS, then its changes). A series that is missing
 * is not known. What is stored of a moment before UNTIL_MS takes it away. */
static const char step_9[] =
    "CREATE TABLE reference ("
    " back_ms INTEGER NOT NULL, part INTEGER NOT NULL, at_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
    " b BLOB, moments BLOB, PRIMARY KEY (back_ms, part)"
    ") STRICT;"
    "CREATE TRIGGER reference_outdated AFTER INSERT ON tick"
    " BEGIN DELETE FROM reference WHERE until_ms >= NEW.at_ms; END;";

/* Version 10: what messages, articles and the notes of sources said over time, of those that ever changed: each version
 * from its first observation on. OWNER: the incident of a message. TEXT: fields as in table words: of a message its
 * text, moment and phase; of an article title, address, summary and date; of a source its notes. */
static const char step_10[] =
    "CREATE TABLE wording ("
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2), source_id INTEGER NOT NULL REFERENCES source(id),"
    " owner TEXT NOT NULL, ext_id TEXT NOT NULL, from_ms INTEGER NOT NULL, hash INTEGER NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY (kind, source_id, owner, ext_id, from_ms)"
    ") STRICT, WITHOUT ROWID;";

/* Version 11: attempts packed, up to 64 neighbours of a source a row (db/attempts.h). ERRORS: what those that failed
 * said, each text once and ended by a separator. */
static const char step_11[] =
    "CREATE TABLE attempts ("
    " source_id INTEGER NOT NULL REFERENCES source(id), from_ms INTEGER NOT NULL, b BLOB NOT NULL,"
    " errors TEXT NOT NULL, PRIMARY KEY (source_id, from_ms)"
    ") STRICT;";

/* Version 12: how many series there are is counted as they come: to count the rows is to read all of an index. */
static const char step_12[] =
    "INSERT OR REPLACE INTO meta SELECT 'series', count(*) FROM series;"
    "CREATE TRIGGER series_added AFTER INSERT ON series"
    " BEGIN UPDATE meta SET value = value + 1 WHERE key = 'series'; END;"
    "CREATE TRIGGER series_removed AFTER DELETE ON series"
    " BEGIN UPDATE meta SET value = value - 1 WHERE key = 'series'; END;";

/* Version 13: the newest samples (series.cur_*, low, high) packed (db/newest.h). K: the source * 2^20 + the part. */
static const char step_13[] =
    "CREATE TABLE newest ("
    " k INTEGER PRIMARY KEY, rev INTEGER NOT NULL, pending INTEGER NOT NULL, b BLOB NOT NULL"
    ") STRICT;";
static const char step_13_after[] =
    "DROP INDEX series_pending;"
    "ALTER TABLE series DROP COLUMN cur_ms; ALTER TABLE series DROP COLUMN cur_value;"
    "ALTER TABLE series DROP COLUMN cur_flags; ALTER TABLE series DROP COLUMN low; ALTER TABLE series DROP COLUMN high;";

/* Version 14: the timeline packed for readers (db/poll_pack.h). K: the source * 2^48 + the moment of the last of N polls;
 * after AFTER_MS up to that moment these are all there are. */
#define POLL_PACK_OUTDATED(on, row)                                                                \
    "CREATE TRIGGER poll_pack_outdated_by_" on " AFTER " on " ON poll BEGIN"                       \
    " DELETE FROM poll_pack WHERE after_ms < " row ".from_ms AND k = (SELECT min(k) FROM poll_pack" \
    " WHERE k >= (" row ".source_id << 48) + " row ".from_ms AND k < ((" row ".source_id + 1) << 48)); END;"
static const char step_14[] =
    "CREATE TABLE poll_pack ("
    " k INTEGER PRIMARY KEY, after_ms INTEGER NOT NULL, n INTEGER NOT NULL, b BLOB NOT NULL, reasons TEXT NOT NULL"
    ") STRICT;"
    /* a name is looked up in the index alone */
    "DROP INDEX series_name; CREATE INDEX series_name ON series (name, source_id, kind, unit, digits);"
    POLL_PACK_OUTDATED("insert", "NEW") POLL_PACK_OUTDATED("update", "NEW") POLL_PACK_OUTDATED("delete", "OLD");

/* Version 15: messages and articles are said until they no longer are. GONE_MS: the first observation since the newest
 * to say it that did not (of a message: one that lists its incident), or for ever; what this program wrote before is
 * taken for still said. A version of wording with hash 0: not said. */
static const char step_15[] =
    "ALTER TABLE incident_update RENAME COLUMN seen_ms TO gone_ms;"
    "ALTER TABLE article RENAME COLUMN seen_ms TO gone_ms;"
    "UPDATE incident_update SET gone_ms = 9223372036854775807;"
    "UPDATE article SET gone_ms = 9223372036854775807;"
    "CREATE INDEX article_said ON article (source_id, gone_ms);";

/* Version 16: the newest sealed samples of every series, as they were in the last of its chunks, from the second of
 * FROM_MS on: every sealing writes all of these and, but for what comes late, no chunk twice. A series that has none yet
 * gets its last chunk here with the next sample that is sealed. */
static const char step_16[] =
    "CREATE TABLE tail ("
    " series INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, b BLOB NOT NULL"
    ") STRICT;";

/* Version 17: which version of its family's parser reads a source; NULL until a fetcher has said so. */
static const char step_17[] =
    "ALTER TABLE source ADD COLUMN parser INTEGER;";

/* Version 18: meta.offers grows with every change of what readers keep of offers. An offer that is written again as it
 * was, but for what is quoted and in stock, is none. */
#define OFFER_IS_NEW                                                                               \
    "NOT EXISTS (SELECT 1 FROM offer o WHERE o.series_id = NEW.series_id"                          \
    " AND o.cloud IS NEW.cloud AND o.region IS NEW.region AND o.instance IS NEW.instance"          \
    " AND o.gpu IS NEW.gpu AND o.form IS NEW.form AND o.gpu_mem_milli IS NEW.gpu_mem_milli"        \
    " AND o.gpu_count_milli IS NEW.gpu_count_milli AND o.purchase IS NEW.purchase"                 \
    " AND o.currency IS NEW.currency AND o.host_included IS NEW.host_included)"
#define OFFER_CHANGED(when, condition)                                                             \
    "CREATE TRIGGER offer_changed_by_" when " ON offer " condition                                 \
    " BEGIN UPDATE meta SET value = value + 1 WHERE key = 'offers'; END;"
static const char step_18[] =
    "INSERT OR REPLACE INTO meta VALUES ('offers', 0);"
    OFFER_CHANGED("insert BEFORE INSERT", "WHEN " OFFER_IS_NEW)
    OFFER_CHANGED("update AFTER UPDATE", "")
    OFFER_CHANGED("delete AFTER DELETE", "");

/* Version 19: tails packed, those of 16 series a row (db/tails.h). K: the series / 16; FROM_MS: where the first of them
 * begins. Tails of before become the last chunks of their series and, with the next samples that are sealed, tails again. */
static const char step_19[] =
    CT_CHUNKS_OF_TAIL "DROP TABLE tail;"
    "CREATE TABLE tails (k INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, b BLOB NOT NULL) STRICT;";

/* Version 20: the versions of ended incidents by when these ended, as far as their pages say; all by when they began,
 * with what is counted of them. */
static const char step_20[] =
    "CREATE INDEX incident_ended ON incident"
    " (ifnull(resolved_ms, updated_ms), from_ms, to_ms, source_id, open) WHERE open = 0;"
    "CREATE INDEX incident_began ON incident (ifnull(started_ms, first_ms), from_ms, to_ms, started_ms, first_ms,"
    " scheduled_for_ms, resolved_ms, state, open, gone) WHERE from_ms IS NOT NULL;";

/* Version 21: what is so of an alert beside its state, each version from FROM_MS on: past moments have it from there, and
 * all have when it is told again. FLAGS: CT_ALERT_UNKNOWN, _INHIBITED and _FLAPPING. QUIET: from * 1440 + to, in minutes
 * of the local day; NULL: no quiet hours hold it back. Labels and channels as in alert. */
static const char step_21[] =
    "CREATE TABLE alert_fact ("
    " alert INTEGER NOT NULL, from_ms INTEGER NOT NULL, labels TEXT NOT NULL, provider TEXT, series TEXT,"
    " channels TEXT NOT NULL, flags INTEGER NOT NULL, remind_ms INTEGER NOT NULL, quiet INTEGER,"
    " PRIMARY KEY (alert, from_ms)"
    ") STRICT, WITHOUT ROWID;";

/* Version 22: what is packed ends in another checksum, and rows of a byte are among those of db/codec.h. What was packed
 * before stays as it is. */
static const char step_22[] = "";

/* Version 23: indices over time, which can be worked out, but not quickly (db/index_past.h). B: the steps of the figure
 * (db/codec.h, keys are moments); LEAPS: of each large move of its parts the series, then its moment (keys count). It is
 * so until UNTIL_MS, of what series up to SERIES sold. */
#define INDEX_PAST_OUTDATED(when, condition, series, gpus)                                         \
    "CREATE TRIGGER index_past_outdated_by_" when " ON offer " condition                           \
    " BEGIN DELETE FROM index_past WHERE gpu IN (" gpus ") AND series >= " series "; END;"
static const char step_23[] =
    "CREATE TABLE index_past ("
    " gpu TEXT NOT NULL, form TEXT NOT NULL, purchase INTEGER NOT NULL, from_ms INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL, upto_ms INTEGER NOT NULL, series INTEGER NOT NULL, mark INTEGER NOT NULL,"
    " b BLOB NOT NULL, leaps BLOB, PRIMARY KEY (gpu, form, purchase)"
    ") STRICT;"
    "CREATE INDEX index_past_until ON index_past (until_ms);"
    "CREATE TRIGGER index_past_outdated AFTER INSERT ON tick BEGIN"
    " UPDATE index_past SET until_ms = max(NEW.at_ms, 1) - 1 WHERE until_ms >= NEW.at_ms; END;"
    INDEX_PAST_OUTDATED("insert BEFORE INSERT", "WHEN " OFFER_IS_NEW, "NEW.series_id",
                        "NEW.gpu, (SELECT o.gpu FROM offer o WHERE o.series_id = NEW.series_id)")
    INDEX_PAST_OUTDATED("update AFTER UPDATE", "", "min(OLD.series_id, NEW.series_id)", "OLD.gpu, NEW.gpu")
    INDEX_PAST_OUTDATED("delete AFTER DELETE", "", "OLD.series_id", "OLD.gpu");

/* Version 24: the facts of offers packed for readers (db/offer_pack.h). K: the series / 512. */
#define OFFER_PACK_GOES(series) " DELETE FROM offer_pack WHERE k = " series " >> 9;" /* IN: a table in between, each time */
#define OFFER_PACK_OUTDATED(on, what)                                                              \
    "CREATE TRIGGER offer_pack_outdated_by_" on " AFTER " on " ON offer BEGIN" what " END;"
static const char step_24[] =
    "CREATE TABLE offer_pack (k INTEGER PRIMARY KEY, b BLOB NOT NULL) STRICT;"
    OFFER_PACK_OUTDATED("insert", OFFER_PACK_GOES("NEW.series_id"))
    OFFER_PACK_OUTDATED("update", OFFER_PACK_GOES("OLD.series_id") OFFER_PACK_GOES("NEW.series_id"))
    OFFER_PACK_OUTDATED("delete", OFFER_PACK_GOES("OLD.series_id"));

/* Version 25: also what an alert said, and how bad it was; SEVERITY NULL: not recorded. */
static const char step_25[] =
    "ALTER TABLE alert_fact ADD COLUMN severity INTEGER CHECK (severity BETWEEN 0 AND 2);"
    "ALTER TABLE alert_fact ADD COLUMN fired_ms INTEGER;"
    "ALTER TABLE alert_fact ADD COLUMN text TEXT;"
    "ALTER TABLE alert_fact ADD COLUMN url TEXT;";

static const struct ct_schema_step steps[] = {
    {.sql = step_1}, {.sql = step_2}, {.sql = step_3}, {.sql = step_4}, {.sql = step_5}, {.sql = step_6},
    {.sql = step_7, .run = ct_samples_from_rows, .after = "DROP TABLE sample"},
    {.sql = step_8, .run = ct_price_moves_from_events,
     .after = "DELETE FROM event WHERE kind = 2 AND origin = 0"},
    {.sql = step_9},
    {.sql = step_10},
    {.sql = step_11, .run = ct_attempts_from_rows, .after = "DROP TABLE attempt"},
    {.sql = step_12},
    {.sql = step_13, .run = ct_newest_from_columns, .after = step_13_after},
    {.sql = step_14},
    {.sql = step_15},
    {.sql = step_16},
    {.sql = step_17},
    {.sql = step_18},
    {.sql = step_19},
    {.sql = step_20},
    {.sql = step_21},
    {.sql = step_22},
    {.sql = step_23},
    {.sql = step_24},
    {.sql = step_25},
};
_Static_assert(CT_OFFERS_MOST == 1 << 9, "what step 24 says");
_Static_assert(CT_LEN(steps) == CT_SCHEMA_VERSION, "a step a version");

static enum ct_status fail(sqlite3 *db, const char *path, struct ct_error *err)
{
    char why[CT_WHY_BYTES];
    return ct_fail(err, CT_ERR_DB, path, "%s", ct_db_why(why, path, db, sqlite3_extended_errcode(db)));
}

/* The single integer SQL yields into *OUT. */
static enum ct_status ask(sqlite3 *db, const char *path, const char *sql, int64_t *out,
                          struct ct_error *err)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) {
        return fail(db, path, err);
    }
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? CT_OK : fail(db, path, err);
}

/* Copies the database to PATH.bak-vVERSION (0600) through SQLite, so that an open WAL is part of it. */
static enum ct_status back_up(sqlite3 *db, const char *path, int64_t version, struct ct_error *err)
{
    struct ct_buf name = CT_BUF_INIT;
    ct_buf_addf(&name, "%s.bak-v%lld", path, (long long)version);
    enum ct_status status = CT_OK;
    sqlite3 *copy = NULL;
    int fd = open(name.p, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || close(fd) != 0) {
        status = ct_fail(err, CT_ERR_IO, name.p, "cannot write the backup before migrating");
        goto out;
    }
    int rc = sqlite3_open_v2(name.p, &copy, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_backup *b = sqlite3_backup_init(copy, "main", db, "main");
        rc = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;
        int end = b ? sqlite3_backup_finish(b) : SQLITE_OK;
        rc = rc == SQLITE_DONE ? end : SQLITE_ERROR;
    }
    if (rc != SQLITE_OK) {
        status = ct_fail(err, CT_ERR_IO, name.p, "backup before migrating: %s",
                         copy ? sqlite3_errmsg(copy) : "no memory");
    }
out:
    sqlite3_close(copy);
    ct_buf_free(&name);
    return status;
}

/* One step and its version number, together or not at all. */
static enum ct_status take_step(sqlite3 *db, const char *path, const struct ct_schema_step *step, int to,
                                struct ct_error *err)
{
    char head[96];
    (void)snprintf(head, sizeof head, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                   CT_APPLICATION_ID, to);
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        return fail(db, path, err);
    }
    int64_t version = 0; /* another process may have taken the step while we waited for the lock */
    enum ct_status status = ask(db, path, "PRAGMA user_version", &version, err);
    bool due = status == CT_OK && version < to;
    if (due && (sqlite3_exec(db, step->sql, NULL, NULL, NULL) != SQLITE_OK ||
                (step->run && step->run(db) != SQLITE_OK) ||
                (step->after && sqlite3_exec(db, step->after, NULL, NULL, NULL) != SQLITE_OK) ||
                sqlite3_exec(db, head, NULL, NULL, NULL) != SQLITE_OK)) {
        status = fail(db, path, err);
    }
    if (status == CT_OK && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        status = fail(db, path, err);
    }
    if (status != CT_OK) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

enum ct_status ct_schema_migrate(sqlite3 *db, const char *path, const struct ct_schema_step *list,
                                 int n_steps, struct ct_error *err)
{
    int64_t app = 0, version = 0, objects = 0;
    enum ct_status status = ask(db, path, "PRAGMA application_id", &app, err);
    if (status == CT_OK) {
        status = ask(db, path, "PRAGMA user_version", &version, err);
    }
    if (status == CT_OK) {
        status = ask(db, path, "SELECT count(*) FROM sqlite_schema", &objects, err);
    }
    if (status != CT_OK) {
        return status;
    }
    bool empty = app == 0 && version == 0 && objects == 0;
    if (!empty && app != CT_APPLICATION_ID) {
        return ct_fail(err, CT_ERR_DB, path, "this is another program's database");
    }
    if (version > n_steps) {
        return ct_fail(err, CT_ERR_NEWER, path,
                       "made by a newer cloudtape (layout %lld, this one knows %d)",
                       (long long)version, n_steps);
    }
    if (version < 0 || (!empty && version == 0)) {
        return ct_fail(err, CT_ERR_DB, path, "layout %lld is none of ours", (long long)version);
    }
    if (!empty && version < n_steps) {
        status = back_up(db, path, version, err);
    }
    /* A new file has nothing to lose: its steps wait for no disk. The first commit that counts
     * syncs them with itself, and a log cut short before it leaves the file as new as it was. */
    if (empty && version < n_steps &&
        sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", NULL, NULL, NULL) !=
            SQLITE_OK) {
        return fail(db, path, err);
    }
    for (int64_t v = version; status == CT_OK && v < n_steps; v++) {
        status = take_step(db, path, &list[v], (int)v + 1, err);
    }
    return status;
}

enum ct_status ct_schema_open(sqlite3 *db, const char *path, struct ct_error *err)
{
    return ct_schema_migrate(db, path, steps, (int)CT_LEN(steps), err);
}

enum ct_status ct_schema_make(sqlite3 *db, const char *path, int version, struct ct_error *err)
{
    return ct_schema_migrate(db, path, steps, version, err);
}
