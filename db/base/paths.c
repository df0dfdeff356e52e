#include "config.h"

#include "db/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

/* ---- places ---- */

static void join(struct ct_buf *out, const char *name)
{
    if (name[0]) {
        ct_buf_addf(out, "/%s", name);
    }
}

static const char *home(void)
{
    const char *dir = getenv("HOME");
    if (dir && dir[0] == '/') {
        return dir;
    }
    const struct passwd *user = getpwuid(getuid());
    return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : "/";
}

/* The XDG rules: a relative path in a variable counts as none. */
static void xdg(struct ct_buf *out, const char *variable, const char *below_home, const char *name)
{
    const char *base = getenv(variable);
    ct_buf_clear(out);
    if (base && base[0] == '/') {
        ct_buf_adds(out, base);
    } else {
        ct_buf_addf(out, "%s/%s", home(), below_home);
    }
    ct_buf_adds(out, "/cloudtape");
    join(out, name);
}

void ct_path_config(struct ct_buf *out, const char *name)
{
    xdg(out, "XDG_CONFIG_HOME", ".config", name);
}

void ct_path_state(struct ct_buf *out, const char *name)
{
    xdg(out, "XDG_STATE_HOME", ".local/state", name);
}

void ct_path_data(struct ct_buf *out, const char *name)
{
    xdg(out, "XDG_DATA_HOME", ".local/share", name);
}

void ct_path_database(struct ct_buf *out, const char *named)
{
    if (!named || !named[0])
        named = getenv("CLOUDTAPE_DB");
    ct_buf_clear(out);
    if (named && named[0])
        ct_buf_adds(out, named);
    else
        ct_path_data(out, "cloudtape.db");
}

/* The executable's folder; "" where the system does not tell. */
static void program_folder(struct ct_buf *out)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
    ct_buf_clear(out);
    ct_buf_adds(out, "");
    if (n > 0 && (size_t)n < sizeof(path)) {
        while (n > 1 && path[n - 1] != '/') {
            n--;
        }
        ct_buf_add(out, (struct ct_span){path, n > 1 ? (size_t)n - 1 : 1});
    }
}

/* Is FOLDER/NAME a regular file with ACCESS? Then OUT is its path; else it is noted in TRIED. */
static bool try_file(struct ct_buf *out, struct ct_buf *tried, const char *folder, const char *name,
                     int access_mode)
{
    struct stat st;
    if (!folder || !folder[0]) {
        return false;
    }
    ct_buf_clear(out);
    ct_buf_adds(out, folder);
    join(out, name);
    if (stat(out->p, &st) == 0 && S_ISREG(st.st_mode) && access(out->p, access_mode) == 0) {
        return true;
    }
    ct_buf_addf(tried, "%s%s", tried->n ? ", " : "", out->p);
    return false;
}

/* Names come from themes and settings too: none may climb out of the folders. */
static bool stays_below(const char *name)
{
    struct ct_span rest = ct_span(name);
    if (rest.n == 0 || name[0] == '/') {
        return false;
    }
    while (rest.p) {
        if (ct_span_is(ct_span_cut(&rest, '/'), "..")) {
            return false;
        }
    }
    return true;
}

enum ct_status ct_path_resource(struct ct_buf *out, const char *name, struct ct_error *err)
{
    static const char tables[] = "fetchers/reference/";
    struct ct_buf folder = CT_BUF_INIT, above = CT_BUF_INIT, tried = CT_BUF_INIT, own = CT_BUF_INIT;
    enum ct_status status = CT_OK;
    bool table = ct_span_starts(ct_span(name), tables);
    program_folder(&folder);
    ct_path_config(&own, "reference");
    if (folder.n) {
        ct_buf_addf(&above, "%s/..", folder.p);
    }
    if (!stays_below(name)) {
        status = ct_fail(err, CT_ERR_NOT_FOUND, name, "not a name inside the program's data");
    } else if (!try_file(out, &tried, getenv("CLOUDTAPE_DATADIR"), name, R_OK) &&
               !(table && try_file(out, &tried, own.p, name + sizeof tables - 1, R_OK)) &&
               !try_file(out, &tried, folder.p, name, R_OK) &&
               !try_file(out, &tried, above.p, name, R_OK) &&
               !try_file(out, &tried, CT_PKGDATADIR, name, R_OK)) {
        status = ct_fail(err, CT_ERR_NOT_FOUND, name, "not found; looked for %s", tried.p);
    }
    if (status != CT_OK) {
        ct_buf_clear(out);
    }
    ct_buf_free(&folder);
    ct_buf_free(&above);
    ct_buf_free(&tried);
    ct_buf_free(&own);
    return status;
}

