#include "config.h"

#include "tui/loader.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An answer has that much, tables that it shares with others (each bounded by itself) included.
 * A refresh takes at most one part in SHARE of the time, unless that is longer than RARELY_MS; one that has given way
 * to keys for PUT_OFF_MS does so no more. Memory goes back REST_MS after a load that somebody waited for; what a refresh
 * takes the next one takes again, so that goes back RARELY_MS after it. */
enum { LOOK_MS = 1000, MOST_MODEL_BYTES = 128 << 20, SHARE = 4, RARELY_MS = 15000, PUT_OFF_MS = 5000, REST_MS = 500 };
enum { FEW = 4 }; /* fewer items are no work for two */
enum { NOBODY, FIRST, SECOND }; /* of the threads */
enum urgency { NEWER_AHEAD, NEWER, AHEAD, NEEDED }; /* of an item */

struct ct_loader {
    const char *path;
    pthread_t thread, helper;
    bool helped; /* there was a helper */
    int to_loader[2], to_ui[2]; /* pipes; [0] reads */

    pthread_mutex_t lock; /* guards what follows, up to the blank line */
    struct ct_load_request wanted;
    bool stop, fresh_request;
    struct ct_load_answer answers[CT_LOAD_SLOTS];
    bool waiting[CT_LOAD_SLOTS];
    struct ct_arena *dead[CT_LOAD_SLOTS];
    size_t n_dead;
    struct ct_reader *reader; /* written by the thread under the lock, so that cancelling is safe */
    int busy_slot;            /* -1: nothing is being loaded */
    uint64_t busy_generation;
    enum urgency busy_urgency;
    uint64_t busy_epoch;      /* the one its tables are of */
    int64_t began_mono_ms;    /* of the epoch */
    struct {                  /* thread: it has a reader of its own, and takes what was asked from the other end */
        bool runs, begins;
        struct ct_reader *reader;
        uint64_t epoch; /* 0: there is too little to do */
        int64_t clock_ms;
        int slot; /* -1: nothing is being loaded */
        uint64_t generation;
        int reads[CT_N_ROWS]; /* who has them: nothing is read by both */
    } second;
    pthread_cond_t second_begins;

    /* The thread's own; the first two it writes with the lock, for the others to read. */
    struct ct_load_request now;
    struct {
        uint64_t generation, epoch;
    } done[CT_LOAD_SLOTS];
    uint64_t epoch;   /* grows whenever answers given may no longer hold */
    uint64_t settled; /* the epoch that all that is shown was brought to last: its tables are what a key is answered from */
    int64_t version, minute, looked_mono_ms;
    int64_t clock_ms; /* of what is loaded: when the epoch began, so that one table serves all its panels and keys */
    int64_t spent_ms; /* on loads of this epoch */
    int64_t rest_mono_ms; /* when memory goes back; INT64_MAX: it has, and nothing was loaded since */
    dev_t dev;
    ino_t ino;
    struct ct_error trouble; /* why there is no reader */
};

/* ---- the reader ---- */

/* Answers given before may no longer hold. */
static void begin_epoch(struct ct_loader *l)
{
    pthread_mutex_lock(&l->lock);
    l->began_mono_ms = ct_mono_ms();
    pthread_mutex_unlock(&l->lock);
    l->epoch++;
    l->clock_ms = ct_now_ms();
    l->spent_ms = 0;
}

/* Nothing that was read before is left. */
static void begin_anew(struct ct_loader *l)
{
    begin_epoch(l);
    l->settled = l->epoch;
}

static void set_reader(struct ct_loader *l, struct ct_reader *r)
{
    pthread_mutex_lock(&l->lock);
    struct ct_reader *old = l->reader;
    l->reader = r;
    pthread_mutex_unlock(&l->lock);
    ct_reader_close(old);
    begin_anew(l);
}

static void open_reader(struct ct_loader *l, const struct stat *file)
{
    struct ct_reader *r = NULL;
    struct ct_error e = {0};
    if (ct_reader_open(l->path, &r, &e) == CT_OK) {
        l->dev = file->st_dev;
        l->ino = file->st_ino;
        l->version = ct_reader_version(r);
        memset(&l->trouble, 0, sizeof(l->trouble));
        set_reader(l, r);
    } else if (memcmp(&e, &l->trouble, sizeof(e)) != 0) {
        l->trouble = e;
        begin_anew(l);
    }
}

