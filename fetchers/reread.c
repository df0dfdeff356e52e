#include "config.h"

#include "fetchers/reread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 256 * 1024 };

struct ct_reread {
    char *path;
    gzFile in;
    FILE *copy; /* NULL: the file itself is read again */
    int again;
};

void ct_reread_close(struct ct_reread *r)
{
    if (!r)
        return;
    if (r->in)
        (void)gzclose(r->in);
    if (r->copy)
        (void)fclose(r->copy);
    if (r->again >= 0)
        (void)close(r->again);
    free(r->path);
    free(r);
}

static enum ct_status open_file(struct ct_reread *r, struct ct_error *err)
{
    bool input = strcmp(r->path, "-") == 0;
    struct stat is;
    r->again = input ? dup(STDIN_FILENO) : open(r->path, O_RDONLY | O_CLOEXEC);
    int in = r->again >= 0 ? dup(r->again) : -1;
    if (in < 0 || fstat(in, &is) != 0 || !(r->in = gzdopen(in, "rb"))) {
        enum ct_status st = ct_fail(err, CT_ERR_IO, r->path, "can not be opened: %s", strerror(errno));
        if (in >= 0)
            (void)close(in);
        return st;
    }
    (void)gzbuffer(r->in, PIECE);
    if (!input && S_ISREG(is.st_mode) && gzdirect(r->in))
        return CT_OK;
    r->copy = tmpfile();
    if (!r->copy || dup2(fileno(r->copy), r->again) < 0)
        return ct_fail(err, CT_ERR_IO, "temporary file", "%s", strerror(errno));
    return CT_OK;
}

enum ct_status ct_reread_open(const char *path, struct ct_reread **out, struct ct_error *err)
{
    struct ct_reread *r = ct_xcalloc(1, sizeof *r);
    *r = (struct ct_reread){.path = ct_xstrdup(path), .again = -1};
    enum ct_status st = open_file(r, err);
    if (st != CT_OK)
        ct_reread_close(r);
    *out = st == CT_OK ? r : NULL;
    return st;
}

enum ct_status ct_reread_more(struct ct_reread *r, struct ct_buf *b, struct ct_error *err)
{
    int rc = Z_OK, got = gzread(r->in, ct_buf_room(b, PIECE), PIECE);
    const char *why = gzerror(r->in, &rc);
    if (rc == Z_ERRNO)
        return ct_fail(err, CT_ERR_IO, r->path, "can not be read: %s", strerror(errno));
    if (got < 0 || (got == 0 && rc != Z_OK && rc != Z_STREAM_END))
        return ct_fail(err, CT_ERR_SYNTAX, r->path, "gzip: %s", rc == Z_BUF_ERROR ? "cut short" : why);
    bool copied = !r->copy || (fwrite(b->p + b->n, 1, (size_t)got, r->copy) == (size_t)got &&
                               (got > 0 || fflush(r->copy) == 0));
    b->n += (size_t)got;
    return copied ? CT_OK : ct_fail(err, CT_ERR_IO, "temporary file", "%s", strerror(errno));
}

enum ct_status ct_reread_at(struct ct_reread *r, int64_t off, size_t n, struct ct_buf *b, struct ct_error *err)
{
    ct_buf_clear(b);
    char *p = ct_buf_room(b, n);
    while (b->n < n) {
        ssize_t got = pread(r->again, p + b->n, n - b->n, (off_t)(off + (int64_t)b->n));
        if (got == 0 || (got < 0 && errno != EINTR))
            return ct_fail(err, CT_ERR_IO, r->path, "can not be read again: %s",
                           got < 0 ? strerror(errno) : "it became shorter");
        b->n += got > 0 ? (size_t)got : 0;
    }
    return CT_OK;
}
