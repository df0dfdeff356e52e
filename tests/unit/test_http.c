/* The door to the network against servers that misbehave. Loopback only. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/base/timeutil.h"
#include "fetchers/address.h"
#include "fetchers/gunzip.h"
#include "fetchers/http.h"
#include "http_fixture.h"
#include "tests/server/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

/* ---- addresses ---- */

static bool public_text(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return ct_address_public((struct sockaddr *)&v4, sizeof(v4));
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return ct_address_public((struct sockaddr *)&v6, sizeof(v6));
}

/* The rule of reliability.md 7.5, written again byte by byte. */
static bool closed_by_rule(unsigned a, unsigned b, unsigned c)
{
    return a == 0 || a == 10 || a == 127 || a >= 224 || (a == 100 && b >= 64 && b <= 127) ||
           (a == 169 && b == 254) || (a == 172 && b >= 16 && b <= 31) || (a == 192 && b == 168) ||
           (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19));
}

static bool public6(const uint8_t bytes[16])
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memcpy(&v6.sin6_addr, bytes, 16);
    return ct_address_public((struct sockaddr *)&v6, sizeof(v6));
}

static void address_filter_agrees_with_the_rule_for_every_network(void **state)
{
    (void)state;
    struct sockaddr_in in = {.sin_family = AF_INET};
    for (uint32_t net = 0; net < 1u << 24; net++) {
        bool open = !closed_by_rule(net >> 16, net >> 8 & 255, net & 255);
        in.sin_addr.s_addr = htonl(net << 8 | (net * 37 & 255));
        if (ct_address_public((struct sockaddr *)&in, sizeof(in)) != open)
            fail_msg("%s", inet_ntoa(in.sin_addr));
    }
}

static void address_filter_sees_through_every_ipv6_disguise(void **state)
{
    (void)state;
    static const uint8_t forms[][16] = {
        {0},                                               /* compatible */
        {[10] = 0xff, 0xff},                               /* mapped */
        {[8] = 0xff, 0xff},                                /* translated */
        {0, 0x64, 0xff, 0x9b},                             /* NAT64 */
        {0x20, 0x02},                                      /* 6to4 */
        {0x20, 0x01, 0, 0, 8, 8, 8, 8},                    /* Teredo: the client */
        {0x20, 0x01, 0, 0, [12] = 0xf7, 0xf7, 0xf7, 0xf7}, /* Teredo: the server (client 8.8.8.8) */
    };
    static const size_t at[] = {12, 12, 12, 12, 2, 12, 4};
    for (size_t f = 0; f < CT_LEN(forms); f++)
        for (uint32_t net = 0; net < 1u << 24; net += 1 + (net & 0x3f)) {
            uint8_t a[16], flip = f == 5 ? 0xff : 0;
            memcpy(a, forms[f], 16);
            a[at[f]] = (uint8_t)(net >> 16) ^ flip;
            a[at[f] + 1] = (uint8_t)(net >> 8) ^ flip;
            a[at[f] + 2] = (uint8_t)net ^ flip;
            a[at[f] + 3] = 9 ^ flip;
            if (public6(a) == closed_by_rule(net >> 16, net >> 8 & 255, net & 255))
                fail_msg("form %zu network %06x", f, net);
        }
}

static void address_filter_knows_the_ipv6_ranges(void **state)
{
    (void)state;
    static const char *const closed[] = {
        "::",
        "::1",
        "fc00::1",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "64:ff9b:1::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:0:10.0.0.1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
    };
    static const char *const open[] = {
        "2606:4700:4700::1111", "2a00:1450::1",    "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",       "2002:808:808::1", "fbff::1",
    };
    for (size_t i = 0; i < CT_LEN(closed); i++)
        if (public_text(closed[i]))
            fail_msg("%s is open", closed[i]);
    for (size_t i = 0; i < CT_LEN(open); i++)
        if (!public_text(open[i]))
            fail_msg("%s is closed", open[i]);
}

static void address_filter_refuses_other_families_and_short_addresses(void **state)
{
    (void)state;
    struct sockaddr_storage s = {.ss_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x2a}};
    assert_false(ct_address_public((struct sockaddr *)&s, sizeof(s)));
    assert_true(ct_address_public((struct sockaddr *)&in, sizeof(in)));
    assert_false(ct_address_public((struct sockaddr *)&in, sizeof(in) - 1));
    assert_false(ct_address_public((struct sockaddr *)&in, 1));
    assert_true(ct_address_public((struct sockaddr *)&in6, sizeof(in6)));
    assert_false(ct_address_public((struct sockaddr *)&in6, sizeof(in)));
}

static void host_text_that_is_an_inner_address_is_seen(void **state)
{
    (void)state;
    static const char *const closed[] = {"127.0.0.1",        "10.1.2.3.", "[::1]",
                                         "[fe80::1%25eth0]", "localhost", "LocalHost.",
                                         "metrics.localhost"};
    static const char *const open[] = {"8.8.8.8", "[2a00::1]", "example.org", "notlocalhost",
                                       "localhost.org"};
    for (size_t i = 0; i < CT_LEN(closed); i++)
        if (ct_host_public(closed[i]))
            fail_msg("%s is open", closed[i]);
    for (size_t i = 0; i < CT_LEN(open); i++)
        if (!ct_host_public(open[i]))
            fail_msg("%s is closed", open[i]);
}

