/* Documents too large to hold: the same rows however they are cut into pieces, none at all unless
 * they end well, and the same memory for any size. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/table.h"
#include "fetchers/csvtable.h"
#include "fetchers/families/all.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"
#include "fetchers/stream.h"
#include "tests/bench/pricelist.h"
#include "tests/unit/parse_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <zlib.h>

static const struct ct_family *const json = &ct_family_aws_offer, *const csv =
                                                                      &ct_family_aws_offer_csv;
static const struct ct_family *const all[] = {&ct_family_aws_offer, &ct_family_aws_offer_csv,
                                              &ct_family_skypilot_csv};

static const char *good_file(const struct ct_family *f)
{
    return f == json ? "good.json" : "good.csv";
}

/* BODY in pieces of STEP bytes as text: its rows, or the refusal. */
static enum ct_status in_pieces(const struct ct_family *f, struct ct_span body, size_t step,
                                uint64_t max, struct ct_buf *out, uint64_t *hash)
{
    struct ct_arena *arena = ct_arena_new(64u << 20);
    struct ct_batch rows;
    struct ct_error err = {0};
    struct ct_parse_hint hint = {CT_LIT("acme"), CT_SPAN_NONE};
    ct_batch_init(&rows, arena);
    struct ct_stream *s = ct_stream_new(f, &hint, max, &rows);
    enum ct_status st = CT_OK;
    for (size_t at = 0, n; at < body.n && st == CT_OK; at += n) {
        n = body.n - at < step ? body.n - at : step;
        char *piece = malloc(n); /* the sanitizer sees any read behind it */
        assert_non_null(piece);
        memcpy(piece, body.p + at, n);
        st = ct_stream_feed(s, (struct ct_span){piece, n}, &err);
        memset(piece, 'x', n);
        free(piece);
    }
    if (st == CT_OK)
        st = ct_stream_end(s, &err);
    if (hash)
        *hash = ct_stream_hash(s);
    ct_stream_free(s);
    ct_buf_clear(out);
    if (st != CT_OK) {
        assert_int_equal(ct_batch_rows(&rows) + rows.notes.n, 0);
        assert_int_equal(err.status, st);
        ct_buf_addf(out, "%s: %s\n", err.where, err.what);
    }
    ct_batch_ndjson(&rows, out);
    ct_arena_free(arena);
    return st;
}

static void pack(struct ct_span body, struct ct_buf *out)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, body.n) + 64;
    ct_buf_clear(out);
    z.next_in = (Bytef *)(uintptr_t)body.p;
    z.avail_in = (uInt)body.n;
    z.next_out = (Bytef *)ct_buf_room(out, room);
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += room - z.avail_out;
    deflateEnd(&z);
}

/* ---- rows ---- */

static const struct ct_offer *offer(const struct run *r, const char *instance, int purchase)
{
    const struct ct_offer *found = NULL;
    for (size_t i = 0; i < r->rows.offers.n; i++)
        if (ct_span_is(r->rows.offers.v[i].instance, instance) &&
            r->rows.offers.v[i].purchase == purchase) {
            assert_null(found);
            found = &r->rows.offers.v[i];
        }
    assert_non_null(found);
    return found;
}

static void both_forms_of_the_aws_list_give_the_wanted_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct run r = parse_fixture(all[i], good_file(all[i]));
        assert_int_equal(r.status, CT_OK);
        assert_int_equal(r.rows.offers.n, 6);
        const struct ct_offer *p5 = offer(&r, "p5.48xlarge", CT_PURCHASE_OD);
        assert_true(ct_span_is(p5->cloud, "aws"));
        assert_true(ct_span_is(p5->region, "us-east-1"));
        assert_true(ct_span_is(p5->sku, "PFIVELINUX000001"));
        assert_true(ct_span_is(p5->gpu, "H100"));
        assert_true(ct_span_is(p5->currency, "USD"));
        assert_int_equal(p5->gpu_count_milli, 8000);
        assert_int_equal(p5->price_per_hour, INT64_C(55040000000));
        assert_int_equal(p5->price_per_gpu_hour, INT64_C(6880000000));
        assert_int_equal(p5->stock, CT_STOCK_UNKNOWN);
        assert_int_equal(offer(&r, "p5.48xlarge", CT_PURCHASE_RESERVED_1Y)->price_per_hour,
                         INT64_C(36250000000));
        assert_int_equal(offer(&r, "p5.48xlarge", CT_PURCHASE_RESERVED_3Y)->price_per_hour,
                         INT64_C(23780000000));
        assert_true(ct_span_is(offer(&r, "g6.xlarge", CT_PURCHASE_OD)->region, "us-west-2-lax-1"));
        assert_int_equal(offer(&r, "g4dn.metal", CT_PURCHASE_OD)->gpu_count_milli, 8000);
        assert_int_equal(offer(&r, "inf2.xlarge", CT_PURCHASE_OD)->price_per_hour,
                         INT64_C(758200000));
        assert_int_not_equal(r.rows.data_ms, CT_NONE);
        done(&r);
    }
}