/* Commits that come in a stream are one: what is shown is brought up to date before it is begun again. */
static bool may_refresh(const struct ct_loader *l)
{
    int64_t rest = SHARE * l->spent_ms;
    return l->settled == l->epoch &&
           l->looked_mono_ms >= l->began_mono_ms + (rest < RARELY_MS ? rest : RARELY_MS);
}

/* What a load leaves goes back to the system, not to a heap; but while a FIRST_SCREEN is made heaps grow in large steps
 * and keep what is freed, since it is taken again at once. */
static void set_heaps(bool first_screen)
{
#ifdef __GLIBC__
    mallopt(M_TOP_PAD, first_screen ? 4 << 20 : 128 << 10);
    mallopt(M_TRIM_THRESHOLD, first_screen ? 16 << 20 : 128 << 10);
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_ARENA_MAX, 3); /* threads that begin together wait for no other's heap */
#else
    (void)first_screen;
#endif
}

/* Nobody loads: what nobody shows goes, and then back to the system. */
static void rest(struct ct_loader *l)
{
    if (l->reader) {
        ct_reader_rest(l->reader);
    }
    set_heaps(false);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    l->rest_mono_ms = INT64_MAX;
}

/* Once a second: is there a database, is it still the same file, did somebody commit, is it another minute? */
static void look(struct ct_loader *l)
{
    struct stat file;
    int64_t minute = ct_now_ms() / CT_MINUTE;
    bool there = stat(l->path, &file) == 0;
    l->looked_mono_ms = ct_mono_ms();
    if (l->looked_mono_ms >= l->rest_mono_ms) {
        rest(l);
    }
    if (!there) {
        struct ct_error e = {0};
        ct_fail(&e, CT_ERR_NOT_FOUND, l->path, "the file is gone");
        if (l->reader || memcmp(&e, &l->trouble, sizeof(e)) != 0) {
            l->trouble = e;
            set_reader(l, NULL);
        }
        return;
    }
    if (l->reader && (file.st_dev != l->dev || file.st_ino != l->ino)) {
        set_reader(l, NULL);
    }
    if (!l->reader) {
        l->minute = minute;
        open_reader(l, &file);
        return;
    }
    int64_t version = ct_reader_version(l->reader);
    if ((version != l->version || minute != l->minute) && may_refresh(l)) {
        l->version = version;
        l->minute = minute;
        begin_epoch(l);
    }
}

/* ---- loading ---- */

void ct_load_one(struct ct_reader *r, const struct ct_load_item *item, int64_t clock_ms,
                 struct ct_load_answer *out)
{
    memset(out, 0, sizeof(*out));
    out->slot = item->slot;
    out->generation = item->generation;
    out->loaded_ms = clock_ms;
    out->newer = ct_reader_newer(r);
    out->arena = ct_arena_new(MOST_MODEL_BYTES);
    int64_t now = item->query.at_ms == CT_LIVE ? out->loaded_ms : item->query.at_ms;
    ct_reader_begin(r); /* what a panel puts side by side was so at one moment */
    out->status = item->ops->load(r, &item->query, now, out->arena, &out->model, &out->error);
    ct_reader_end(r);
    out->damaged = ct_reader_damaged(r);
    if (out->status != CT_OK) {
        ct_arena_free(out->arena);
        out->arena = NULL;
        out->model = NULL;
        out->error.status = out->status;
    }
}

static void copy_request(struct ct_load_request *to, const struct ct_load_request *from)
{
    to->n = from->n;
    memcpy(to->items, from->items, from->n * sizeof(from->items[0]));
}

/* A full pipe already wakes the other side. */
static void wake(int fd)
{
    while (write(fd, "", 1) < 0 && errno == EINTR) {
    }
}

/* With the lock. */
static void give(struct ct_loader *l, const struct ct_load_answer *a)
{
    l->done[a->slot].generation = a->generation;
    l->done[a->slot].epoch = a->epoch;
    if (l->waiting[a->slot]) {
        ct_arena_free(l->answers[a->slot].arena);
    }
    l->answers[a->slot] = *a;
    l->waiting[a->slot] = true;
    wake(l->to_ui[1]);
}

/* What a person waits for goes first, then what the next key will show, which is little, then what could only be newer.
 * With the lock. */
static enum urgency urgency_of(const struct ct_loader *l, const struct ct_load_item *item)
{
    bool ahead = item->slot >= CT_LOAD_AHEAD;
    if (item->epoch == 0 && l->done[item->slot].generation != item->generation) {
        return ahead ? AHEAD : NEEDED;
    }
    return ahead ? NEWER_AHEAD : NEWER;
}