/* ---- small pure parts ---- */

static void retry_after_reads_seconds_and_dates_and_nothing_else(void **state)
{
    (void)state;
    const int64_t now = INT64_C(1793491200000); /* Sun, 01 Nov 2026 00:00:00 GMT */
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"120", 120000},
        {" 7 ", 7000},
        {"0", 0},
        {"99999999999999999999999", 7 * CT_DAY},
        {"604801", 7 * CT_DAY},
        {"Sun, 01 Nov 2026 00:05:00 GMT", 300000},
        {"Sat, 31 Oct 2026 23:00:00 GMT", 0},
        {"Fri, 31 Dec 2100 23:00:00 GMT", 7 * CT_DAY},
        {"", CT_NONE},
        {"-5", CT_NONE},
        {"1.5", CT_NONE},
        {"soon", CT_NONE},
        {"12 parsecs", CT_NONE},
    };
    for (size_t i = 0; i < CT_LEN(cases); i++)
        if (ct_retry_after(ct_span(cases[i].text), now) != cases[i].ms)
            fail_msg("\"%s\" gives %lld", cases[i].text,
                     (long long)ct_retry_after(ct_span(cases[i].text), now));
}

static void validators_with_controls_or_without_measure_are_not_sent_back(void **state)
{
    (void)state;
    char big[600];
    memset(big, 'a', sizeof(big));
    assert_true(ct_span_is(ct_header_safe(CT_LIT(" W/\"abc\" ")), "W/\"abc\""));
    assert_null(ct_header_safe(CT_LIT("\"a\r\nX-Evil: 1\"")).p);
    assert_null(ct_header_safe(CT_LIT("\"\x1b[2J\"")).p);
    assert_null(ct_header_safe(CT_LIT("\"\xc3\xa9\"")).p);
    assert_null(ct_header_safe(CT_LIT("")).p);
    assert_null(ct_header_safe(CT_SPAN_NONE).p);
    assert_non_null(ct_header_safe((struct ct_span){big, 512}).p);
    assert_null(ct_header_safe((struct ct_span){big, 513}).p);
}

static void next_page_must_stay_on_scheme_host_and_port(void **state)
{
    (void)state;
    const char *base = "https://prices.example.com/api?a=1";
    static const struct {
        const char *link, *result; /* NULL: refused */
    } cases[] = {
        {"https://prices.example.com:443/api?$skip=100",
         "https://prices.example.com:443/api?$skip=100"},
        {"https://PRICES.example.com/api", "https://PRICES.example.com/api"},
        {"?page=2", "https://prices.example.com/api?page=2"},
        {"/other?x", "https://prices.example.com/other?x"},
        {"http://prices.example.com/api", NULL},
        {"https://prices.example.com:444/api", NULL},
        {"https://evil.example.com/api", NULL},
        {"//evil.example.com/", NULL},
        {"https://user:pw@prices.example.com/api", NULL},
        {"file:///etc/passwd", NULL},
        {"https://prices.example.com/a b", NULL},
        {"https://prices.example.com/\r\nX: 1", NULL},
        {"", NULL},
    };
    struct ct_buf out = CT_BUF_INIT;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_error err = {0};
        enum ct_status st = ct_url_next(base, ct_span(cases[i].link), &out, &err);
        const char *got = st == CT_OK ? out.p : NULL;
        bool same = got == NULL || cases[i].result == NULL ? got == cases[i].result
                                                           : strcasecmp(got, cases[i].result) == 0;
        if (!same)
            fail_msg("%s gives %s", cases[i].link, got != NULL ? got : err.what);
        if (st != CT_OK)
            assert_true(err.what[0] != '\0' && out.n == 0);
    }
    ct_buf_free(&out);
}

static void gunzip_reads_members_and_refuses_cut_damaged_and_oversized(void **state)
{
    (void)state;
    static char text[200000], two[1000];
    unsigned char packed[1000];
    memset(text, 'q', sizeof(text));
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)text;
    z.avail_in = sizeof(text);
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = sizeof(packed) - z.avail_out;
    deflateEnd(&z);
    memcpy(two, packed, n);
    memcpy(two + n, packed, n);

    struct ct_buf out = CT_BUF_INIT;
    struct ct_error err = {0};
    assert_true(ct_is_gzip((struct ct_span){two, n}));
    assert_int_equal(ct_gunzip((struct ct_span){two, n}, sizeof(text), &out, &err), CT_OK);
    assert_int_equal(out.n, sizeof(text));
    assert_memory_equal(out.p, text, sizeof(text));
    assert_int_equal(ct_gunzip((struct ct_span){two, 2 * n}, 1 << 20, &out, &err), CT_OK);
    assert_int_equal(out.n, 2 * sizeof(text));
    assert_int_equal(ct_gunzip((struct ct_span){two, n}, sizeof(text) - 1, &out, &err),
                     CT_ERR_LIMIT);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(ct_gunzip((struct ct_span){two, cut}, 1 << 20, &out, &err), CT_ERR_SYNTAX);
    two[n - 6] ^= 1;
    assert_int_equal(ct_gunzip((struct ct_span){two, n}, 1 << 20, &out, &err), CT_ERR_SYNTAX);
    two[n - 6] ^= 1;
    two[n] = 'x';
    assert_int_equal(ct_gunzip((struct ct_span){two, n + 1}, 1 << 20, &out, &err), CT_ERR_SYNTAX);
    ct_buf_free(&out);
}

