/* The statements that concern alerts, for the lists of db/write_priv.h and db/reader.h. */
#ifndef CT_ALERT_SQL_H
#define CT_ALERT_SQL_H

/* clang-format off */
#define SQL_ALERT_COLUMNS \
    "id, rule, subject, labels, provider, grp, channels, severity, text, url, series, state, flags," \
    " episode, since_ms, fired_ms, held_ms, unknown_ms, level, tells, seen_ms, history, memory, latch," \
    " saved_ms"
#define SQL_INTENT_COLUMNS \
    "i.id, i.event_id, i.alert, i.episode, i.n, i.at_ms, i.delivery, i.kind, i.severity, i.state," \
    " i.channel, i.grp, i.text, d.done_ms"
#define SQL_DELIVERY_COLUMNS \
    "id, event_id, channel, grp, title, text, json, kind, severity, state, at_ms, attempts, next_ms," \
    " done_ms, answer"
#define SQL_SILENCE_COLUMNS "id, matchers, author, comment, from_ms, to_ms, made_ms, matched_ms, ended"

#define CT_ALERT_WRITE_SQL(X) \
    X(ALERT_PUT, "INSERT OR REPLACE INTO alert (" SQL_ALERT_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9," \
        "?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25)") \
    X(ALERT_FACT, "INSERT OR REPLACE INTO alert_fact (alert, labels, provider, series, channels, flags," \
        " remind_ms, quiet, severity, fired_ms, text, url, from_ms) SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13" \
        " WHERE NOT EXISTS (SELECT 1 FROM alert_fact" \
        " WHERE alert=?1 AND from_ms=(SELECT max(from_ms) FROM alert_fact WHERE alert=?1) AND labels=?2" \
        " AND provider IS ?3 AND series IS ?4 AND channels=?5 AND flags=?6 AND remind_ms=?7 AND quiet IS ?8" \
        " AND severity IS ?9 AND fired_ms IS ?10 AND text IS ?11 AND url IS ?12)") \
    X(ALERT_FACT_TIDY, "DELETE FROM alert_fact AS f WHERE from_ms<?1 AND (alert NOT IN (SELECT id FROM alert)" \
        " OR EXISTS (SELECT 1 FROM alert_fact l WHERE l.alert=f.alert AND l.from_ms>f.from_ms AND l.from_ms<=?1))") \
    X(ALERT_DEL, "DELETE FROM alert WHERE id=?1") \
    X(ALERT_ALL, "SELECT " SQL_ALERT_COLUMNS " FROM alert ORDER BY id") \
    X(ALERT_FIND, "SELECT id, episode FROM alert WHERE state=2 AND id BETWEEN ?1 AND ?2 LIMIT 2") \
    X(ALERT_CHANGE_ADD, "INSERT INTO alert_change (alert, at_ms, episode, rule, subject, severity, was, now," \
        " text) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)") \
    X(ALERT_EPISODE, "SELECT max(episode) FROM alert_change WHERE alert=?1") \
    X(ALERT_CHANGE_TIDY, "DELETE FROM alert_change WHERE at_ms<?1") \
    X(INTENT_ADD, "INSERT OR IGNORE INTO alert_intent (event_id, alert, episode, n, at_ms, delivery, kind," \
        " severity, state, channel, grp, text) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)") \
    X(INTENT_FIND, "SELECT id FROM alert_intent WHERE alert=?1 AND episode=?2 AND kind=?3 AND n=?4" \
        " AND channel=?5") \
    X(INTENT_SET, "UPDATE alert_intent SET state=?2, delivery=?3 WHERE id=?1") \
    X(INTENTS, "SELECT " SQL_INTENT_COLUMNS " FROM alert_intent i LEFT JOIN alert_delivery d" \
        " ON d.id=i.delivery WHERE i.state=0 OR i.state=1 AND EXISTS (SELECT 1 FROM alert a" \
        " WHERE a.id=i.alert AND a.episode=i.episode AND (a.state=2 OR a.flags&8)) ORDER BY i.id") \
    X(INTENT_TIDY, "DELETE FROM alert_intent WHERE state<>0 AND at_ms<?1") \
    X(DELIVERY_ADD, "INSERT INTO alert_delivery (event_id, channel, grp, title, text, json, kind, severity," \
        " state, at_ms, attempts, next_ms, done_ms, answer)" \
        " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)") \
    X(DELIVERY_SET, "UPDATE alert_delivery SET state=?2, attempts=?3, next_ms=?4, done_ms=?5, answer=?6" \
        " WHERE id=?1") \
    X(DELIVERIES, "SELECT " SQL_DELIVERY_COLUMNS " FROM alert_delivery WHERE state=0 OR at_ms>?1 ORDER BY id") \
    X(DELIVERY_TIDY, "DELETE FROM alert_delivery WHERE state<>0 AND at_ms<?1") \
    X(ALERT_RULE_GET, "SELECT first_ms FROM alert_rule WHERE name=?1 AND says=?2") \
    X(ALERT_RULE_PUT, "INSERT OR REPLACE INTO alert_rule (name, says, first_ms) VALUES (?1,?2,?3)") \
    X(ACK_PUT, "INSERT OR REPLACE INTO alert_ack (alert, episode, author, comment, at_ms)" \
        " VALUES (?1,?2,?3,?4,?5)") \
    X(ACKS, "SELECT k.alert, k.episode FROM alert_ack k JOIN alert a ON a.id=k.alert AND a.episode=k.episode" \
        " WHERE a.state=2") \
    X(ACK_TIDY, "DELETE FROM alert_ack WHERE at_ms<?1") \
    X(SILENCE_ADD, "INSERT INTO alert_silence (matchers, author, comment, from_ms, to_ms, made_ms, ended)" \
        " VALUES (?1,?2,?3,?4,?5,?6,0)") \
    X(SILENCE_END, "UPDATE alert_silence SET to_ms=?2, ended=?3 WHERE id=?1 AND NOT ended") \
    X(SILENCE_MATCHED, "UPDATE alert_silence SET matched_ms=?2 WHERE id=?1") \
    X(SILENCES, "SELECT " SQL_SILENCE_COLUMNS " FROM alert_silence WHERE NOT ended AND to_ms>?1") \
    X(SILENCE_TIDY, "DELETE FROM alert_silence WHERE to_ms<?1")

