/* What the viewer holds of a large market while it rests: little, on whatever screen it stands and wherever it was. */
#include "config.h"

#include "db/base/timeutil.h"
#include "tests/vt/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { TYPES = 16, CLOUDS = 25, REGIONS = 20, OFFERS = TYPES * CLOUDS * REGIONS, HOURS = 2, BUDGET_KB = 24 << 10 };

static char folder[512], db[600];

/* ---- a market of thousands of offers, twice ---- */

static void write_rows(FILE *f)
{
    for (int hour = 0; hour < HOURS; hour++)
        for (int i = 0; i < OFFERS; i++)
            fprintf(f, "{\"row\":\"offer\",\"at\":\"2026-10-31T%02d:00:00Z\",\"cloud\":\"cloud-%d\",\"region\":\"region-%d\","
                       "\"instance\":\"gpu_8x_t%d\",\"gpu\":\"T%d\",\"gpu_mem_gib\":80,\"gpu_count\":8,\"purchase\":\"od\","
                       "\"currency\":\"USD\",\"price_per_hour\":%d.%02d,\"stock\":\"A\"}\n",
                    20 + hour, i / TYPES % CLOUDS, i / TYPES / CLOUDS, i % TYPES, i % TYPES,
                    10 + i % 37, (i * 7 + hour * i % 3) % 100);
}

static int setup(void **state)
{
    (void)state;
    char rows[600], command[2600];
    const char *build = getenv("CT_BUILDDIR");
    (void)snprintf(folder, sizeof(folder), "%s/memory-XXXXXX", build);
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(db, sizeof(db), "%s/large.db", folder);
    (void)snprintf(rows, sizeof(rows), "%s/rows", folder);
    FILE *f = fopen(rows, "w");
    if (!f)
        return -1;
    write_rows(f);
    if (fclose(f) != 0)
        return -1;
    (void)snprintf(command, sizeof(command), "HOME='%s' '%s/cloudtape-fetcher' import rows '%s' --db '%s' >'%s/log' 2>&1",
                   folder, build, rows, db, folder);
    int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[600];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

/* ---- the viewer over it ---- */

static struct vt *open_viewer(void)
{
    static char program[600], home[600];
    (void)snprintf(program, sizeof(program), "%s/cloudtape", getenv("CT_BUILDDIR"));
    (void)snprintf(home, sizeof(home), "HOME=%s", folder);
    const char *argv[] = {program, "--db", db, "--no-fetch", NULL};
    const char *env[] = {"CLOUDTAPE_NOW=2026-10-31T22:10:00Z", home, "XDG_CONFIG_HOME", "XDG_STATE_HOME", NULL};
    return vt_start(50, 200, argv, env);
}

/* Once it has done what the screen needs and nobody asks for more. */
static void expect_little(struct vt *v, char screen)
{
    int64_t kb, end = ct_mono_ms() + 30000;
    do {
        vt_rest(v, 700);
        kb = vt_resident_kb(v);
    } while (kb > BUDGET_KB && ct_mono_ms() < end);
    if (kb > BUDGET_KB)
        fail_msg("resting on screen %c it holds %lld kB of %d offers", screen, (long long)kb, OFFERS);
}

static void a_large_market_is_little_on_every_screen(void **state)
{
    (void)state;
    struct vt *v = open_viewer();
    if (vt_resident_kb(v) < 0) {
        vt_free(v);
        skip();
    }
    vt_wait(v, "Watchlist");
    for (const char *screen = "123456783431"; *screen; screen++) {
        vt_type(v, (const char[]){*screen, '\0'});
        if (*screen == '3')
            vt_wait(v, "8000 of 8000 offers");
        expect_little(v, *screen);
    }
    vt_paste(v, "Q");
    assert_int_equal(vt_end(v, 5000), 0);
    vt_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_market_is_little_on_every_screen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