/* ---- transfers ---- */

static struct {
    struct ts *web, *tls;
    struct ts_raw *raw;
    char dir[64], ca[96];
} env;

static const char *at(int port, const char *path)
{
    static char url[4][300];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(url[turn], sizeof(url[turn]), "http://127.0.0.1:%d%s", port, path);
    return url[turn];
}

static void a_plain_answer_arrives_whole_with_its_headers(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    ts_set(env.web, "/plain",
           &(struct ts_answer){200, .body = "{\"a\":1}",
                               .headers = "Last-Modified: Sun, 01 Nov 2026 00:00:00 GMT\n"
                                          "Content-Type: application/json\nRetry-After: 90",
                               .etag = "\"v1\""});
    ask_url(h, at(ts_port(env.web), "/plain"), &g);
    assert_int_equal(g.status, CT_OK);
    assert_int_equal(g.http_status, 200);
    assert_string_equal(g.body.p, "{\"a\":1}");
    assert_string_equal(g.etag, "\"v1\"");
    assert_string_equal(g.modified, "Sun, 01 Nov 2026 00:00:00 GMT");
    assert_string_equal(g.type, "application/json");
    assert_int_equal(g.retry_after_ms, 90000);
    ct_buf_free(&g.body);

    char *last = ts_last(env.web, "/plain");
    assert_non_null(strstr(last, "\nUser-Agent: cloudtape/"));
    assert_non_null(strstr(last, "\nAccept-Encoding: gzip, deflate\n"));
    assert_null(strstr(last, "If-None-Match"));
    assert_null(strstr(last, "Cookie"));
    free(last);
    ct_http_free(h);
}

static void validators_are_sent_and_304_is_an_answer(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    ts_set(env.web, "/etag", &(struct ts_answer){200, .body = "{}", .etag = "\"v1\""});
    struct ct_http_request req = {.url = at(ts_port(env.web), "/etag"),
                                  .etag = CT_LIT("\"v1\""),
                                  .last_modified = CT_LIT("Sun, 01 Nov 2026 00:00:00 GMT")};
    ask(h, &req, &g);
    assert_int_equal(g.status, CT_OK);
    assert_int_equal(g.http_status, 304);
    assert_int_equal(g.body.n, 0);
    ct_buf_free(&g.body);
    char *last = ts_last(env.web, "/etag");
    assert_non_null(strstr(last, "\nIf-Modified-Since: Sun, 01 Nov 2026 00:00:00 GMT\n"));
    free(last);

    req.etag = CT_LIT("\"v1\"\r\nX-Evil: 1"); /* no header injection */
    ask(h, &req, &g);
    assert_int_equal(g.http_status, 200);
    ct_buf_free(&g.body);
    last = ts_last(env.web, "/etag");
    assert_null(strstr(last, "X-Evil"));
    assert_null(strstr(last, "If-None-Match"));
    free(last);
    ct_http_free(h);
}

static void post_sends_its_body_and_headers(void **state)
{
    (void)state;
    static const char *const headers[] = {"X-Api-Key: k1", NULL};
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    ts_set(env.web, "/post", &(struct ts_answer){200, .body = "{}"});
    ask(h,
        &(struct ct_http_request){.url = at(ts_port(env.web), "/post"),
                                  .method = "POST",
                                  .body = "{\"q\":1}",
                                  .content_type = "application/json",
                                  .headers = headers},
        &g);
    assert_int_equal(g.http_status, 200);
    ct_buf_free(&g.body);
    char *last = ts_last(env.web, "/post");
    assert_int_equal(strncmp(last, "POST /post\n", 11), 0);
    assert_non_null(strstr(last, "\nContent-Type: application/json\n"));
    assert_non_null(strstr(last, "\nX-Api-Key: k1\n"));
    assert_non_null(strstr(last, "\n\n{\"q\":1}"));
    free(last);
    ct_http_free(h);
}

static void requests_that_may_not_be_made_fail_at_once(void **state)
{
    (void)state;
    static const char *const bad_header[] = {"X-A: 1\r\nX-B: 2", NULL};
    struct ct_http *shut = open_http(false, NULL), *inner = open_http(true, NULL);
    struct ct_error err;
    static const char *const never[] = {"",
                                        "nonsense",
                                        "file:///etc/passwd",
                                        "ftp://example.org/",
                                        "https://user:pw@example.org/",
                                        "https://example.org/a b",
                                        "https://example.org/\n",
                                        "https:///",
                                        "gopher://127.0.0.1/"};
    static const char *const only_private[] = {
        "http://example.org/",  "https://127.0.0.1/",         "https://2130706433/",
        "https://0x7f.1/",      "https://0177.0.0.1/",        "https://[::1]/",
        "https://localhost:1/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest/"};
    for (size_t i = 0; i < CT_LEN(never); i++) {
        struct ct_http_request req = {.url = never[i]};
        if (ct_http_start(inner, &req, on_done, NULL, &err) == CT_OK)
            fail_msg("%s was accepted", never[i]);
    }
    for (size_t i = 0; i < CT_LEN(only_private); i++) {
        struct ct_http_request req = {.url = only_private[i]};
        if (ct_http_start(shut, &req, on_done, NULL, &err) == CT_OK)
            fail_msg("%s was accepted", only_private[i]);
    }
    struct ct_http_request req = {.url = "https://example.org/", .headers = bad_header};
    assert_int_equal(ct_http_start(shut, &req, on_done, NULL, &err), CT_ERR_NET);
    req = (struct ct_http_request){.url = "https://example.org/", .method = "DELETE"};
    assert_int_equal(ct_http_start(shut, &req, on_done, NULL, &err), CT_ERR_NET);
    assert_int_equal(ct_http_running(shut) + ct_http_running(inner), 0);
    ct_http_free(shut);
    ct_http_free(inner);
}

