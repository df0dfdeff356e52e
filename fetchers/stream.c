#include "config.h"

#include "fetchers/stream.h"

#include "fetchers/gunzip.h"
#include "fetchers/rows.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    SLICE = 64 * 1024,    /* what a reader is given at once */
    HEAD = 64 * 1024,     /* kept for the guess what a refused document is */
    SILENT = 1024 * 1024, /* bytes in which a reader must find the end of something */
};

enum packing { NOT_SEEN, PLAIN, GZIP, GZIP_ENDED };

struct ct_stream {
    const struct ct_family *family;
    struct ct_parse_hint hint;
    struct ct_batch *out;
    void *reader;
    uint64_t max_bytes, bytes, silent, found;
    uint64_t hash; /* of whole words; TAIL begins the next one */
    unsigned char tail[8];
    enum packing packing;
    unsigned char first; /* a byte that may be the beginning of gzip */
    bool have_first, begun, ended;
    z_stream z;
    char *unpacked;
    struct ct_buf head;
    enum ct_status status;
    struct ct_error err;
};

struct ct_stream *ct_stream_new(const struct ct_family *family, const struct ct_parse_hint *hint,
                                uint64_t max_bytes, struct ct_batch *out)
{
    struct ct_stream *s = ct_xcalloc(1, sizeof *s);
    s->family = family;
    s->out = out;
    s->max_bytes = max_bytes ? max_bytes : UINT64_MAX;
    s->reader = ct_xcalloc(1, family->stream->size);
    if (hint)
        s->hint = *hint;
    s->status = family->stream->begin(s->reader, &s->hint, out, &s->err);
    s->begun = s->status == CT_OK;
    return s;
}

void ct_stream_free(struct ct_stream *s)
{
    if (!s)
        return;
    if (s->begun)
        s->family->stream->drop(s->reader);
    if (s->unpacked)
        inflateEnd(&s->z);
    free(s->unpacked);
    free(s->reader);
    ct_buf_free(&s->head);
    free(s);
}

uint64_t ct_stream_bytes(const struct ct_stream *s)
{
    return s->bytes;
}