static bool try_search_path(struct ct_buf *out, struct ct_buf *tried, const char *name)
{
    struct ct_span rest = ct_span(getenv("PATH"));
    bool found = false;
    while (rest.p && !found) {
        char *folder = ct_xspandup(ct_span_cut(&rest, ':'));
        found = folder[0] == '/' && try_file(out, tried, folder, name, X_OK);
        free(folder);
    }
    return found;
}

enum ct_status ct_path_program(struct ct_buf *out, const char *name, struct ct_error *err)
{
    struct ct_buf folder = CT_BUF_INIT, tried = CT_BUF_INIT;
    const char *fixed = strcmp(name, "cloudtape-fetcher") == 0 ? getenv("CLOUDTAPE_FETCHER") : NULL;
    bool found;
    if (fixed && fixed[0]) { /* named by a person: no second guess when it is wrong */
        found = try_file(out, &tried, fixed, "", X_OK);
    } else {
        program_folder(&folder);
        found = try_file(out, &tried, folder.p, name, X_OK) ||
                try_file(out, &tried, CT_PKGLIBEXECDIR, name, X_OK) ||
                try_search_path(out, &tried, name);
    }
    enum ct_status status =
        found ? CT_OK
              : ct_fail(err, CT_ERR_NOT_FOUND, name, "no such program; looked for %s", tried.p);
    if (!found) {
        ct_buf_clear(out);
    }
    ct_buf_free(&folder);
    ct_buf_free(&tried);
    return status;
}

/* ---- files ---- */

static enum ct_status io_error(struct ct_error *err, const char *path, const char *doing)
{
    int code = errno;
    return ct_fail(err, code == ENOENT ? CT_ERR_NOT_FOUND : CT_ERR_IO, path, "%s: %s", doing,
                   strerror(code));
}

enum ct_status ct_mkdirs(const char *path, struct ct_error *err)
{
    enum ct_status status = CT_OK;
    char *copy = ct_xstrdup(path);
    size_t n = strlen(copy);
    for (size_t i = 1; i <= n && status == CT_OK; i++) {
        if (i < n && copy[i] != '/') {
            continue;
        }
        char keep = copy[i];
        struct stat st;
        copy[i] = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST && stat(copy, &st) != 0) {
            status = io_error(err, copy, "folder can not be made");
        } else if (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)) {
            status = ct_fail(err, CT_ERR_IO, copy, "exists and is no folder");
        }
        copy[i] = keep;
    }
    free(copy);
    return status;
}

enum ct_status ct_mkdirs_of(const char *file, struct ct_error *err)
{
    const char *slash = strrchr(file, '/');
    if (!slash || slash == file) {
        return CT_OK;
    }
    char *folder = ct_xspandup((struct ct_span){file, (size_t)(slash - file)});
    enum ct_status status = ct_mkdirs(folder, err);
    free(folder);
    return status;
}

/* Reads to the end, as much at a time as there was so far: most files are small. One byte more than MAX is asked for, to
 * tell "just fits" from "too much". */
static enum ct_status read_all(int fd, const char *path, size_t max, struct ct_buf *out,
                               struct ct_error *err)
{
    enum { LEAST = 4096, MOST = 65536 };
    size_t total = 0;
    for (;;) {
        size_t most = total < LEAST ? LEAST : total < MOST ? total : MOST;
        size_t ask = max - total < most ? max - total + 1 : most;
        char *at = ct_buf_room(out, ask);
        ssize_t got = read(fd, at, ask);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return io_error(err, path, "can not be read");
        }
        total += (size_t)got;
        out->n += (size_t)got;
        out->p[out->n] = '\0';
        if (total > max) {
            return ct_fail(err, CT_ERR_LIMIT, path, "larger than %zu bytes", max);
        }
        if (got == 0) {
            return CT_OK;
        }
    }
}

enum ct_status ct_read_file(const char *path, size_t max, struct ct_buf *out, struct ct_error *err)
{
    bool input = strcmp(path, "-") == 0;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return io_error(err, path, "can not be opened");
    }
    max = max > SIZE_MAX / 4 ? SIZE_MAX / 4 : max;
    ct_buf_clear(out);
    enum ct_status status = read_all(fd, input ? "standard input" : path, max, out, err);
    if (status != CT_OK) {
        ct_buf_clear(out);
    }
    if (!input) {
        close(fd);
    }
    return status;
}

enum ct_status ct_read_pieces(const char *path, ct_read_piece *take, void *ctx,
                              struct ct_error *err)
{
    enum { PIECE = 128 * 1024 };
    bool input = strcmp(path, "-") == 0;
    const char *name = input ? "standard input" : path;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_error(err, path, "can not be opened");
    char *piece = ct_xmalloc(PIECE);
    enum ct_status status = CT_OK;
    ssize_t got = 1;
    while (status == CT_OK && got != 0) {
        got = read(fd, piece, PIECE);
        if (got > 0)
            status = take(ctx, (struct ct_span){piece, (size_t)got}, err);
        else if (got < 0 && errno != EINTR)
            status = io_error(err, name, "can not be read");
    }
    free(piece);
    if (!input)
        close(fd);
    return status;
}