/* A name is only an address at the moment of connecting. The machine's own name usually resolves to
 * loopback without a name server. */
static void a_name_that_resolves_inwards_is_stopped_at_the_socket(void **state)
{
    (void)state;
    char names[2][128] = {"", "ip6-localhost"}, url[300];
    struct ct_http *h = open_http(false, NULL);
    int before = ts_raw_connections(env.raw);
    assert_int_equal(gethostname(names[0], sizeof(names[0]) - 1), 0);
    for (size_t i = 0; i < CT_LEN(names); i++) {
        struct got g;
        snprintf(url, sizeof(url), "https://%s:%d/ok", names[i], ts_raw_port(env.raw));
        ask_url(h, url, &g);
        assert_int_equal(g.status, CT_ERR_NET);
        if (strstr(g.err.what, "private address refused") == NULL &&
            strstr(g.err.what, "not found") == NULL)
            fail_msg("%s: %s", url, g.err.what);
        ct_buf_free(&g.body);
    }
    assert_int_equal(ts_raw_connections(env.raw), before);
    ct_http_free(h);
}

static void private_addresses_open_for_one_request_do_not_open_for_the_next(void **state)
{
    (void)state;
    char name[128] = "", url[200];
    struct ct_http *h = open_http(false, env.ca);
    struct got g;
    struct ct_error err;
    ts_set(env.tls, "/inner", &(struct ts_answer){200, .body = "{}"});
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/inner", ts_port(env.tls));
    struct ct_http_request req = {.url = url, .allow_private = true};
    ask(h, &req, &g);
    assert_int_equal(g.http_status, 200);
    ct_buf_free(&g.body);
    req.allow_private = false;
    assert_int_equal(ct_http_start(h, &req, on_done, &g, &err), CT_ERR_NET);

    /* By name nothing can be told from the text, and the connection of the first request would do
     * for the second. */
    assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
    snprintf(url, sizeof(url), "https://%s:%d/inner", name, ts_port(env.tls));
    req.allow_private = true;
    ask(h, &req, &g);
    ct_buf_free(&g.body);
    if (g.status == CT_OK) {
        int before = ts_hits(env.tls, "/inner");
        req.allow_private = false;
        ask(h, &req, &g);
        expect_error(&g, CT_ERR_NET, "private address refused");
        assert_int_equal(ts_hits(env.tls, "/inner"), before);
        ct_buf_free(&g.body);
    } else { /* a machine whose own name is not on loopback cannot show it */
        print_message("# %s is not on loopback here: %s\n", name, g.err.what);
    }
    ct_http_free(h);
}

static void redirects_are_followed_three_times_and_no_more(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    ts_set(env.web, "/r1", &(struct ts_answer){302, .headers = "Location: /r2"});
    ts_set(env.web, "/r2", &(struct ts_answer){301, .headers = "Location: r3"});
    ts_set(env.web, "/r3", &(struct ts_answer){308, .headers = "Location: /end?x=1"});
    ts_set(env.web, "/end", &(struct ts_answer){200, .body = "end"});
    ts_set(env.web, "/r0", &(struct ts_answer){307, .headers = "Location: /r1"});
    ts_set(env.web, "/loop", &(struct ts_answer){302, .headers = "Location: /loop"});
    ts_set(env.web, "/nowhere", &(struct ts_answer){302, .body = "?"});
    ask_url(h, at(ts_port(env.web), "/r1"), &g);
    assert_int_equal(g.status, CT_OK);
    assert_string_equal(g.body.p, "end");
    assert_non_null(strstr(g.url, "/end?x=1"));
    ct_buf_free(&g.body);
    ask_url(h, at(ts_port(env.web), "/r0"), &g);
    expect_error(&g, CT_ERR_NET, "more than 3 redirects");
    ct_buf_free(&g.body);
    ask_url(h, at(ts_port(env.web), "/loop"), &g);
    expect_error(&g, CT_ERR_NET, "more than 3 redirects");
    assert_int_equal(ts_hits(env.web, "/loop"), 4);
    ct_buf_free(&g.body);
    ask_url(h, at(ts_port(env.web), "/nowhere"), &g);
    expect_error(&g, CT_ERR_NET, "without a readable target");
    ct_buf_free(&g.body);
    ct_http_free(h);
}

