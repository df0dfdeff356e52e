/* The keeper of the fetcher beside the viewer, with small scripts in the fetcher's place. */
#include "config.h"

#include "app/spawn.h"
#include "db/base/paths.h"
#include "db/base/timeutil.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/ct-spawn-XXXXXX";
static char program[64], log_path[64], words[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(program, sizeof program, "%s/fetcher", folder);
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    snprintf(words, sizeof words, "%s/words", folder);
    return setenv("CLOUDTAPE_FETCHER", program, 1);
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(program);
    unlink(log_path);
    unlink(words);
    return rmdir(folder);
}

/* A fetcher that does what BODY says. */
static struct ct_keeper keeper(const char *body)
{
    static const char *const args[] = {"fetch", "--daemon", NULL};
    struct ct_keeper k;
    struct ct_error err = {0};
    char text[1024];
    snprintf(text, sizeof text, "#!/bin/sh\nwords='%s'\n%s\n", words, body);
    unlink(words);
    unlink(log_path);
    assert_int_equal(ct_write_file(program, ct_span(text), NULL), CT_OK);
    assert_int_equal(chmod(program, 0700), 0);
    assert_int_equal(ct_keeper_init(&k, args, log_path, &err), CT_OK);
    return k;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Waits until the script wrote PATH; its text. */
static void read_when_there(const char *path, struct ct_buf *out)
{
    for (int i = 0; i < 500; i++, pause_ms(10))
        if (ct_read_file(path, 4096, out, NULL) == CT_OK && out->n && out->p[out->n - 1] == '\n')
            return;
    fail_msg("the script never wrote %s", path);
}

static bool ends_within(struct ct_keeper *k, int ms)
{
    struct pollfd p = {.fd = k->fd, .events = POLLIN};
    poll(&p, 1, ms);
    for (int i = 0; i < 100; i++, pause_ms(10))
        if (ct_keeper_check(k))
            return true;
    return false;
}

static void a_child_gets_its_arguments_and_a_group_of_its_own(void **state)
{
    (void)state;
    struct ct_buf text = CT_BUF_INIT;
    struct ct_keeper k = keeper("echo \"$@\" >\"$words.new\"; echo to the log; "
                                "mv \"$words.new\" \"$words\"; exec sleep 60");
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    assert_true(k.pid > 0);
    read_when_there(words, &text);
    assert_string_equal(text.p, "fetch --daemon --parent-fd 3\n");
    assert_int_equal(getpgid(k.pid), k.pid);
    ct_buf_clear(&text);
    read_when_there(log_path, &text);
    assert_string_equal(text.p, "to the log\n");
    ct_keeper_stop(&k);
    assert_int_equal(k.pid, 0);
    assert_int_equal(k.fd, -1);
    ct_buf_free(&text);
}

static void a_child_is_not_started_twice(void **state)
{
    (void)state;
    struct ct_keeper k = keeper("exec sleep 60");
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    pid_t first = k.pid;
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    assert_int_equal(k.pid, first);
    ct_keeper_stop(&k);
    assert_int_equal(kill(first, 0), -1);
}

static void the_socket_ends_in_the_child_when_the_viewer_is_gone(void **state)
{
    (void)state;
    struct ct_buf text = CT_BUF_INIT;
    struct ct_keeper k = keeper("cat <&3 >/dev/null; echo alone >\"$words\"");
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    close(k.fd); /* as when this process dies */
    k.fd = -1;
    read_when_there(words, &text);
    assert_string_equal(text.p, "alone\n");
    ct_keeper_stop(&k);
    ct_buf_free(&text);
}

static void an_end_is_noticed_told_and_followed_by_longer_pauses(void **state)
{
    (void)state;
    struct ct_keeper k = keeper("exit 7");
    int64_t pauses[3];
    for (int i = 0; i < 3; i++) {
        k.retry_mono_ms = 0; /* the pause is looked at, not waited for */
        assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
        assert_true(k.pid > 0);
        assert_true(ends_within(&k, 5000));
        assert_non_null(strstr(k.message, "code 7"));
        pauses[i] = k.retry_mono_ms - ct_mono_ms();
    }
    assert_int_equal(k.failures, 3);
    assert_true(pauses[1] > pauses[0] + 500 && pauses[2] > pauses[1] + 500);
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    assert_int_equal(k.pid, 0); /* not before the pause is over */
    assert_true(k.fd >= 0);     /* what the UI polls is there all the time */
    ct_keeper_stop(&k);
    assert_int_equal(k.fd, -1);
}

static void an_end_is_told_with_the_last_words_of_this_child(void **state)
{
    (void)state;
    struct ct_keeper k = keeper("if [ -e \"$words\" ]; then exit 8; fi; echo >\"$words\"; "
                                "echo first >&2; echo 'cloudtape: demo: the disk is full' >&2; exit 1");
    unlink(words);
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    assert_true(ends_within(&k, 5000));
    assert_non_null(strstr(k.message, "code 1: demo: the disk is full; log: "));
    k.retry_mono_ms = 0;
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    assert_true(ends_within(&k, 5000));
    assert_non_null(strstr(k.message, "code 8; log: ")); /* the words before were another's */
    ct_keeper_stop(&k);
}

static void a_child_that_ran_long_starts_a_new_count(void **state)
{
    (void)state;
    struct ct_keeper k = keeper("kill -9 $$");
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    k.failures = 8;
    k.started_mono_ms -= 10 * CT_MINUTE;
    assert_true(ends_within(&k, 5000));
    assert_non_null(strstr(k.message, "signal 9"));
    assert_int_equal(k.failures, 1);
    assert_true(k.retry_mono_ms <= ct_mono_ms()); /* at once */
    ct_keeper_stop(&k);
}

static void a_stubborn_child_is_ended_within_patience(void **state)
{
    (void)state;
    struct ct_buf text = CT_BUF_INIT;
    struct ct_keeper k = keeper("trap '' TERM; echo up >\"$words\"; while :; do sleep 1; done");
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    pid_t pid = k.pid;
    read_when_there(words, &text);
    int64_t start = ct_mono_ms();
    ct_keeper_stop(&k);
    assert_in_range((uint64_t)(ct_mono_ms() - start), 1500, 4000);
    assert_int_equal(kill(pid, 0), -1);
    ct_buf_free(&text);
}

static void our_own_descriptors_do_not_reach_the_child(void **state)
{
    (void)state;
    struct ct_buf text = CT_BUF_INIT;
    struct ct_keeper k = keeper("ls -l /proc/$$/fd >\"$words.new\"; mv \"$words.new\" \"$words\"; "
                                "exec sleep 60");
    FILE *ours = fopen(log_path, "we"); /* the same file as its output: under one more number? */
    assert_int_equal(ct_keeper_start(&k, NULL), CT_OK);
    read_when_there(words, &text);
    size_t logs = 0, sockets = 0;
    for (const char *p = text.p; (p = strstr(p, log_path)); p++)
        logs++;
    for (const char *p = text.p; (p = strstr(p, " 3 -> socket:")); p++)
        sockets++;
    /* While ls runs its output is elsewhere: 2 is the log, and 1 kept aside or not. */
    assert_in_range(logs, 1, 2);
    assert_int_equal(sockets, 1);
    char number[16];
    snprintf(number, sizeof number, " %d -> socket:", k.fd);
    assert_null(strstr(text.p, number));
    ct_keeper_stop(&k);
    fclose(ours);
    ct_buf_free(&text);
}

static void a_missing_program_is_told(void **state)
{
    (void)state;
    static const char *const args[] = {NULL};
    struct ct_keeper k;
    struct ct_error err = {0};
    unlink(program);
    assert_int_equal(ct_keeper_init(&k, args, log_path, &err), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(err.what, program));
}

/* ---- links ---- */

/* What a program in the opener's place was given for URL: "N|first argument|"; "" when it was not called. */
static void opens(const char *url, const char *want)
{
    char text[512];
    struct ct_error err = {0};
    struct ct_buf got = CT_BUF_INIT;
    snprintf(text, sizeof text, "#!/bin/sh\nprintf '%%s|' \"$#\" \"$@\" >'%s.part'\nmv '%s.part' '%s'\n", words, words,
             words);
    unlink(words);
    assert_int_equal(ct_write_file(program, ct_span(text), NULL), CT_OK);
    assert_int_equal(chmod(program, 0700), 0);
    enum ct_status status = ct_link_open(program, ct_span(url), &err);
    if (!*want) {
        assert_int_equal(status, CT_ERR_SYNTAX);
        assert_int_equal(access(words, F_OK), -1);
        return;
    }
    assert_int_equal(status, CT_OK);
    int64_t give_up = ct_mono_ms() + CT_MINUTE;
    while (access(words, F_OK) != 0 && ct_mono_ms() < give_up)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_int_equal(ct_read_file(words, 4096, &got, &err), CT_OK);
    assert_string_equal(got.p, want);
    ct_buf_free(&got);
}

static void a_link_is_one_argument_with_nothing_in_it_but_an_address(void **state)
{
    (void)state;
    opens("https://example.net/a?b=c&d=e#f", "1|https://example.net/a?b=c&d=e#f|");
    opens("HTTP://example.net", "1|HTTP://example.net|");
    opens("https://example.net/a b\"c`d\\e<f>|{g}^", "1|https://example.net/a%20b%22c%60d%5Ce%3Cf%3E%7C%7Bg%7D%5E|");
    opens("https://example.net/$(id);'x'", "1|https://example.net/$(id);'x'|"); /* no shell reads it */
    opens("https://example.net/\xc3\xa9", "1|https://example.net/%C3%A9|");
}

static void only_links_of_the_web_are_opened(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "file:///etc/passwd", "javascript:alert(1)", "--version", "-x https://a.b",
                                      "https://", "https:///x", "https://-x", "http://@x", "ftp://a.b/c", "data:text/html,x",
                                      " https://a.b", "https://a.b/\nc", "https://a.b/\033[2J", "//a.b/c", "https:a.b"};
    for (size_t i = 0; i < CT_LEN(bad); i++)
        opens(bad[i], "");
}

static void an_opener_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct ct_error err = {0};
    assert_int_equal(ct_link_open("/nowhere/opener", CT_LIT("https://example.net/"), &err), CT_ERR_NOT_FOUND);
    assert_non_null(strstr(err.what, "/nowhere/opener"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_gets_its_arguments_and_a_group_of_its_own),
        cmocka_unit_test(a_child_is_not_started_twice),
        cmocka_unit_test(the_socket_ends_in_the_child_when_the_viewer_is_gone),
        cmocka_unit_test(an_end_is_noticed_told_and_followed_by_longer_pauses),
        cmocka_unit_test(an_end_is_told_with_the_last_words_of_this_child),
        cmocka_unit_test(a_child_that_ran_long_starts_a_new_count),
        cmocka_unit_test(a_stubborn_child_is_ended_within_patience),
        cmocka_unit_test(our_own_descriptors_do_not_reach_the_child),
        cmocka_unit_test(a_missing_program_is_told),
        cmocka_unit_test(a_link_is_one_argument_with_nothing_in_it_but_an_address),
        cmocka_unit_test(only_links_of_the_web_are_opened),
        cmocka_unit_test(an_opener_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests_name("spawn", tests, make_folder, remove_folder);
}
