/* The timeline of each source packed, source by source, between polls (db/poll_pack.h). A row covers the moments behind
 * AFTER_MS up to its last poll. Rows lie apart where something was stored, or thinned out, in between: that is packed
 * again, together with the row before it when there is little in that. The newest row grows by SOME polls at a time
 * until it is full. */
#include "db/poll_pack.h"
#include "db/write_priv.h"

enum { SOME = 64 };

struct stretch {
    int64_t after_ms, to_ms;
    int64_t before;       /* key of the row before that is to be made anew with it; CT_NONE */
    int64_t behind;       /* key of the row behind it; CT_NONE: it is the newest */
    size_t packed;        /* polls in BEFORE */
};

/* The first stretch of SOURCE that no row covers. */
static struct stretch find_stretch(struct ct_writer *w, int64_t source)
{
    struct stretch out = {.after_ms = 0, .to_ms = CT_LIVE, .before = CT_NONE, .behind = CT_NONE};
    int64_t last = CT_NONE, last_after = 0, last_n = 0;
    sqlite3_stmt *st = ASK(w, PACKS, vi(ct_poll_pack_key(source, 0)), vi(ct_poll_pack_key(source + 1, 0)));
    while (out.behind == CT_NONE && ct_w_row(w, st)) {
        int64_t key = ct_w_int(st, 0), after = ct_w_int(st, 1);
        if (after > out.after_ms) {
            out.to_ms = after;
            out.behind = key;
            break;
        }
        last = key;
        last_after = after;
        last_n = ct_w_int(st, 2);
        out.after_ms = ct_poll_pack_last_ms(key);
    }
    ct_w_end(st);
    if (last != CT_NONE && last_n < (out.behind == CT_NONE ? CT_POLLS_MOST : CT_POLLS_MOST / 2)) {
        out.before = last;
        out.after_ms = last_after;
        out.packed = (size_t)last_n;
    }
    return out;
}

/* Up to MOST polls of it, the oldest first. */
static size_t read_stretch(struct ct_writer *w, int64_t source, const struct stretch *s, size_t most, struct ct_poll *v)
{
    size_t n = 0;
    sqlite3_stmt *st = ASK(w, POLLS_OF, vi(source), vi(s->after_ms), vi(s->to_ms), vi((int64_t)most));
    while (n < most && ct_w_row(w, st)) {
        bool good = ct_w_word(st, 2) <= CT_POLL_CARRY;
        v[n++] = (struct ct_poll){ct_w_int(st, 0), ct_w_int(st, 1), good, ct_w_int(st, 3) != 0,
                                  good ? CT_SPAN_NONE : ct_w_text(w, st, 4)};
    }
    ct_w_end(st);
    return n;
}

static void put_pack(struct ct_writer *w, int64_t source, int64_t after_ms, const struct ct_poll *v, size_t n)
{
    struct ct_buf blob = CT_BUF_INIT, reasons = CT_BUF_INIT;
    ct_polls_pack(&blob, &reasons, v, n);
    RUN(w, PACK_PUT, vi(ct_poll_pack_key(source, v[n - 1].from_ms)), vi(after_ms), vi((int64_t)n),
        vb(ct_buf_span(&blob)), vt(reasons.n ? ct_buf_span(&reasons) : CT_LIT("")));
    ct_buf_free(&blob);
    ct_buf_free(&reasons);
}

/* One row more of SOURCE; false: it has all it can have. */
static bool pack_some(struct ct_writer *w, int64_t source)
{
    struct ct_poll v[CT_POLLS_MOST + CT_POLLS_NEWEST];
    struct stretch s = find_stretch(w, source);
    bool newest = s.behind == CT_NONE;
    size_t n = read_stretch(w, source, &s, newest ? CT_LEN(v) : CT_POLLS_MOST, v);
    if (newest)
        n -= n < CT_POLLS_NEWEST ? n : CT_POLLS_NEWEST;
    if (w->rc != SQLITE_OK || (newest && n < CT_POLLS_MOST && n < s.packed + SOME))
        return false;
    if (n > 0 && v[n - 1].from_ms >= INT64_C(1) << CT_POLL_PACK_BITS)
        return false;
    if (s.before != CT_NONE)
        RUN(w, PACK_DEL, vi(s.before));
    if (n > 0)
        put_pack(w, source, s.after_ms, v, n);
    if (!newest && n < CT_POLLS_MOST) /* that is all there is in between */
        RUN(w, PACK_AFTER, vi(s.behind), vi(n > 0 ? v[n - 1].from_ms : s.after_ms));
    return w->rc == SQLITE_OK;
}

bool ct_w_pack_polls(struct ct_writer *w, int64_t end_ms)
{
    do {
        if (w->packing && pack_some(w, w->packing))
            continue;
        int64_t next = ct_w_one(w, ASK(w, RETAIN_SOURCE, vi(w->packing)));
        w->packing = next == CT_NONE || next >= CT_POLL_PACK_SOURCES ? 0 : next;
    } while (w->packing && ct_mono_ms() < end_ms);
    return w->packing != 0;
}