static void redirects_to_files_inner_hosts_and_plain_http_are_refused(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, env.ca);
    char location[200], url[200];
    struct got g;
    ts_set(env.tls, "/file", &(struct ts_answer){302, .headers = "Location: file:///etc/passwd"});
    snprintf(location, sizeof(location), "Location: %s", at(ts_port(env.web), "/down"));
    ts_set(env.tls, "/down", &(struct ts_answer){302, .headers = location});
    ts_set(env.web, "/down", &(struct ts_answer){200, .body = "plain"});
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/file", ts_port(env.tls));
    ask_url(h, url, &g);
    expect_error(&g, CT_ERR_NET, "file:// is not https://");
    ct_buf_free(&g.body);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/down", ts_port(env.tls));
    ask_url(h, url, &g);
    expect_error(&g, CT_ERR_NET, "from https to http");
    assert_int_equal(ts_hits(env.web, "/down"), 0);
    ct_buf_free(&g.body);
    ct_http_free(h);
}

static void a_redirect_never_carries_a_key_to_another_host(void **state)
{
    (void)state;
    static const char *const key[] = {"Authorization: Bearer marker-key", NULL};
    struct ct_http *h = open_http(true, NULL);
    struct ts *other = ts_new(NULL, NULL);
    char location[200];
    struct got g;
    ts_set(other, "/catch", &(struct ts_answer){200, .body = "{}"});
    snprintf(location, sizeof(location), "Location: %s", at(ts_port(other), "/catch"));
    ts_set(env.web, "/away", &(struct ts_answer){302, .headers = location});
    ts_set(env.web, "/home", &(struct ts_answer){302, .headers = "Location: /end"});
    ts_set(env.web, "/post-away", &(struct ts_answer){302, .headers = "Location: /end"});
    ts_set(env.web, "/end", &(struct ts_answer){200, .body = "end"});
    struct ct_http_request req = {.url = at(ts_port(env.web), "/away"), .headers = key};
    ask(h, &req, &g);
    expect_error(&g, CT_ERR_NET, "another host");
    assert_null(strstr(g.err.what, "marker-key"));
    assert_int_equal(ts_hits(other, "/catch"), 0);
    ct_buf_free(&g.body);
    req.headers = NULL; /* without a key there is nothing to lose */
    ask(h, &req, &g);
    assert_int_equal(g.http_status, 200);
    ct_buf_free(&g.body);
    req = (struct ct_http_request){.url = at(ts_port(env.web), "/home"), .headers = key};
    ask(h, &req, &g);
    assert_string_equal(g.body.p, "end");
    ct_buf_free(&g.body);
    req = (struct ct_http_request){
        .url = at(ts_port(env.web), "/post-away"), .method = "POST", .body = "{}"};
    ask(h, &req, &g);
    expect_error(&g, CT_ERR_NET, "of a POST refused");
    ct_buf_free(&g.body);
    ts_free(other);
    ct_http_free(h);
}

static void broken_answers_are_errors_with_a_clear_word(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum ct_status status;
        const char *part;
    } cases[] = {
        {"/endless", CT_ERR_LIMIT, "body is larger than 1048576 bytes"},
        {"/chunks", CT_ERR_LIMIT, "body is larger than 1048576 bytes"},
        {"/headers", CT_ERR_LIMIT, "headers are larger"},
        {"/continue", CT_ERR_LIMIT, "headers are larger"},
        {"/bomb", CT_ERR_LIMIT, "body is larger than 1048576 bytes"},
        {"/no-output", CT_ERR_LIMIT, "compressed bytes"},
        {"/short", CT_ERR_NET, "cut short"},
        {"/rst", CT_ERR_NET, "connection broke"},
        {"/close", CT_ERR_NET, "closed without an answer"},
        {"/garbage", CT_ERR_NET, "not HTTP"},
        {"/bad-gzip", CT_ERR_NET, "compression"},
    };
    struct ct_http *h = open_http(true, NULL);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct got g;
        int64_t begin = ct_mono_ms();
        ask_url(h, at(ts_raw_port(env.raw), cases[i].path), &g);
        if (g.status != cases[i].status || strstr(g.err.what, cases[i].part) == NULL)
            fail_msg("%s: status %d, %s", cases[i].path, (int)g.status, g.err.what);
        if (ct_mono_ms() - begin > 3000)
            fail_msg("%s took %lld ms", cases[i].path, (long long)(ct_mono_ms() - begin));
        ct_buf_free(&g.body);
    }
    struct got g; /* one endless line: libcurl or we, somebody stops it */
    ask_url(h, at(ts_raw_port(env.raw), "/long-header"), &g);
    assert_int_not_equal(g.status, CT_OK);
    ct_buf_free(&g.body);
    ct_http_free(h);
}

static void a_bomb_does_not_grow_the_process(void **state)
{
    (void)state;
    struct rusage before, after;
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    getrusage(RUSAGE_SELF, &before);
    ask(h,
        &(struct ct_http_request){.url = at(ts_raw_port(env.raw), "/bomb"), .max_bytes = 8 << 20},
        &g);
    getrusage(RUSAGE_SELF, &after);
    expect_error(&g, CT_ERR_LIMIT, "body is larger than 8388608 bytes");
    assert_true(after.ru_maxrss - before.ru_maxrss <
                48 * 1024); /* KiB: two doubling buffers of 16 MiB */
    ct_buf_free(&g.body);
    ct_http_free(h);
}

static void a_kept_connection_that_died_is_replaced(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    for (int i = 0; i < 3; i++) { /* each second request of a connection is dropped by the server */
        struct got g;
        ask_url(h, at(ts_raw_port(env.raw), "/stale"), &g);
        if (g.status != CT_OK)
            fail_msg("%d: %s", i, g.err.what);
        assert_string_equal(g.body.p, "{}");
        ct_buf_free(&g.body);
    }
    ct_http_free(h);
}