static bool write_all(int fd, struct ct_span bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        }
    }
    return true;
}

/* Without this the new name may be lost with the power although the bytes are safe. File systems
 * that can not sync a folder are none of our business. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == path ? ct_xstrdup("/")
                   : slash       ? ct_xspandup((struct ct_span){path, (size_t)(slash - path)})
                                 : ct_xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

enum ct_status ct_write_file(const char *path, struct ct_span bytes, struct ct_error *err)
{
    struct ct_buf temp = CT_BUF_INIT;
    enum ct_status status = CT_OK;
    ct_buf_addf(&temp, "%s.XXXXXX", path);
    int fd = mkostemp(temp.p, O_CLOEXEC); /* 0600 and O_EXCL: nobody can plant a link */
    if (fd < 0) {
        status = io_error(err, path, "can not be written");
        goto out;
    }
    bool ok = write_all(fd, bytes) && fsync(fd) == 0;
    int code = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        code = errno;
    }
    if (ok && rename(temp.p, path) != 0) {
        ok = false;
        code = errno;
    }
    if (!ok) {
        (void)unlink(temp.p);
        errno = code;
        status = io_error(err, path, "can not be written");
        goto out;
    }
    sync_folder(path);
out:
    ct_buf_free(&temp);
    return status;
}

enum ct_status ct_temp_make(const char *path, struct ct_buf *out, struct ct_error *err)
{
    ct_buf_clear(out);
    ct_buf_addf(out, "%s.XXXXXX", path);
    int fd = mkostemp(out->p, O_CLOEXEC);
    if (fd < 0 || close(fd) != 0) {
        ct_buf_clear(out);
        return io_error(err, path, "can not be written");
    }
    return CT_OK;
}

/* A hard link never replaces anything; some file systems have none. */
static int rename_beside(const char *temp, const char *path)
{
    struct stat st;
    if (link(temp, path) == 0) {
        return unlink(temp);
    }
    if (errno == EEXIST || lstat(path, &st) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(temp, path);
}

enum ct_status ct_temp_keep(const char *temp, const char *path, bool over, struct ct_error *err)
{
    int fd = open(temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (!synced || (over ? rename(temp, path) : rename_beside(temp, path)) != 0) {
        return !over && errno == EEXIST
                   ? ct_fail(err, CT_ERR_USAGE, path, "is there already; nothing is written over it")
                   : io_error(err, path, "can not be written");
    }
    sync_folder(path);
    return CT_OK;
}

void ct_temp_drop(const char *temp)
{
    static const char *const ends[] = {"", "-journal", "-wal", "-shm"};
    struct ct_buf name = CT_BUF_INIT;
    for (size_t i = 0; temp && temp[0] && i < CT_LEN(ends); i++) {
        ct_buf_clear(&name);
        ct_buf_addf(&name, "%s%s", temp, ends[i]);
        (void)unlink(name.p);
    }
    ct_buf_free(&name);
}

const char *ct_fs_word(uint64_t magic)
{
    static const struct {
        uint32_t magic;
        const char *word;
    } kinds[] = {{0x6969, "NFS"}, {0x517b, "SMB"}, {0xff534d42, "SMB"}, {0xfe534d42, "SMB"},
                 {0x65735546, "FUSE"}, {0x00c36400, "Ceph"}, {0x5346414f, "AFS"}, {0x6b414653, "AFS"},
                 {0x73757245, "Coda"}, {0x564c, "NCP"}, {0x0bd00bd0, "Lustre"}};
    for (size_t i = 0; i < CT_LEN(kinds); i++) {
        if (kinds[i].magic == (uint32_t)magic) {
            return kinds[i].word;
        }
    }
    return NULL;
}

const char *ct_path_shared(const char *path)
{
#ifdef __linux__
    char *folder = ct_xstrdup(path);
    struct statfs fs;
    int rc;
    while ((rc = statfs(folder, &fs)) != 0) { /* up to what is there */
        char *slash = strrchr(folder, '/');
        if (!slash) {
            rc = statfs(".", &fs);
            break;
        }
        if (slash == folder) {
            rc = statfs("/", &fs);
            break;
        }
        *slash = '\0';
    }
    free(folder);
    return rc == 0 ? ct_fs_word((uint64_t)fs.f_type) : NULL;
#else
    (void)path;
    return NULL;
#endif
}
