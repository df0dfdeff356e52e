#include "config.h"

#include "db/base/log.h"

#include "db/base/str.h"
#include "db/base/text.h"
#include "db/base/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_FILE (10 * 1024 * 1024)
#define FILES_KEPT 3 /* NAME, NAME.1, NAME.2 */
#define RECORD_BYTES 4096

static struct {
    pthread_mutex_t lock;
    int fd;     /* -1: closed */
    char *path; /* NULL: stderr */
    enum ct_log_level least;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static int open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat st;
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fchmod(fd, 0600) != 0)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static void close_locked(void)
{
    if (sink.fd >= 0 && sink.path) {
        close(sink.fd);
    }
    free(sink.path);
    sink.path = NULL;
    sink.fd = -1;
}

enum ct_status ct_log_open(const char *path, enum ct_log_level least, struct ct_error *err)
{
    int fd = path ? open_file(path) : STDERR_FILENO;
    if (fd < 0) {
        return ct_fail(err, CT_ERR_IO, path, "the log can not be opened: %s",
                       errno == ELOOP    ? "it is a symbolic link"
                       : errno == EINVAL ? "it is no regular file of ours"
                                         : strerror(errno));
    }
    pthread_mutex_lock(&sink.lock);
    close_locked();
    sink.fd = fd;
    sink.path = ct_xstrdup(path);
    sink.least = least;
    pthread_mutex_unlock(&sink.lock);
    return CT_OK;
}

void ct_log_close(void)
{
    pthread_mutex_lock(&sink.lock);
    close_locked();
    pthread_mutex_unlock(&sink.lock);
}

/* Viewer and fetcher may share one file. The lock on the old file lets only one of them rename; the
 * other finds another file under the name and just follows. */
static void turn_over(void)
{
    struct ct_buf from = CT_BUF_INIT, to = CT_BUF_INIT;
    struct stat held, named;
    if (flock(sink.fd, LOCK_EX) == 0) {
        bool still = fstat(sink.fd, &held) == 0 && stat(sink.path, &named) == 0 &&
                     held.st_ino == named.st_ino && held.st_dev == named.st_dev;
        for (int i = FILES_KEPT - 1; still && i > 0; i--) {
            ct_buf_clear(&from);
            ct_buf_clear(&to);
            ct_buf_adds(&from, sink.path);
            if (i > 1) {
                ct_buf_addf(&from, ".%d", i - 1);
            }
            ct_buf_addf(&to, "%s.%d", sink.path, i);
            (void)rename(from.p, to.p); /* an older one need not exist */
        }
        (void)flock(sink.fd, LOCK_UN);
    }
    int fd = open_file(sink.path);
    if (fd >= 0) {
        close(sink.fd);
        sink.fd = fd;
    }
    ct_buf_free(&from);
    ct_buf_free(&to);
}

void ct_log(enum ct_log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    char text[RECORD_BYTES], line[RECORD_BYTES + CT_TIME_MAX + 16], when[CT_TIME_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ct_text_mask(text);
    ct_time_format(when, ct_now_ms());

    pthread_mutex_lock(&sink.lock);
    if (sink.fd >= 0 && level >= sink.least) {
        struct stat st;
        if (sink.path && fstat(sink.fd, &st) == 0 && st.st_size >= LARGEST_FILE) {
            turn_over();
        }
        int n = snprintf(line, sizeof(line), "%s %s %s\n", when, names[level], text);
        /* One write a record, so that lines of two processes never mix. A log that can not be
         * written must not stop what it reports about. */
        ssize_t ignored = write(sink.fd, line, (size_t)n);
        (void)ignored;
    }
    pthread_mutex_unlock(&sink.lock);
}