static void connections_are_kept_between_requests(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    int before = ts_raw_connections(env.raw);
    for (int i = 0; i < 5; i++) {
        struct got g;
        ask_url(h, at(ts_raw_port(env.raw), "/ok"), &g);
        assert_int_equal(g.status, CT_OK);
        ct_buf_free(&g.body);
    }
    assert_int_equal(ts_raw_connections(env.raw) - before, 1);
    ct_http_free(h);
}

static void nobody_listening_and_no_such_host_are_told_apart(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    ask_url(h, at(ts_closed_port(), "/"), &g);
    expect_error(&g, CT_ERR_NET, "no connection: Connection refused");
    assert_int_equal(g.http_status, 0);
    ct_buf_free(&g.body);
    ask_url(h, "https://no-such-host.invalid/", &g);
    expect_error(&g, CT_ERR_NET, "not found");
    ct_buf_free(&g.body);
    ct_http_free(h);
}

/* Slow, silent and stalled at once, while quick ones go on: one wait of 15 s for all of it. */
static void stuck_hosts_end_in_time_and_delay_nobody(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct ts_raw *second = ts_raw_new();
    struct got slow = {0}, silent = {0}, total = {0};
    struct ct_error err;
    int64_t begin = ct_mono_ms(), worst = 0, rounds = 0;
    struct ct_http_request req = {.url = at(ts_raw_port(env.raw), "/slow"), .total_ms = 30000};
    assert_int_equal(ct_http_start(h, &req, on_done, &slow, &err), CT_OK);
    req.url = at(ts_raw_port(env.raw), "/silent");
    assert_int_equal(ct_http_start(h, &req, on_done, &silent, &err), CT_OK);
    req.url = at(ts_raw_port(second), "/slow");
    req.total_ms = 1500;
    assert_int_equal(ct_http_start(h, &req, on_done, &total, &err), CT_OK);
    ts_set(env.web, "/quick", &(struct ts_answer){200, .body = "{}"});
    while (slow.calls + silent.calls < 2) {
        struct got g = {0};
        req = (struct ct_http_request){.url = at(ts_port(env.web), "/quick")};
        int64_t asked = ct_mono_ms();
        assert_int_equal(ct_http_start(h, &req, on_done, &g, &err), CT_OK);
        while (g.calls == 0)
            assert_int_equal(ct_http_poll(h, 1000, -1, NULL, &err), CT_OK);
        assert_int_equal(g.http_status, 200);
        worst = ct_mono_ms() - asked > worst ? ct_mono_ms() - asked : worst;
        rounds++;
        ct_buf_free(&g.body);
        for (int64_t rest = ct_mono_ms() + 300; ct_mono_ms() < rest;)
            assert_int_equal(ct_http_poll(h, 100, -1, NULL, &err), CT_OK);
    }
    expect_error(&slow, CT_ERR_NET, "stalled");
    expect_error(&silent, CT_ERR_NET, "stalled");
    expect_error(&total, CT_ERR_NET, "not finished within 1500 ms");
    assert_in_range(slow.done_ms - begin, 14000, 19000);
    assert_in_range(silent.done_ms - begin, 14000, 19000);
    assert_in_range(total.done_ms - begin, 1400, 2500);
    assert_true(rounds > 20 && worst < 1000);
    ct_buf_free(&slow.body);
    ct_buf_free(&silent.body);
    ct_buf_free(&total.body);
    ct_http_free(h);
    ts_raw_free(second);
}

static void at_most_two_requests_go_to_one_host_at_a_time(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct got g[6] = {0};
    struct ct_error err;
    int64_t begin = ct_mono_ms();
    ts_set(env.web, "/nap", &(struct ts_answer){200, .body = "{}", .delay_ms = 700});
    struct ct_http_request req = {.url = at(ts_port(env.web), "/nap"), .total_ms = 1800};
    for (size_t i = 0; i < CT_LEN(g); i++)
        assert_int_equal(ct_http_start(h, &req, on_done, &g[i], &err), CT_OK);
    finish_all(h);
    for (size_t i = 0; i < CT_LEN(g); i++) {
        assert_int_equal(g[i].status,
                         CT_OK); /* waiting in line does not count against its 1800 ms */
        ct_buf_free(&g[i].body);
    }
    assert_true(ct_mono_ms() - begin >= 2100); /* three pairs of 700 ms */
    assert_true(ts_hit_ms(env.web, "/nap", 2) - ts_hit_ms(env.web, "/nap", 0) >= 190);
    ct_http_free(h);
}

static void no_more_requests_run_at_a_time_than_asked_for(void **state)
{
    (void)state;
    struct ct_http *h = NULL;
    struct got g[3] = {0};
    struct ct_error err;
    const struct ct_http_options o = {.allow_private = true, .concurrency = 1};
    assert_int_equal(ct_http_new(&o, &h, &err), CT_OK);
    int64_t begin = ct_mono_ms();
    ts_set(env.web, "/one", &(struct ts_answer){200, .body = "{}", .delay_ms = 300});
    for (size_t i = 0; i < CT_LEN(g); i++) { /* each to a host of its own */
        char url[64];
        snprintf(url, sizeof(url), "http://h%zu.localhost:%d/one", i, ts_port(env.web));
        struct ct_http_request req = {.url = url};
        assert_int_equal(ct_http_start(h, &req, on_done, &g[i], &err), CT_OK);
    }
    finish_all(h);
    for (size_t i = 0; i < CT_LEN(g); i++) {
        assert_int_equal(g[i].status, CT_OK);
        ct_buf_free(&g[i].body);
    }
    assert_true(ct_mono_ms() - begin >= 900); /* one after the other */
    ct_http_free(h);
}