/* Are the rows that ITEM is made of read by the thread that is not ME? With the lock. */
static bool is_of_other(const struct ct_loader *l, const struct ct_load_item *item, int me)
{
    int who = l->second.reads[item->ops->made_of];
    return who != NOBODY && who != me;
}

/* ME loads ITEM. With the lock. */
static void note_reading(struct ct_loader *l, const struct ct_load_item *item, int me)
{
    if (item->ops->made_of != CT_ROWS_OWN) {
        l->second.reads[item->ops->made_of] = me;
    }
}

/* The first of the most urgent items that were not answered since their query or the data changed; nothing ahead while
 * a second thread is busy with what is waited for. With the lock. */
static const struct ct_load_item *next_item(struct ct_loader *l)
{
    const struct ct_load_item *next = NULL;
    bool behind = false;
    for (size_t i = 0; i < l->now.n; i++) {
        const struct ct_load_item *item = &l->now.items[i];
        bool taken = item->slot == l->second.slot && item->generation == l->second.generation;
        if (taken || (l->second.runs && (item->slot >= CT_LOAD_AHEAD || is_of_other(l, item, FIRST)))) {
            continue;
        }
        if (item->epoch == l->epoch) {
            l->done[item->slot].generation = item->generation;
            l->done[item->slot].epoch = l->epoch;
        }
        bool old = l->done[item->slot].generation != item->generation ||
                   l->done[item->slot].epoch != l->epoch;
        next = old && (!next || urgency_of(l, item) > urgency_of(l, next)) ? item : next;
        behind = behind || (old && item->slot < CT_LOAD_AHEAD);
    }
    if (!behind) {
        l->settled = l->epoch;
    }
    return next;
}

/* What is loaded next, NULL: nothing. */
static const struct ct_load_item *begin_item(struct ct_loader *l)
{
    pthread_mutex_lock(&l->lock);
    const struct ct_load_item *item = next_item(l);
    if (item && l->reader) {
        l->busy_slot = item->slot;
        l->busy_generation = item->generation;
        l->busy_urgency = urgency_of(l, item);
        l->busy_epoch = l->busy_urgency >= AHEAD ? l->settled : l->epoch;
        note_reading(l, item, FIRST);
    }
    pthread_mutex_unlock(&l->lock);
    return item;
}

/* After a load that ended at NOW. */
static void put_off_rest(struct ct_loader *l, int64_t now)
{
    int64_t soon = now + REST_MS, late = now + RARELY_MS;
    if (l->busy_urgency == NEEDED || l->rest_mono_ms < soon) {
        l->rest_mono_ms = soon;
    } else if (l->rest_mono_ms == INT64_MAX) {
        l->rest_mono_ms = late;
    }
}

static void load(struct ct_loader *l, const struct ct_load_item *item, struct ct_load_answer *a)
{
    int64_t begin = ct_mono_ms();
    ct_reader_hold(l->reader, (int64_t)l->busy_epoch);
    ct_load_one(l->reader, item, l->clock_ms, a);
    a->epoch = l->busy_epoch;
    pthread_mutex_lock(&l->lock);
    l->busy_slot = -1;
    pthread_mutex_unlock(&l->lock);
    int64_t end = ct_mono_ms();
    l->spent_ms += end - begin;
    put_off_rest(l, end);
}

static void answer(struct ct_loader *l, const struct ct_load_item *item)
{
    struct ct_load_answer a = {.slot = item->slot, .generation = item->generation};
    a.epoch = l->epoch;
    if (l->reader) {
        load(l, item, &a);
        if (a.status == CT_ERR_CANCELLED) {
            return; /* if it is wanted after all, its turn comes again */
        }
    } else {
        a.status = l->trouble.status ? l->trouble.status : CT_ERR_NOT_FOUND;
        a.error = l->trouble;
    }
    pthread_mutex_lock(&l->lock);
    give(l, &a);
    pthread_mutex_unlock(&l->lock);
}

/* ---- the second thread ----
 * A first screen is a dozen loads, while everything else waits: two threads share them, but what is made of the same
 * rows is left to the one that has read them. The second has a connection of
 * its own, which it opens while the first one opens its, and both go when nothing is waited for any more. What it reads
 * is never older than the version the first one has noted: it begins after that. */

