#include "fetchers/gunzip.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK = 64 * 1024 };

bool ct_is_gzip(struct ct_span body)
{
    return body.n >= 2 && memcmp(body.p, "\x1f\x8b", 2) == 0;
}

enum ct_status ct_gunzip(struct ct_span body, size_t max, struct ct_buf *out, struct ct_error *err)
{
    z_stream z = {0};
    size_t at = 0;
    int rc;

    ct_buf_clear(out);
    if (inflateInit2(&z, 15 + 16) != Z_OK) /* 16: gzip and nothing else */
        return ct_fail(err, CT_ERR_LIMIT, "gzip", "out of memory");
    do {
        if (z.avail_in == 0 && at < body.n) {
            size_t n = body.n - at < UINT_MAX ? body.n - at : UINT_MAX;
            z.next_in = (Bytef *)(uintptr_t)(body.p + at);
            z.avail_in = (uInt)n;
            at += n;
        }
        z.next_out = (Bytef *)ct_buf_room(out, CHUNK);
        z.avail_out = CHUNK;
        rc = inflate(&z, Z_NO_FLUSH);
        out->n += CHUNK - z.avail_out;
        if (rc == Z_STREAM_END && (z.avail_in > 0 || at < body.n))
            rc = inflateReset(&z); /* another member */
    } while (rc == Z_OK && out->n <= max);
    inflateEnd(&z);
    ct_buf_add(out, CT_LIT("")); /* the closing NUL of a buffer */
    if (out->n > max)
        return ct_fail(err, CT_ERR_LIMIT, "gzip", "more than %zu bytes when unpacked", max);
    if (rc != Z_STREAM_END)
        return ct_fail(err, CT_ERR_SYNTAX, "gzip", "%s",
                       rc == Z_BUF_ERROR ? "cut short" : "damaged");
    return CT_OK;
}

enum ct_status ct_gzip(struct ct_span body, struct ct_buf *out, struct ct_error *err)
{
    z_stream z = {0};
    size_t at = 0;
    int rc;

    ct_buf_clear(out);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ct_fail(err, CT_ERR_LIMIT, "gzip", "out of memory");
    do {
        if (z.avail_in == 0 && at < body.n) {
            size_t n = body.n - at < UINT_MAX ? body.n - at : UINT_MAX;
            z.next_in = (Bytef *)(uintptr_t)(body.p + at);
            z.avail_in = (uInt)n;
            at += n;
        }
        z.next_out = (Bytef *)ct_buf_room(out, CHUNK);
        z.avail_out = CHUNK;
        rc = deflate(&z, at < body.n ? Z_NO_FLUSH : Z_FINISH);
        out->n += CHUNK - z.avail_out;
    } while (rc == Z_OK || rc == Z_BUF_ERROR);
    deflateEnd(&z);
    ct_buf_add(out, CT_LIT(""));
    return rc == Z_STREAM_END ? CT_OK : ct_fail(err, CT_ERR_LIMIT, "gzip", "cannot be packed");
}