static void certificate_faults_have_their_own_words(void **state)
{
    (void)state;
    static const struct {
        const char *name, *part;
    } cases[] = {
        {"expired", "TLS: certificate has expired"},
        {"wrong-host", "TLS: certificate is for another host"},
        {"self-signed", "TLS: self-signed certificate"},
        {"unknown-ca", "TLS: certificate of an unknown authority"},
        {"good", NULL},
    };
    struct ct_http *h = open_http(true, env.ca);
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        char cert[128], key[128], url[200];
        struct got g;
        snprintf(cert, sizeof(cert), "%s/%s.pem", env.dir, cases[i].name);
        snprintf(key, sizeof(key), "%s/%s.key", env.dir, cases[i].name);
        struct ts *s = ts_new(cert, key);
        ts_set(s, "/x", &(struct ts_answer){200, .body = "{}"});
        snprintf(url, sizeof(url), "https://127.0.0.1:%d/x", ts_port(s));
        ask_url(h, url, &g);
        if (cases[i].part != NULL) {
            expect_error(&g, CT_ERR_NET, cases[i].part);
            assert_int_equal(ts_hits(s, "/x"), 0);
        } else if (g.status != CT_OK || g.http_status != 200) {
            fail_msg("good certificate: %s", g.err.what);
        }
        ct_buf_free(&g.body);
        ts_free(s);
    }
    struct ct_http *system_ca = open_http(true, NULL); /* our CA is nobody's outside these tests */
    char url[200];
    struct got g;
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/plain", ts_port(env.tls));
    ask_url(system_ca, url, &g);
    expect_error(&g, CT_ERR_NET, "TLS: certificate");
    ct_buf_free(&g.body);
    ct_http_free(system_ca);
    ct_http_free(h);
}

/* As a probe asks. Twice: a connection that is still open would have no steps of its own. */
static void each_try_of_a_tls_server_has_a_handshake_of_its_own_that_is_timed(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, env.ca), *stranger = open_http(true, NULL);
    struct got g;
    char url[200];
    ts_set(env.tls, "/probe", &(struct ts_answer){200, .body = "{}", .delay_ms = 30});
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/probe", ts_port(env.tls));
    struct ct_http_request req = {.url = url, .measure = true};
    for (int i = 0; i < 2; i++) {
        ask(h, &req, &g);
        assert_int_equal(g.status, CT_OK);
        assert_true(g.steps.lookup_us >= 0 && g.steps.connect_us > 0 && g.steps.tls_us > 0);
        assert_true(g.steps.first_byte_us >= 25000); /* the server's pause is its own, not the handshake's */
        assert_true(g.steps.lookup_us + g.steps.connect_us + g.steps.tls_us + g.steps.first_byte_us <=
                    g.steps.total_us);
        ct_buf_free(&g.body);
    }
    ask(stranger, &req, &g); /* whether the connection before counts depends on libcurl's version */
    expect_error(&g, CT_ERR_NET, "TLS: certificate");
    assert_true(g.steps.tls_us == CT_NONE && g.steps.first_byte_us == CT_NONE && g.steps.total_us == CT_NONE);
    ct_buf_free(&g.body);
    ts_set(env.web, "/probe", &(struct ts_answer){200, .body = "{}"});
    req.url = at(ts_port(env.web), "/probe");
    ask(h, &req, &g);
    assert_int_equal(g.status, CT_OK);
    assert_true(g.steps.connect_us > 0 && g.steps.tls_us == CT_NONE && g.steps.first_byte_us > 0);
    ct_buf_free(&g.body);
    ct_http_free(stranger);
    ct_http_free(h);
}

static void proxy_and_home_settings_of_the_environment_are_ignored(void **state)
{
    (void)state;
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", ts_closed_port());
    setenv("http_proxy", proxy, 1);
    setenv("https_proxy", proxy, 1);
    setenv("all_proxy", proxy, 1);
    struct ct_http *h = open_http(true, NULL);
    struct got g;
    ts_set(env.web, "/plain", &(struct ts_answer){200, .body = "{}"});
    ask_url(h, at(ts_port(env.web), "/plain"), &g);
    assert_int_equal(g.status, CT_OK);
    ct_buf_free(&g.body);
    ct_http_free(h);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");

    struct ct_http_options o = {.allow_private = true, .proxy = proxy}; /* but ours is used */
    struct ct_error err;
    assert_int_equal(ct_http_new(&o, &h, &err), CT_OK);
    ask_url(h, at(ts_port(env.web), "/plain"), &g);
    assert_int_equal(g.status, CT_ERR_NET);
    ct_buf_free(&g.body);
    ct_http_free(h);
}