static void what_is_left_out_of_the_aws_list_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct run r = parse_fixture(all[i], good_file(all[i]));
        assert_int_equal(note(&r, "unknown machine with an accelerator: p99.48xlarge"), 1);
        assert_int_equal(note(&r, "a capacity block, whose price is not by the hour"), 1);
        assert_int_equal(note(&r, "a price of zero"), 1);
        assert_int_equal(note(&r, "a convertible reservation"), 1);
        assert_int_equal(note(&r, "a price in another currency than dollars"), 1);
        assert_int_equal(note(&r, "a region not for sale to everybody: us-gov-west-1"), 1);
        assert_int_equal(
            note(&r, "a product other than a running Linux machine on shared hardware"), 4);
        /* the table has a row for the fee and one for the hours */
        assert_int_equal(note(&r, "a reservation that is paid upfront"), all[i] == json ? 2 : 4);
        done(&r);
    }
}

static void other_shapes_are_refused_by_name(void **state)
{
    (void)state;
    refused(json, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(json, "wrong.json", CT_ERR_SHAPE, "an AWS index of regions");
    refused(json, "other_service.json", CT_ERR_SHAPE, "found \"AmazonRDS\"");
    refused(json, "terms_first.json", CT_ERR_SHAPE, "stand before the products");
    refused(json, "no_terms.json", CT_ERR_SHAPE, "not there");
    refused(json, "empty.json", CT_ERR_SHAPE, "nothing in it");
    refused(json, "cut.json", CT_ERR_SYNTAX, "cut off");
    refused(json, "tail.json", CT_ERR_SYNTAX, "trailing garbage");
    refused(csv, "page.html", CT_ERR_SHAPE, "an HTML page");
    refused(csv, "other_service.csv", CT_ERR_SHAPE, "found \"comprehend\"");
    refused(csv, "wrong.csv", CT_ERR_SHAPE, "no column Product Family");
    refused(csv, "no_header.csv", CT_ERR_SHAPE, "no header");
    refused(csv, "empty.csv", CT_ERR_SHAPE, "no rows");
    refused(csv, "cut.csv", CT_ERR_SYNTAX, "cut off");
    refused(csv, "cut_row.csv", CT_ERR_SYNTAX, "2 cells under 35 columns");
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct run r = parse_span(all[i], CT_LIT(""));
        assert_int_equal(r.status, CT_ERR_SHAPE);
        assert_non_null(strstr(r.err.what, "an empty body"));
        done(&r);
    }
}

/* ---- pieces ---- */

static void pieces_of_any_size_give_the_same_answer(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 1000, 65536};
    int files = 0;
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/tests/data/%s", getenv("CT_SRCDIR"), all[i]->name);
        DIR *dir = opendir(folder);
        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
            struct ct_buf body = CT_BUF_INIT, packed = CT_BUF_INIT, want = CT_BUF_INIT,
                          got = CT_BUF_INIT;
            uint64_t hash, again;
            if (e->d_name[0] == '.')
                continue;
            read_fixture(all[i], e->d_name, &body);
            pack(ct_buf_span(&body), &packed);
            enum ct_status s = in_pieces(all[i], ct_buf_span(&body), SIZE_MAX, 0, &want, &hash);
            for (size_t k = 0; k < 2 * CT_LEN(steps); k++) {
                struct ct_span bytes = ct_buf_span(k % 2 ? &packed : &body);
                assert_int_equal(in_pieces(all[i], bytes, steps[k / 2], 0, &got, &again), s);
                assert_true(ct_span_eq(ct_buf_span(&got), ct_buf_span(&want)));
                if (s == CT_OK)
                    assert_true(again == hash);
            }
            files++;
            ct_buf_free(&body);
            ct_buf_free(&packed);
            ct_buf_free(&want);
            ct_buf_free(&got);
        }
        closedir(dir);
    }
    assert_true(files >= 20);
}

/* ---- tables ---- */

static const struct ct_csv_column two[] = {{"a", NULL, true}, {"b", NULL, false}};

struct told {
    struct ct_csv_table table;
    struct ct_buf text;
};

static void tell_row(void *ctx)
{
    struct told *t = ctx;
    for (size_t c = 0; c < CT_LEN(two); c++) {
        struct ct_span text = ct_csv_text(&t->table, c);
        ct_buf_addf(&t->text, "%s%.*s%s", text.p ? "<" : "-", CT_FMT(text), text.p ? ">" : "");
    }
}