#define CT_ALERT_READ_SQL(X) \
    X(ALERTS, "SELECT " SQL_ALERT_COLUMNS " FROM alert") \
    X(ALERT_FACTS, "SELECT labels, provider, series, channels, flags, remind_ms, quiet, severity, fired_ms," \
        " text, url FROM alert_fact" \
        " WHERE alert=?1 AND from_ms<=?2 ORDER BY from_ms DESC LIMIT 1") \
    X(ALERT_TOLD, "SELECT i.channel, d.done_ms FROM alert_intent i LEFT JOIN alert_delivery d ON d.id=i.delivery" \
        " WHERE i.alert=?1 AND i.episode=?2 AND i.at_ms<=?3 AND i.state<2 AND i.grp<>'digest'") \
    X(ALERT_ACKED, "SELECT author, comment, at_ms FROM alert_ack WHERE alert=?1 AND episode=?2") \
    X(ALERT_SILENCES, "SELECT " SQL_SILENCE_COLUMNS " FROM alert_silence WHERE to_ms>?1") \
    X(ALERT_DELIVERIES, "SELECT d.at_ms, d.done_ms, d.attempts, d.next_ms, d.event_id, d.channel, d.title," \
        " d.answer, i.kind, d.state FROM alert_intent i JOIN alert_delivery d ON d.id=i.delivery" \
        " WHERE i.alert=?1 AND i.episode=?2") \
    X(DELIVERY_LOG, "SELECT at_ms, done_ms, attempts, next_ms, event_id, channel, title, answer, kind, state" \
        " FROM alert_delivery ORDER BY id DESC") \
    X(DELIVERY_FAILURES, "SELECT count(*) FROM alert_delivery WHERE at_ms>?1 AND state=2") \
    X(ALERT_CHANGES, "SELECT id, at_ms, episode, alert, rule, subject, text, severity, was, now" \
        " FROM alert_change WHERE at_ms BETWEEN ?1 AND ?2 ORDER BY at_ms DESC, id DESC") \
    X(ALERT_FIRINGS, "SELECT at_ms, now FROM alert_change WHERE alert=?1 AND at_ms>?2" \
        " AND (now=2 OR was=2) ORDER BY at_ms, id") \
    X(ALERT_LAST_FIRED, "SELECT max(fired_ms) FROM alert") \
    X(ALERT_RULES, "SELECT count(*) FROM alert_rule")
/* clang-format on */

#endif
