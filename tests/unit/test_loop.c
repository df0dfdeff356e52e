/* The loop's parts: when the loader is told what is asked. */
#include "config.h"

#define ct_loader_post note_post /* nobody loads here but the test */
#include "tui/loop.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

static char folder[512], db[600];
static int posts;

void ct_loader_post(struct ct_loader *l, const struct ct_load_request *request)
{
    (void)l;
    (void)request;
    posts++;
}

static int simulate(void **state)
{
    (void)state;
    const char *build = getenv("CT_BUILDDIR");
    char command[2048];
    snprintf(folder, sizeof(folder), "%s/loop-XXXXXX", build ? build : ".");
    assert_non_null(mkdtemp(folder));
    snprintf(db, sizeof(db), "%s/world.db", folder);
    snprintf(command, sizeof(command),
             "HOME='%s' '%s/cloudtape-fetcher' demo --headless --days 1 --seed 3 --db '%s' >/dev/null 2>&1", folder,
             build ? build : ".", db);
    int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int tidy(void **state)
{
    (void)state;
    char command[600];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

/* How often the loader was told of KEY at once, and by the time that is due. */
static void press(struct loop *l, int key, int *at_once, int *in_time)
{
    posts = 0;
    ui_press(l->ui, key);
    ui_draw(l->ui);
    assert_true(l->ui->ask);
    ask(l);
    *at_once = posts;
    int due = next_due(l); /* a second at most, for the clock */
    if (!posts) {
        assert_in_range(due, 0, LATER_MS);
    }
    for (int64_t until = ct_mono_ms() + LATER_MS; ct_mono_ms() < until;) {
    }
    post_when_due(l);
    post_when_due(l);
    *in_time = posts;
}

/* The detail of the next row is at hand, that of the last one is not: what is then loaded ahead can wait until the frame
 * is on the terminal, what a person waits for cannot. */
static void the_loader_is_told_later_what_nobody_waits_for(void **state)
{
    (void)state;
    struct ct_ui_options o = {.db_path = db, .charset = "unicode"};
    struct ct_error e = {0};
    struct ct_reader *r = NULL;
    struct loop l = {.credit_ms = BURST_MS};
    int at_once, in_time;
    assert_int_equal(ct_reader_open(db, &r, &e), CT_OK);
    assert_int_equal(ui_new(&o, "tokens", 50, 200, &l.ui, &e), CT_OK);
    ui_load_now(l.ui, r, &e);
    ui_draw(l.ui);
    press(&l, 'j', &at_once, &in_time);
    assert_int_equal(at_once, 0);
    assert_int_equal(in_time, 1);
    press(&l, 'G', &at_once, &in_time);
    assert_int_equal(at_once, 1);
    assert_int_equal(in_time, 1);
    ui_free(l.ui);
    ct_reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_loader_is_told_later_what_nobody_waits_for)};
    setenv("CLOUDTAPE_NOW", "2026-11-01T00:00:00Z", 1);
    return cmocka_run_group_tests_name("loop", tests, simulate, tidy);
}