/* The last item that somebody waits for and nobody loads, nor one that is left to who has its rows. With the lock. */
static const struct ct_load_item *last_needed(const struct ct_loader *l)
{
    for (size_t i = l->now.n; i-- > 0;) {
        const struct ct_load_item *item = &l->now.items[i];
        bool taken = item->slot == l->busy_slot && item->generation == l->busy_generation;
        if (urgency_of(l, item) == NEEDED && !taken && !is_of_other(l, item, SECOND)) {
            return item;
        }
    }
    return NULL;
}

/* Loads with R what the first thread does not, with the lock, which it gives up meanwhile. What fails is the first
 * one's to tell. */
static void help_out(struct ct_loader *l, struct ct_reader *r)
{
    const struct ct_load_item *next;
    bool good = true;
    while (good && !l->stop && (next = last_needed(l)) != NULL) {
        struct ct_load_item item = *next;
        struct ct_load_answer a;
        l->second.slot = item.slot;
        l->second.generation = item.generation;
        note_reading(l, &item, SECOND);
        pthread_mutex_unlock(&l->lock);
        ct_reader_hold(r, (int64_t)l->second.epoch);
        ct_load_one(r, &item, l->second.clock_ms, &a);
        a.epoch = l->second.epoch;
        good = a.status == CT_OK;
        pthread_mutex_lock(&l->lock);
        l->second.slot = -1;
        if (good) {
            give(l, &a);
        }
    }
}

static void *help(void *arg)
{
    struct ct_loader *l = arg;
    struct ct_reader *r = NULL;
    struct ct_error ignored;
    bool opened = ct_reader_open(l->path, &r, &ignored) == CT_OK;
    pthread_mutex_lock(&l->lock);
    l->second.reader = r;
    while (opened && !l->stop && !l->second.begins) {
        pthread_cond_wait(&l->second_begins, &l->lock);
    }
    if (l->second.epoch) {
        help_out(l, r);
    }
    l->second.reader = NULL;
    l->second.runs = false;
    pthread_mutex_unlock(&l->lock);
    wake(l->to_loader[1]);
    ct_reader_close(r);
    return NULL;
}

static void start_helper(struct ct_loader *l)
{
    pthread_mutex_lock(&l->lock);
    l->helped = l->second.runs = pthread_create(&l->helper, NULL, help, l) == 0;
    pthread_mutex_unlock(&l->lock);
}

/* Once it is known what there is to do, and a version of it is noted. */
static void let_help(struct ct_loader *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->second.runs && !l->second.begins && l->reader && l->now.n > 0) {
        l->second.epoch = l->now.n >= FEW ? l->epoch : 0;
        l->second.clock_ms = l->clock_ms;
        l->second.begins = true;
        pthread_cond_signal(&l->second_begins);
    }
    pthread_mutex_unlock(&l->lock);
}

static void free_dead(struct ct_loader *l)
{
    struct ct_arena *dead[CT_LOAD_SLOTS];
    pthread_mutex_lock(&l->lock);
    size_t n = l->n_dead;
    memcpy(dead, l->dead, n * sizeof(dead[0]));
    l->n_dead = 0;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < n; i++) {
        ct_arena_free(dead[i]);
    }
}

static void wait_for_work(struct ct_loader *l)
{
    char bytes[64];
    struct pollfd p = {.fd = l->to_loader[0], .events = POLLIN};
    int64_t left = l->looked_mono_ms + LOOK_MS - ct_mono_ms();
    if (poll(&p, 1, left < 0 ? 0 : (int)left) > 0) {
        while (read(l->to_loader[0], bytes, sizeof(bytes)) > 0) {
        }
    }
}

static void *run(void *arg)
{
    struct ct_loader *l = arg;
    for (;;) {
        free_dead(l);
        pthread_mutex_lock(&l->lock);
        bool stop = l->stop;
        if (l->fresh_request) {
            copy_request(&l->now, &l->wanted);
            l->fresh_request = false;
        }
        pthread_mutex_unlock(&l->lock);
        if (stop) {
            break;
        }
        if (ct_mono_ms() >= l->looked_mono_ms + LOOK_MS) {
            look(l);
        }
        let_help(l);
        const struct ct_load_item *item = begin_item(l);
        if (item) {
            answer(l, item);
        } else {
            wait_for_work(l);
        }
    }
    set_reader(l, NULL);
    return NULL;
}