static void a_wake_byte_ends_the_wait(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct ct_error err;
    bool woken = true;
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    int64_t begin = ct_mono_ms();
    assert_int_equal(ct_http_poll(h, 150, fd[0], &woken, &err), CT_OK);
    assert_false(woken);
    assert_in_range(ct_mono_ms() - begin, 140, 600); /* idle: one sleep of the whole time */
    assert_int_equal(write(fd[1], "x", 1), 1);
    begin = ct_mono_ms();
    assert_int_equal(ct_http_poll(h, 5000, fd[0], &woken, &err), CT_OK);
    assert_true(woken);
    assert_true(ct_mono_ms() - begin < 1000);
    close(fd[0]);
    close(fd[1]);
    ct_http_free(h);
}

static void freeing_with_transfers_under_way_calls_nobody_back(void **state)
{
    (void)state;
    struct ct_http *h = open_http(true, NULL);
    struct ct_error err;
    struct got g[4] = {0};
    struct ct_http_request req = {.url = at(ts_raw_port(env.raw), "/silent")};
    for (size_t i = 0; i < CT_LEN(g); i++)
        assert_int_equal(ct_http_start(h, &req, on_done, &g[i], &err), CT_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ct_http_poll(h, 20, -1, NULL, &err), CT_OK);
    ct_http_free(h);
    for (size_t i = 0; i < CT_LEN(g); i++)
        assert_int_equal(g[i].calls, 0);
}

static void a_missing_ca_file_is_named(void **state)
{
    (void)state;
    struct ct_http *h = NULL;
    struct ct_error err = {0};
    struct ct_http_options o = {.ca_file = "/nonexistent/ca.pem"};
    assert_int_equal(ct_http_new(&o, &h, &err), CT_ERR_IO);
    assert_string_equal(err.where, "/nonexistent/ca.pem");
}

static int open_servers(void **state)
{
    char cert[128], key[128];
    (void)state;
    snprintf(env.dir, sizeof(env.dir), "/tmp/ct-http-XXXXXX");
    if (mkdtemp(env.dir) == NULL)
        return -1;
    ts_make_certs(env.dir);
    snprintf(env.ca, sizeof(env.ca), "%s/ca.pem", env.dir);
    snprintf(cert, sizeof(cert), "%s/good.pem", env.dir);
    snprintf(key, sizeof(key), "%s/good.key", env.dir);
    env.web = ts_new(NULL, NULL);
    env.tls = ts_new(cert, key);
    env.raw = ts_raw_new();
    return 0;
}

static int close_servers(void **state)
{
    char command[128];
    (void)state;
    ts_free(env.web);
    ts_free(env.tls);
    ts_raw_free(env.raw);
    snprintf(command, sizeof(command), "rm -r '%s'", env.dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_filter_agrees_with_the_rule_for_every_network),
        cmocka_unit_test(address_filter_sees_through_every_ipv6_disguise),
        cmocka_unit_test(address_filter_knows_the_ipv6_ranges),
        cmocka_unit_test(address_filter_refuses_other_families_and_short_addresses),
        cmocka_unit_test(host_text_that_is_an_inner_address_is_seen),
        cmocka_unit_test(retry_after_reads_seconds_and_dates_and_nothing_else),
        cmocka_unit_test(validators_with_controls_or_without_measure_are_not_sent_back),
        cmocka_unit_test(next_page_must_stay_on_scheme_host_and_port),
        cmocka_unit_test(gunzip_reads_members_and_refuses_cut_damaged_and_oversized),
        cmocka_unit_test(a_plain_answer_arrives_whole_with_its_headers),
        cmocka_unit_test(validators_are_sent_and_304_is_an_answer),
        cmocka_unit_test(post_sends_its_body_and_headers),
        cmocka_unit_test(requests_that_may_not_be_made_fail_at_once),
        cmocka_unit_test(a_name_that_resolves_inwards_is_stopped_at_the_socket),
        cmocka_unit_test(private_addresses_open_for_one_request_do_not_open_for_the_next),
        cmocka_unit_test(redirects_are_followed_three_times_and_no_more),
        cmocka_unit_test(redirects_to_files_inner_hosts_and_plain_http_are_refused),
        cmocka_unit_test(a_redirect_never_carries_a_key_to_another_host),
        cmocka_unit_test(broken_answers_are_errors_with_a_clear_word),
        cmocka_unit_test(a_bomb_does_not_grow_the_process),
        cmocka_unit_test(a_kept_connection_that_died_is_replaced),
        cmocka_unit_test(connections_are_kept_between_requests),
        cmocka_unit_test(nobody_listening_and_no_such_host_are_told_apart),
        cmocka_unit_test(stuck_hosts_end_in_time_and_delay_nobody),
        cmocka_unit_test(at_most_two_requests_go_to_one_host_at_a_time),
        cmocka_unit_test(no_more_requests_run_at_a_time_than_asked_for),
        cmocka_unit_test(certificate_faults_have_their_own_words),
        cmocka_unit_test(proxy_and_home_settings_of_the_environment_are_ignored),
        cmocka_unit_test(a_wake_byte_ends_the_wait),
        cmocka_unit_test(freeing_with_transfers_under_way_calls_nobody_back),
        cmocka_unit_test(each_try_of_a_tls_server_has_a_handshake_of_its_own_that_is_timed),
        cmocka_unit_test(a_missing_ca_file_is_named),
    };
    return cmocka_run_group_tests(tests, open_servers, close_servers);
}