/* Eight bytes at a step, as it must keep pace with the reader; not against attackers. */
static uint64_t add_word(uint64_t hash, const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

/* Call before BYTES are counted. However a body was cut, its words begin at the same places. */
static void add_hash(struct ct_stream *s, struct ct_span bytes)
{
    size_t waiting = s->bytes % sizeof s->tail, n = 0;
    if (waiting) {
        n = sizeof s->tail - waiting < bytes.n ? sizeof s->tail - waiting : bytes.n;
        memcpy(s->tail + waiting, bytes.p, n);
        if (waiting + n == sizeof s->tail)
            s->hash = add_word(s->hash, s->tail);
    }
    for (; bytes.n - n >= sizeof s->tail; n += sizeof s->tail)
        s->hash = add_word(s->hash, bytes.p + n);
    if (n < bytes.n) /* the beginning of a word */
        memcpy(s->tail, bytes.p + n, bytes.n - n);
}

uint64_t ct_stream_hash(const struct ct_stream *s)
{
    unsigned char last[8] = {0};
    memcpy(last, s->tail, s->bytes % sizeof last);
    return add_word(s->hash ^ s->bytes, last);
}

/* Of a large body only the head is known: of JSON no more than that can be said. */
static void explain(struct ct_stream *s)
{
    struct ct_span head = ct_buf_span(&s->head), text = ct_span_trim(head);
    bool json = text.n && (text.p[0] == '{' || text.p[0] == '[');
    if (!text.n || s->ended || !json)
        ct_family_explain(&s->err, head.p ? head : CT_LIT(""));
}

/* A document of another shape is refused when its head is known: the guess needs all of a small
 * one. */
static bool may_refuse(const struct ct_stream *s)
{
    return s->status != CT_ERR_SHAPE || s->ended || s->head.n >= HEAD;
}

static enum ct_status outcome(struct ct_stream *s, struct ct_error *err)
{
    if (s->status != CT_OK) {
        ct_batch_init(s->out, s->out->arena);
        if (err)
            *err = s->err;
    }
    return s->status;
}

/* Plain bytes, a slice. */
static void take_slice(struct ct_stream *s, struct ct_span bytes)
{
    uint64_t found = s->found;
    if (bytes.n > s->max_bytes - s->bytes) {
        s->status = ct_fail(&s->err, CT_ERR_LIMIT, "body", "is larger than %llu bytes",
                            (unsigned long long)s->max_bytes);
        return;
    }
    add_hash(s, bytes);
    s->bytes += bytes.n;
    if (s->head.n < HEAD)
        ct_buf_add(&s->head, (struct ct_span){
                                 bytes.p, bytes.n < HEAD - s->head.n ? bytes.n : HEAD - s->head.n});
    if (s->status == CT_OK) {
        s->status = s->family->stream->feed(s->reader, bytes, &s->found, &s->err);
        s->silent = s->found != found ? 0 : s->silent + bytes.n;
        if (s->status == CT_OK && s->silent > SILENT)
            s->status = ct_fail(&s->err, CT_ERR_LIMIT, "body", "nothing in it ends within %d bytes",
                                (int)SILENT);
        if (s->status == CT_OK && (ct_rows_too_many(s->out) || ct_arena_full(s->out->arena)))
            s->status = ct_rows_finish(s->out, CT_OK, &s->err);
        if (s->status == CT_ERR_SHAPE && may_refuse(s))
            explain(s);
    } else if (may_refuse(s)) {
        explain(s);
    }
}

/* True while it is worth going on. */
static bool goes_on(const struct ct_stream *s)
{
    return s->status == CT_OK || !may_refuse(s);
}

static void take(struct ct_stream *s, struct ct_span bytes)
{
    while (bytes.n && goes_on(s)) {
        size_t n = bytes.n < SLICE ? bytes.n : SLICE;
        take_slice(s, (struct ct_span){bytes.p, n});
        bytes = (struct ct_span){bytes.p + n, bytes.n - n};
    }
}

static void damaged(struct ct_stream *s, const char *how)
{
    s->status = ct_fail(&s->err, CT_ERR_SYNTAX, "gzip", "%s", how);
}

static void unpack(struct ct_stream *s, struct ct_span bytes)
{
    s->z.next_in = (Bytef *)(uintptr_t)bytes.p;
    s->z.avail_in = (uInt)bytes.n;
    do {
        int rc = Z_OK;
        if (s->packing == GZIP_ENDED) { /* another member */
            rc = inflateReset(&s->z);
            s->packing = GZIP;
        }
        s->z.next_out = (Bytef *)s->unpacked;
        s->z.avail_out = SLICE;
        if (rc == Z_OK)
            rc = inflate(&s->z, Z_NO_FLUSH);
        take(s, (struct ct_span){s->unpacked, SLICE - s->z.avail_out});
        if (rc == Z_STREAM_END)
            s->packing = GZIP_ENDED;
        else if (rc != Z_OK && rc != Z_BUF_ERROR && goes_on(s))
            damaged(s, "damaged");
    } while (goes_on(s) &&
             (s->z.avail_in > 0 || (s->z.avail_out == 0 && s->packing != GZIP_ENDED)));
}

static void take_any(struct ct_stream *s, struct ct_span bytes)
{
    if (s->packing == PLAIN)
        take(s, bytes);
    for (size_t n; s->packing != PLAIN && bytes.n && goes_on(s);
         bytes = (struct ct_span){bytes.p + n, bytes.n - n})
        unpack(s, (struct ct_span){bytes.p, n = bytes.n < INT_MAX ? bytes.n : INT_MAX});
}

/* The first two bytes tell, and they may come one by one. */
static void sniff(struct ct_stream *s, struct ct_span bytes)
{
    char two[2] = {(char)s->first, bytes.p[0]};
    if (!s->have_first && bytes.n == 1) {
        s->first = (unsigned char)bytes.p[0];
        s->have_first = true;
        return;
    }
    bool gzip = ct_is_gzip(s->have_first ? (struct ct_span){two, 2} : bytes);
    s->packing = gzip ? GZIP : PLAIN;
    if (gzip && inflateInit2(&s->z, 15 + 16) != Z_OK) {
        s->status = ct_fail(&s->err, CT_ERR_LIMIT, "gzip", "out of memory");
        return;
    }
    if (gzip)
        s->unpacked = ct_xmalloc(SLICE);
    if (s->have_first)
        take_any(s, (struct ct_span){two, 1});
    take_any(s, bytes);
}

enum ct_status ct_stream_feed(struct ct_stream *s, struct ct_span bytes, struct ct_error *err)
{
    if (bytes.n && goes_on(s) && s->packing == NOT_SEEN)
        sniff(s, bytes);
    else if (bytes.n && goes_on(s))
        take_any(s, bytes);
    return goes_on(s) ? CT_OK : outcome(s, err);
}

enum ct_status ct_stream_end(struct ct_stream *s, struct ct_error *err)
{
    if (!goes_on(s) || s->ended)
        return outcome(s, err);
    if (s->packing == NOT_SEEN && s->have_first) {
        s->packing = PLAIN;
        take(s, (struct ct_span){(char *)&s->first, 1});
    }
    bool refused = s->status != CT_OK;
    s->ended = true;
    if (s->packing == GZIP && !refused)
        damaged(s, "cut short");
    else if (!refused)
        s->status = s->family->stream->end(s->reader, &s->err);
    if (s->status == CT_ERR_SHAPE)
        explain(s);
    s->status = ct_rows_finish(s->out, s->status, &s->err);
    return outcome(s, err);
}

enum ct_status ct_stream_whole(const struct ct_family *family, struct ct_span body,
                               const struct ct_parse_hint *hint, struct ct_batch *out,
                               struct ct_error *err)
{
    struct ct_stream *s = ct_stream_new(family, hint, 0, out);
    s->packing = PLAIN; /* a parser is given documents, not packets */
    enum ct_status st = ct_stream_feed(s, body, err);
    if (st == CT_OK)
        st = ct_stream_end(s, err);
    ct_stream_free(s);
    return st;
}