/* ---- the UI's side ---- */

static bool open_pipe(int fds[2])
{
    return pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0;
}

static void close_pipe(int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

enum ct_status ct_loader_start(const char *path, struct ct_loader **out, struct ct_error *err)
{
    struct ct_loader *l = ct_xcalloc(1, sizeof(*l));
    sigset_t all, before;
    l->path = path;
    l->busy_slot = -1;
    l->epoch = 1;
    set_heaps(true);
    l->looked_mono_ms = INT64_MIN / 2;
    l->rest_mono_ms = INT64_MAX;
    l->to_loader[0] = l->to_loader[1] = l->to_ui[0] = l->to_ui[1] = -1;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->second_begins, NULL);
    l->second.slot = -1;
    int failed = !open_pipe(l->to_loader) || !open_pipe(l->to_ui) ? errno : 0;
    if (!failed) {
        sigfillset(&all); /* signals are the UI thread's */
        pthread_sigmask(SIG_SETMASK, &all, &before);
        failed = pthread_create(&l->thread, NULL, run, l);
        if (!failed && sysconf(_SC_NPROCESSORS_ONLN) > 1) {
            start_helper(l);
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (failed) {
        close_pipe(l->to_loader);
        close_pipe(l->to_ui);
        pthread_cond_destroy(&l->second_begins);
        pthread_mutex_destroy(&l->lock);
        free(l);
        return ct_fail(err, CT_ERR_IO, "loader", "%s", strerror(failed));
    }
    *out = l;
    return CT_OK;
}

void ct_loader_stop(struct ct_loader *l)
{
    if (!l) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    if (l->reader) {
        ct_reader_cancel(l->reader);
    }
    if (l->second.reader) {
        ct_reader_cancel(l->second.reader);
    }
    pthread_cond_signal(&l->second_begins);
    pthread_mutex_unlock(&l->lock);
    wake(l->to_loader[1]);
    pthread_join(l->thread, NULL);
    if (l->helped) {
        pthread_join(l->helper, NULL);
    }
    free_dead(l);
    for (size_t i = 0; i < CT_LOAD_SLOTS; i++) {
        if (l->waiting[i]) {
            ct_arena_free(l->answers[i].arena);
        }
    }
    close_pipe(l->to_loader);
    close_pipe(l->to_ui);
    pthread_cond_destroy(&l->second_begins);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

int ct_loader_fd(const struct ct_loader *l)
{
    return l->to_ui[0];
}

/* Does what is being loaded go on, now that REQUEST is asked? With the lock. */
static bool goes_on(const struct ct_loader *l, const struct ct_load_request *request)
{
    bool wanted = false, waited_for = false;
    for (size_t i = 0; i < request->n; i++) {
        const struct ct_load_item *item = &request->items[i];
        bool busy = item->slot == l->busy_slot && item->generation == l->busy_generation;
        wanted = wanted || busy;
        waited_for = waited_for || (urgency_of(l, item) == NEEDED && !busy);
    }
    bool gives_way = waited_for && l->busy_urgency != NEEDED && ct_mono_ms() < l->began_mono_ms + PUT_OFF_MS;
    return wanted && !gives_way;
}

void ct_loader_post(struct ct_loader *l, const struct ct_load_request *request)
{
    pthread_mutex_lock(&l->lock);
    if (l->busy_slot >= 0 && l->reader && !goes_on(l, request)) {
        ct_reader_cancel(l->reader);
    }
    copy_request(&l->wanted, request);
    l->fresh_request = true;
    pthread_mutex_unlock(&l->lock);
    wake(l->to_loader[1]);
}

void ct_loader_free(struct ct_loader *l, struct ct_arena *a)
{
    bool taken = false;
    if (l && a) {
        pthread_mutex_lock(&l->lock);
        taken = l->n_dead < CT_LEN(l->dead);
        if (taken) {
            l->dead[l->n_dead++] = a;
        }
        pthread_mutex_unlock(&l->lock);
    }
    if (!taken) {
        ct_arena_free(a);
    }
}

bool ct_loader_take(struct ct_loader *l, struct ct_load_answer *out)
{
    char bytes[64];
    bool found = false;
    while (read(l->to_ui[0], bytes, sizeof(bytes)) > 0) {
    }
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < CT_LOAD_SLOTS && !found; i++) {
        if (l->waiting[i]) {
            *out = l->answers[i];
            l->waiting[i] = false;
            found = true;
        }
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}
