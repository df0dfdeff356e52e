/* Events of prices. They are not stored: the samples of a series tell both ends of a move, its row the rest. Table
 * price_move says which series of a source moved at a moment, so that a stretch of time is read without looking
 * into every series. For db/ only. */
#ifndef CT_PRICE_EVENT_H
#define CT_PRICE_EVENT_H

#include "db/codec.h"
#include "db/model.h"
#include "db/schema.h"

#include <sqlite3.h>

/* Of a series of kind GPU or TOKEN. */
struct ct_price_event {
    enum ct_series_kind kind;
    struct ct_span unit, key; /* series.ext_key */
    int64_t at_ms, old_value, new_value;
    /* of those: */
    struct ct_span ref, field, text;
    int64_t pct;
    bool suspect;
};

/* From WAS, the sample before IS, to that the price moved: both are numbers, more than a millionth of the larger
 * apart, or one of them is zero. */
bool ct_price_moved(struct ct_sample was, struct ct_sample is);
/* Such a move is one of LARGE_MILLI, thousandths of a percent, or more. WAS: at_ms CT_NONE when there was none. */
bool ct_price_leapt(struct ct_sample was, struct ct_sample is, int64_t large_milli);
static inline bool ct_price_leaps(struct ct_sample was, struct ct_sample is, int64_t large_milli)
{
    bool tame = is.value > 0 && was.value > 0 && large_milli < 100000; /* most are far from it: that needs no exact share */
    int64_t by = !tame ? INT64_MAX : is.value < was.value ? was.value - is.value : is.value - was.value;
    return (!tame || by >= was.value / 100000 * (large_milli - large_milli / 50)) && ct_price_leapt(was, is, large_milli);
}
/* REF and FIELD; after them PCT, SUSPECT and TEXT. */
void ct_price_event_name(struct ct_price_event *e);
void ct_price_event_tell(struct ct_price_event *e, struct ct_arena *a);

/* What an event is about makes its id: 53 bits, so that scripts which read JSON numbers as doubles keep it whole. */
int64_t ct_event_hash(struct ct_span source, int64_t at_ms, enum ct_event_origin origin, enum ct_event_kind kind,
                    struct ct_span seed, struct ct_span ref, struct ct_span field);

/* The percentage kept with an event: one place after the point, half to even, is exact whoever rounds it from
 * these thousandths. */
int64_t ct_event_pct(int64_t old_value, int64_t new_value);
/* FACTOR or more times apart either way (0 is no factor). */
bool ct_leap(int64_t a, int64_t b, int64_t factor);
#define CT_LEAP_FACTOR 20

/* The blob of a row of price_move: N SERIES, ascending (db/codec.h: the keys; there are no numbers). At most
 * CT_BLOB_MOST stand in a row, which is named by its first. */
void ct_price_moves_pack(struct ct_buf *out, const int64_t *series, size_t n);
#define CT_PRICE_MOVES_PUT "INSERT OR REPLACE INTO price_move (at_ms, source_id, first, b) VALUES (?1,?2,?3,?4)"

/* From layout 7: events of prices that their samples tell as well become rows of price_move. SQLite's result code. */
int ct_price_moves_from_events(sqlite3 *db);
/* The whole table anew, from the samples S has of DB (begun; in a transaction). SQLite's result code. */
struct ct_samples;
int ct_price_moves_from_samples(sqlite3 *db, struct ct_samples *s);

#endif