/* The rows of BODY and how they end; in pieces of one byte all of them are libcsv's. */
static void tell_table(struct ct_span body, size_t step, struct ct_buf *out)
{
    struct ct_error err = {0};
    uint64_t found;
    struct told t = {.table = {.columns = two, .wanted = CT_LEN(two), .anchor = "a", .max_columns = 4,
                               .row = tell_row},
                     .text = CT_BUF_INIT};
    t.table.ctx = &t;
    enum ct_status st = ct_csv_begin(&t.table, &err);
    for (size_t at = 0; at < body.n && st == CT_OK; at += step) {
        size_t n = body.n - at < step ? body.n - at : step;
        char *piece = malloc(n);
        assert_non_null(piece);
        memcpy(piece, body.p + at, n);
        st = ct_csv_feed(&t.table, (struct ct_span){piece, n}, &found, &err);
        free(piece);
    }
    if (st == CT_OK)
        st = ct_csv_end(&t.table, &err);
    ct_buf_addf(out, "%d %s %s %.*s", (int)st, err.where, err.what, CT_FMT(ct_buf_span(&t.text)));
    ct_csv_drop(&t.table);
    ct_buf_free(&t.text);
}

static void a_table_reads_as_libcsv_reads_it(void **state)
{
    (void)state;
    static const char *const parts[] = {"x",    ",",  "\n", "\r\n", "\r",    "\"",     "\"\"", "\"y\"",
                                        "\"q,\n\"", " ", "\t", "\"\"\"\"", "\xc3\xa4", "1,2\n", "\"3\",4\r\n", ",,"};
    struct ct_buf body = CT_BUF_INIT, whole = CT_BUF_INIT, bytes = CT_BUF_INIT;
    uint64_t random = 1;
    int good = 0;
    for (int i = 0; i < 20000; i++) {
        ct_buf_clear(&body);
        ct_buf_adds(&body, "a,b\n");
        random = random * 6364136223846793005u + 1442695040888963407u;
        for (uint64_t n = (random >> 59) % 9, r = random >> 20; n > 0; n--, r = r * 31 + 7)
            ct_buf_adds(&body, parts[(r >> 3) % CT_LEN(parts)]);
        if (random >> 40 & 1)
            ct_buf_adds(&body, "\n");
        ct_buf_clear(&whole);
        ct_buf_clear(&bytes);
        tell_table(ct_buf_span(&body), SIZE_MAX / 2, &whole);
        tell_table(ct_buf_span(&body), 1, &bytes);
        if (!ct_span_eq(ct_buf_span(&whole), ct_buf_span(&bytes)))
            fail_msg("%s\nwhole: %s\nbytes: %s", body.p, whole.p, bytes.p);
        good += whole.p[0] == '0';
    }
    assert_in_range(good, 500, 19500);
    ct_buf_free(&body);
    ct_buf_free(&whole);
    ct_buf_free(&bytes);
}

static void a_gzip_body_that_is_cut_anywhere_gives_no_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct ct_buf body = CT_BUF_INIT, packed = CT_BUF_INIT, out = CT_BUF_INIT;
        read_fixture(all[i], good_file(all[i]), &body);
        pack(ct_buf_span(&body), &packed);
        for (size_t n = 0; n < packed.n; n += 1 + n / 50)
            assert_int_not_equal(
                in_pieces(all[i], (struct ct_span){packed.p, n}, 512, 0, &out, NULL), CT_OK);
        packed.p[packed.n / 2] = (char)(packed.p[packed.n / 2] ^ 0x55);
        assert_int_not_equal(in_pieces(all[i], ct_buf_span(&packed), 512, 0, &out, NULL), CT_OK);
        ct_buf_free(&body);
        ct_buf_free(&packed);
        ct_buf_free(&out);
    }
}

static void a_list_that_is_cut_anywhere_gives_no_rows(void **state)
{
    struct ct_buf body = CT_BUF_INIT, out = CT_BUF_INIT;
    (void)state;
    read_fixture(json, "good.json", &body);
    struct ct_span whole = ct_span_trim(ct_buf_span(&body));
    for (size_t n = 0; n < whole.n; n += 1 + n / 97)
        assert_int_not_equal(in_pieces(json, (struct ct_span){whole.p, n}, 4096, 0, &out, NULL),
                             CT_OK);
    ct_buf_free(&body);
    ct_buf_free(&out);
}

/* ---- limits ---- */

static void a_body_above_its_cap_is_refused_packed_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct ct_buf body = CT_BUF_INIT, packed = CT_BUF_INIT, out = CT_BUF_INIT;
        read_fixture(all[i], good_file(all[i]), &body);
        pack(ct_buf_span(&body), &packed);
        for (int k = 0; k < 2; k++) {
            struct ct_span bytes = ct_buf_span(k ? &packed : &body);
            assert_int_equal(in_pieces(all[i], bytes, 100, body.n, &out, NULL), CT_OK);
            assert_int_equal(in_pieces(all[i], bytes, 100, body.n - 1, &out, NULL), CT_ERR_LIMIT);
            assert_non_null(strstr(out.p, "is larger than"));
        }
        ct_buf_free(&body);
        ct_buf_free(&packed);
        ct_buf_free(&out);
    }
}

