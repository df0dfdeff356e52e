/* The rules of alerting written another way, against the machine: the reference keeps the whole log of
 * evaluations and finds lives in it by looking back; the machine goes step by step. Then machine and
 * outbox together, with a world that fails, against what must always hold. Seeds: 100,000 in
 * `./dev soak`. */
#include "config.h"

#include "alerts/outbox.h"
#include "write_fixture.h"

#include <inttypes.h>

#define STEPS 160

/* ---- random ---- */

static uint64_t random_state;

static uint64_t rnd(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* ---- a log of evaluations ---- */

struct entry {
    int64_t now, boot, watched; /* watched: since the entry before, 0 over a pause or a restart */
    enum ct_truth truth, hold;
    int64_t level, observation;
    bool hidden, warm, silenced, inhibited;
    bool dropped; /* a restart before it found state older than a day */
    int64_t last_boot;
};

struct told {
    int at, kind;
};

struct tape {
    struct ct_alert_policy p;
    struct entry e[STEPS];
    struct told ref[STEPS * 2], real[STEPS * 2];
    int n_ref, n_real;
};

static void make_policy(struct ct_alert_policy *p)
{
    static const int64_t spans[] = {0, 0, 15, 30, 60, 120, 300, 7200};
    p->for_ms = spans[rnd(8)] * CT_SECOND;
    p->keep_ms = spans[rnd(8)] * CT_SECOND;
    p->nodata = (enum ct_nodata)rnd(3);
}

static void make_tape(struct tape *t)
{
    int64_t now = INT64_C(1760000000000), boot = 1000, last = CT_NONE;
    bool warm = rnd(2), steady = rnd(3) > 0;
    int64_t observation = 1, level = 3;
    enum ct_truth truth = CT_TRUTH_FALSE;
    int mood = (int)rnd(100);
    make_policy(&t->p);
    for (int i = 0; i < STEPS; i++) {
        struct entry *e = &t->e[i];
        int64_t wait = steady ? 15 : (int64_t)(1 + rnd(70));
        bool dropped = false;
        wait = rnd(40) == 0 ? (int64_t)rnd(9000) : wait;
        now += wait * CT_SECOND;
        boot += wait * CT_SECOND;
        if (rnd(50) == 0) { /* another process, perhaps another boot, perhaps much later */
            int64_t away = rnd(3) ? (int64_t)rnd(600) : (int64_t)rnd(400000);
            dropped = i > 0 && wait * CT_SECOND + away * CT_SECOND > CT_ALERT_OLD_MS;
            now += away * CT_SECOND;
            boot = rnd(2) ? boot + away * CT_SECOND : 500;
            last = CT_NONE;
            warm = false;
        }
        if ((int)rnd(100) < mood)
            truth = (enum ct_truth)rnd(3);
        if (rnd(4) == 0)
            level = (int64_t)(3 + rnd(3));
        observation += rnd(3) > 0;
        *e = (struct entry){.now = now, .boot = boot, .truth = truth, .hold = truth, .level = level,
                            .observation = observation, .warm = warm, .dropped = dropped,
                            .last_boot = last};
        if (truth == CT_TRUTH_FALSE && rnd(4) == 0)
            e->hold = CT_TRUTH_TRUE;
        e->silenced = i > 0 && rnd(10) ? t->e[i - 1].silenced : rnd(4) == 0;
        e->inhibited = i > 0 && rnd(10) ? t->e[i - 1].inhibited : rnd(8) == 0;
        e->hidden = e->silenced || e->inhibited;
        int64_t pause = last == CT_NONE ? -1 : boot - last;
        e->watched = pause >= 0 && pause <= CT_ALERT_GAP_MS ? pause : 0;
        last = boot;
        warm = warm || truth != CT_TRUTH_UNKNOWN;
    }
}

static void tell(struct told *v, int *n, int at, int kind)
{
    v[*n] = (struct told){at, kind};
    ++*n;
}

/* ---- the machine ---- */

static void run_machine(struct tape *t)
{
    struct ct_alert_life l = ct_alert_born(t->e[0].now);
    for (int i = 0; i < STEPS; i++) {
        const struct entry *e = &t->e[i];
        struct ct_alert_fact f = {e->truth, e->hold, e->level, e->observation, e->silenced,
                                  e->inhibited};
        struct ct_alert_clock c = {
        .now_ms = e->now, .boot_ms = e->boot, .last_boot_ms = e->last_boot, .warm = e->warm};
        struct ct_alert_step out;
        if (i > 0 && e->last_boot == CT_NONE && !ct_alert_wake(&l, t->e[i - 1].now, e->now))
            l.held_ms = l.unknown_ms = 0;
        ct_alert_step(&l, &t->p, &f, &c, &out);
        for (int kind = 0; kind <= CT_TELL_FLAP_OFF; kind++)
            if (out.tell[kind])
                tell(t->real, &t->n_real, i, kind);
    }
}

/* ---- the reference: the log, read backwards from wherever one stands ---- */

static enum ct_truth seen_as(const struct tape *t, int i, bool firing)
{
    enum ct_truth truth = firing ? t->e[i].hold : t->e[i].truth;
    return truth == CT_TRUTH_UNKNOWN && t->p.nodata == CT_NODATA_FIRE ? CT_TRUTH_TRUE : truth;
}

/* Time watched while WANT held at both ends of each stretch, from entry FROM on, back to the first entry that
 * says the opposite. AS[i]: what entry i was taken for. */
static int64_t held(const struct tape *t, const enum ct_truth *as, int from, int at,
                    enum ct_truth want)
{
    int64_t sum = 0;
    for (int i = at; i > from; i--) {
        if (as[i] != want && as[i] != CT_TRUTH_UNKNOWN)
            break;
        if (as[i] == want && as[i - 1] == want && t->e[i].warm)
            sum += t->e[i].watched;
        if (t->e[i].dropped)
            break; /* what was held before is too old */
    }
    return sum;
}

static int64_t blind(const struct tape *t, const enum ct_truth *as, int from, int at)
{
    int64_t sum = 0;
    for (int i = at; i > from && as[i] == CT_TRUTH_UNKNOWN; i--)
        sum += t->e[i].watched;
    return sum;
}

/* Distinct observations, of the last 21, in which one of MOVES happened. */
static int busy(const struct tape *t, const int *moves, int n, int at)
{
    int count = 0;
    int64_t last = CT_NONE;
    int64_t seen[STEPS], n_seen = 0; /* entries that brought a new observation */
    for (int i = 0; i <= at; i++)
        if (t->e[i].truth != CT_TRUTH_UNKNOWN && (last == CT_NONE || t->e[i].observation > last))
            seen[n_seen++] = i, last = t->e[i].observation;
    int64_t first = n_seen >= CT_ALERT_WINDOW ? seen[n_seen - CT_ALERT_WINDOW] : -1;
    for (int64_t k = n_seen - 1; k >= -1; k--) {
        int64_t begin = k < 0 ? -1 : seen[k], end = k + 1 < n_seen ? seen[k + 1] : at + 1;
        bool any = false;
        for (int m = 0; m < n; m++)
            any = any || (moves[m] >= begin && moves[m] < end && moves[m] <= at);
        count += any && (begin >= first);
    }
    return count;
}

static void run_reference(struct tape *t)
{
    enum { QUIET, WAITING, BURNING } phase = QUIET;
    enum ct_truth as[STEPS];
    int since = -1, moves[STEPS], n_moves = 0;
    int64_t worst = 0;
    bool flapping = false, untold = false;
    for (int i = 0; i < STEPS; i++) {
        const struct entry *e = &t->e[i];
        bool firing = false, resolved = false, burned = phase == BURNING;
        as[i] = seen_as(t, i, burned);
        if (e->dropped && phase == WAITING)
            phase = QUIET;
        bool counts = e->warm || as[i] == CT_TRUTH_UNKNOWN;
        if (phase == QUIET && counts && as[i] == CT_TRUTH_TRUE) {
            since = i;
            phase = WAITING;
            firing = t->p.for_ms == 0;
        } else if (phase == WAITING && counts) {
            if (as[i] == CT_TRUTH_FALSE)
                phase = QUIET;
            else if (as[i] == CT_TRUTH_TRUE)
                firing = held(t, as, since, i, CT_TRUTH_TRUE) >= t->p.for_ms;
            else if (t->p.nodata == CT_NODATA_UNKNOWN && blind(t, as, since, i) > CT_HOUR)
                phase = QUIET;
        } else if (phase == BURNING && counts) {
            bool over = as[i] == CT_TRUTH_FALSE &&
                        held(t, as, since, i, CT_TRUTH_FALSE) >= t->p.keep_ms;
            bool lost = as[i] == CT_TRUTH_UNKNOWN && t->p.nodata == CT_NODATA_UNKNOWN &&
                        blind(t, as, since, i) > CT_DAY;
            resolved = over || lost;
        }
        bool worse = burned && phase == BURNING && e->warm && as[i] == CT_TRUTH_TRUE &&
                     e->truth == CT_TRUTH_TRUE && e->level > worst;
        if (firing) {
            phase = BURNING;
            since = i;
        }
        if (resolved)
            phase = QUIET;
        if (firing || worse)
            worst = e->level;
        if (firing || resolved)
            moves[n_moves++] = i;
        /* what was hidden is told when it shows again, unless the answers say by now that it ends */
        bool shown = untold && phase == BURNING && !e->hidden && as[i] != CT_TRUTH_FALSE;
        untold = phase == BURNING && (e->hidden || (untold && !shown));
        int n = busy(t, moves, n_moves, i);
        bool was = flapping;
        flapping = was ? 100 * n >= 15 * CT_ALERT_WINDOW : 100 * n >= 30 * CT_ALERT_WINDOW;
        if (!was && !flapping && (firing || worse || shown))
            tell(t->ref, &t->n_ref, i, CT_TELL_FIRING);
        if (!was && !flapping && resolved)
            tell(t->ref, &t->n_ref, i, CT_TELL_RESOLVED);
        if (was != flapping)
            tell(t->ref, &t->n_ref, i, flapping ? CT_TELL_FLAP_ON : CT_TELL_FLAP_OFF);
    }
}

static void the_machine_tells_what_the_reference_tells(void **state)
{
    (void)state;
    int seeds = fixture_times("CT_ALERT_SEEDS", 3000);
    static struct tape t;
    int64_t all = 0;
    for (int seed = 1; seed <= seeds; seed++) {
        memset(&t, 0, sizeof t);
        random_state = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        make_tape(&t);
        run_machine(&t);
        run_reference(&t);
        int n = t.n_ref < t.n_real ? t.n_ref : t.n_real, i = 0;
        while (i < n && t.ref[i].at == t.real[i].at && t.ref[i].kind == t.real[i].kind)
            i++;
        if (i < n || t.n_ref != t.n_real)
            fail_msg("seed %d, message %d: reference %d of %s at %d, machine %d of %s at %d "
                     "(for %" PRId64 " keep %" PRId64 " nodata %d)",
                     seed, i, t.n_ref, i < t.n_ref ? ct_alert_kind_words[t.ref[i].kind] : "-",
                     i < t.n_ref ? t.ref[i].at : -1, t.n_real,
                     i < t.n_real ? ct_alert_kind_words[t.real[i].kind] : "-",
                     i < t.n_real ? t.real[i].at : -1, t.p.for_ms, t.p.keep_ms, (int)t.p.nodata);
        all += n;
    }
    print_message("# %d seeds, %" PRId64 " messages\n", seeds, all);
    assert_true(all > seeds); /* else the worlds were too quiet to show anything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_tells_what_the_reference_tells),
    };
    return cmocka_run_group_tests_name("alert reference", tests, NULL, NULL);
}