static void a_text_without_end_is_not_waited_for(void **state)
{
    static const char *const begins[] = {"{\"products\":{\"", "\"FormatVersion\",\"v1.0\"\n\"",
                                         ("InstanceType,AcceleratorName,AcceleratorCount,Price,"
                                          "Region\n\"")};
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct ct_buf body = CT_BUF_INIT, out = CT_BUF_INIT;
        ct_buf_adds(&body, begins[i]);
        memset(ct_buf_room(&body, 3 << 20), 'a', 3 << 20);
        body.n += 3 << 20;
        assert_int_equal(in_pieces(all[i], ct_buf_span(&body), 1 << 16, 0, &out, NULL),
                         CT_ERR_LIMIT);
        ct_buf_free(&body);
        ct_buf_free(&out);
    }
}

static void a_list_nested_without_end_is_refused(void **state)
{
    struct ct_buf body = CT_BUF_INIT, out = CT_BUF_INIT;
    (void)state;
    ct_buf_adds(&body, "{\"x\":");
    for (int i = 0; i < 100000; i++)
        ct_buf_addc(&body, '[');
    assert_int_equal(in_pieces(json, ct_buf_span(&body), 1 << 16, 0, &out, NULL), CT_ERR_LIMIT);
    ct_buf_free(&body);
    ct_buf_free(&out);
}

static void more_machines_than_a_batch_holds_are_refused(void **state)
{
    struct ct_buf body = CT_BUF_INIT, out = CT_BUF_INIT;
    (void)state;
    ct_buf_adds(&body, "{\"offerCode\":\"AmazonEC2\",\"products\":{\"a\":{}");
    for (int i = 0; i <= CT_ROWS_MAX; i++)
        ct_buf_addf(&body,
                    ",\"S%d\":{\"productFamily\":\"Compute Instance\",\"attributes\":{"
                    "\"instanceType\":\"g6.xlarge\",\"operatingSystem\":\"Linux\",\"tenancy\":"
                    "\"Shared\",\"capacitystatus\":\"Used\",\"regionCode\":\"us-east-1\"}}",
                    i);
    ct_buf_adds(&body, "},\"terms\":{}}");
    assert_int_equal(in_pieces(json, ct_buf_span(&body), 1 << 16, 0, &out, NULL), CT_ERR_LIMIT);
    ct_buf_free(&body);
    ct_buf_free(&out);
}

/* ---- memory ---- */

/* Sanitizers keep freed memory on purpose. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
static void ten_and_sixty_megabytes_take_the_same_memory(void **state)
{
    const char *top = getenv("CT_BUILDDIR");
    char fetcher[512];
    (void)state;
    snprintf(fetcher, sizeof fetcher, "%s/cloudtape-fetcher", top ? top : ".");
    for (size_t i = 0; i < 2; i++) {
        int offers = 0;
        long small = pricelist_memory(fetcher, all[i]->name, 10u << 20, &offers);
        assert_int_equal(offers, PRICELIST_ROWS);
        long large = pricelist_memory(fetcher, all[i]->name, 60u << 20, &offers);
        assert_int_equal(offers, PRICELIST_ROWS);
        print_message("# %s: %ld and %ld KiB\n", all[i]->name, small, large);
        assert_true(labs(large - small) <= 1024); /* both 0 where there is no /proc */
    }
}
#endif

static int set_up(void **state)
{
    struct ct_error err;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return ct_reference_load(&err) == CT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ct_reference_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_the_aws_list_give_the_wanted_rows),
        cmocka_unit_test(what_is_left_out_of_the_aws_list_is_counted),
        cmocka_unit_test(other_shapes_are_refused_by_name),
        cmocka_unit_test(pieces_of_any_size_give_the_same_answer),
        cmocka_unit_test(a_table_reads_as_libcsv_reads_it),
        cmocka_unit_test(a_gzip_body_that_is_cut_anywhere_gives_no_rows),
        cmocka_unit_test(a_list_that_is_cut_anywhere_gives_no_rows),
        cmocka_unit_test(a_body_above_its_cap_is_refused_packed_or_not),
        cmocka_unit_test(a_text_without_end_is_not_waited_for),
        cmocka_unit_test(a_list_nested_without_end_is_refused),
        cmocka_unit_test(more_machines_than_a_batch_holds_are_refused),
#ifndef SANITIZED
        cmocka_unit_test(ten_and_sixty_megabytes_take_the_same_memory),
#endif
    };
    return cmocka_run_group_tests_name("stream", tests, set_up, tear_down);
}
