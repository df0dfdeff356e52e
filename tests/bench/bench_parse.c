/* Parsers against the libraries they stand on: MB/s of ours and of the library alone, on the same
 * bytes in one run, and the memory of those that stream. Checks what was parsed: a parser that
 * drops rows is not fast, it is wrong.
 *
 *   bench_parse FETCHER */
#include "config.h"

#include "db/base/jsonw.h"
#include "fetchers/family.h"
#include "tests/bench/pricelist.h"

#include <csv.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <yajl/yajl_parse.h>

enum { MODELS = 3000, ITEMS = 400, ROUNDS = 15, LIST_BYTES = 8 << 20, SLICE = 64 * 1024 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_parse: %s\n", what);
    exit(1);
}

static void number(struct ct_jw *w, const char *key, int64_t value, int digits)
{
    ct_jw_key(w, key);
    ct_jw_decimal(w, value, digits);
}

/* A price list of the size and shape of the real one. */
static void price_list(struct ct_buf *out)
{
    static const char *const flags[] = {
        "supports_function_calling", "supports_parallel_function_calling",
        "supports_prompt_caching",   "supports_response_schema",
        "supports_system_messages",  "supports_tool_choice",
        "supports_vision",           "supports_pdf_input"};
    struct ct_jw w;
    ct_jw_init(&w, out);
    ct_jw_object(&w);
    for (int i = 0; i < MODELS; i++) {
        char id[64];
        snprintf(id, sizeof id, "azure/gpt-%d.%d-%04d", i % 7 + 1, i % 10, i);
        ct_jw_key(&w, id);
        ct_jw_object(&w);
        number(&w, "input_cost_per_token", 250 + i, 9);
        number(&w, "output_cost_per_token", 1000 + i, 9);
        number(&w, "cache_read_input_token_cost", 25 + i, 9);
        number(&w, "max_input_tokens", 128000, 0);
        number(&w, "max_output_tokens", 16384, 0);
        ct_jw_key(&w, "litellm_provider");
        ct_jw_text(&w, CT_LIT("azure"));
        ct_jw_key(&w, "mode");
        ct_jw_text(&w, CT_LIT("chat"));
        for (size_t f = 0; f < CT_LEN(flags); f++) {
            ct_jw_key(&w, flags[f]);
            ct_jw_bool(&w, (i + (int)f) % 3 != 0);
        }
        ct_jw_end_object(&w);
    }
    ct_jw_end_object(&w);
}

static void feed(struct ct_buf *out)
{
    ct_buf_adds(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel>"
                     "<title>Azure Status</title>\n");
    for (int i = 0; i < ITEMS; i++) {
        ct_buf_addf(
            out,
            "<item><guid isPermaLink=\"false\">event-%d</guid><category>Storage</category>"
            "<category>West Europe</category><title>Issue %d in West Europe</title>"
            "<description>&lt;p&gt;Starting at 10:%02d UTC some customers may see errors. We are "
            "looking into it and will tell more within the hour.&lt;/p&gt;</description>"
            "<pubDate>Thu, 23 Jul 2026 16:%02d:09 Z</pubDate></item>\n",
            i, i, i % 60, i % 60);
    }
    ct_buf_adds(out, "</channel></rss>\n");
}

static void jansson_alone(struct ct_span body)
{
    json_t *j = json_loadb(body.p, body.n, 0, NULL);
    if (!j || json_object_size(j) != MODELS) {
        die("jansson read something else");
    }
    json_decref(j);
}

static void see_element(void *items, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                        int n_namespaces, const xmlChar **namespaces, int n_attributes,
                        int n_defaulted, const xmlChar **attributes)
{
    (void)prefix, (void)uri, (void)n_namespaces, (void)namespaces;
    (void)n_attributes, (void)n_defaulted, (void)attributes;
    *(size_t *)items += strcmp((const char *)name, "item") == 0;
}

/* Its push reader with a handler that counts: no tree, no text kept. */
static void libxml_alone(struct ct_span body)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC, .startElementNs = see_element};
    size_t items = 0;
    xmlParserCtxtPtr c = xmlCreatePushParserCtxt(&sax, &items, NULL, 0, NULL);
    if (!c || xmlParseChunk(c, body.p, (int)body.n, 1) != 0 || items != ITEMS) {
        die("libxml2 read something else");
    }
    xmlFreeParserCtxt(c);
}

static void yajl_alone(struct ct_span body)
{
    static const yajl_callbacks none = {0};
    yajl_handle h = yajl_alloc(&none, NULL, NULL);
    yajl_status s = yajl_status_ok;
    for (size_t at = 0; at < body.n && s == yajl_status_ok; at += SLICE)
        s = yajl_parse(h, (const unsigned char *)body.p + at,
                       body.n - at < SLICE ? body.n - at : SLICE);
    if (s != yajl_status_ok || yajl_complete_parse(h) != yajl_status_ok) {
        die("yajl read nothing");
    }
    yajl_free(h);
}

static void count_cell(void *cell, size_t n, void *cells)
{
    (void)cell;
    (void)n;
    ++*(size_t *)cells;
}

static void count_row(int end, void *cells)
{
    (void)end;
    (void)cells;
}

static void csv_alone(struct ct_span body)
{
    struct csv_parser p;
    size_t cells = 0;
    if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0 ||
        csv_parse(&p, body.p, body.n, count_cell, count_row, &cells) != body.n || cells == 0) {
        die("libcsv read something else");
    }
    csv_free(&p);
}

static void ours(const char *family, struct ct_span body, size_t rows)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_batch b;
    struct ct_error err;
    ct_batch_init(&b, a);
    struct ct_parse_hint hint = {.provider = CT_LIT("azure"), .query = CT_SPAN_NONE};
    if (ct_family_find(family)->parse(body, &hint, &b, &err) != CT_OK) {
        die(err.what);
    }
    if (b.token_prices.n + b.incidents.n + b.offers.n != rows) {
        die("the parser made another number of rows");
    }
    ct_arena_free(a);
}

/* Rounds in turn, medians, MB/s: LEAST is the part of the floor's speed that must be kept. */
static void measure(const char *name, const char *family, struct ct_span body, size_t rows,
                    void (*floor)(struct ct_span), double least)
{
    double a[ROUNDS], b[ROUNDS];
    floor(body);
    ours(family, body, rows);
    for (int i = 0; i < ROUNDS; i++) {
        double t0 = now_s();
        ours(family, body, rows);
        double t1 = now_s();
        floor(body);
        double t2 = now_s();
        a[i] = t1 - t0;
        b[i] = t2 - t1;
    }
    qsort(a, ROUNDS, sizeof a[0], by_value);
    qsort(b, ROUNDS, sizeof b[0], by_value);
    double mb = (double)body.n / 1e6, mine = mb / a[ROUNDS / 2], theirs = mb / b[ROUNDS / 2];
    printf("bench\t%s\t%.1f MB/s\t%.1f MB/s\t%.2f\t>=%.1f\t%s\n", name, mine, theirs, mine / theirs,
           least, mine / theirs >= least ? "ok" : "over");
}

static void append(void *out, struct ct_span bytes)
{
    ct_buf_add(out, bytes);
}

/* CPU of the children that ended. */
static double children_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
}

/* Memory of reading 10 MB, 100 MB and 1 GB through a pipe, and CPU: neither may bend. */
static void curve(const char *fetcher, const char *family)
{
    static const uint64_t sizes[] = {10000000, 100000000, 1000000000};
    double mb[CT_LEN(sizes)], took[CT_LEN(sizes)];
    for (size_t i = 0; i < CT_LEN(sizes); i++) {
        int offers = 0;
        double begin = children_s();
        long kib = pricelist_memory(fetcher, family, sizes[i], &offers);
        took[i] = children_s() - begin;
        mb[i] = (double)kib / 1024;
        if (kib <= 0 || offers != PRICELIST_ROWS) {
            die("a streamed list gave other rows");
        }
        if (i > 0)
            printf("bench\tparse-%s-memory-%s-above-10MB\t%.2f MB\t%.2f MB\t%.2f\t<=+1 MB\t%s\n",
                   family, i == 1 ? "100MB" : "1GB", mb[i], mb[0], mb[i] / mb[0],
                   mb[i] <= mb[0] + 1 ? "ok" : "over");
    }
    printf("bench\tparse-%s-cpu-1GB-against-100MB\t%.2f s\t%.2f s\t%.2f\t<=10.5\t%s\n", family,
           took[2], took[1], took[2] / took[1], took[2] <= 10.5 * took[1] ? "ok" : "over");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    struct ct_error err;
    struct ct_registry *reg;
    if (ct_registry_load(&reg, &err) != CT_OK) {
        die(err.what);
    }
    struct ct_buf json = CT_BUF_INIT, xml = CT_BUF_INIT;
    price_list(&json);
    feed(&xml);
    measure("parse-json-against-jansson", "litellm", ct_buf_span(&json), MODELS * 3, jansson_alone,
            0.8);
    measure("parse-feed-against-libxml2", "azure-rss", ct_buf_span(&xml), ITEMS, libxml_alone, 0.7);
    ct_buf_clear(&json);
    ct_buf_clear(&xml);
    pricelist_json(LIST_BYTES, append, &json);
    pricelist_csv(LIST_BYTES, append, &xml);
    measure("parse-list-json-against-yajl", "aws-offer", ct_buf_span(&json), PRICELIST_ROWS,
            yajl_alone, 0.8);
    measure("parse-list-csv-against-libcsv", "aws-offer-csv", ct_buf_span(&xml), PRICELIST_ROWS,
            csv_alone, 0.8);
    ct_buf_free(&json);
    ct_buf_free(&xml);
    fflush(stdout);
    if (argc > 1) {
        curve(argv[1], "aws-offer");
        curve(argv[1], "aws-offer-csv");
    }
    ct_registry_free(reg);
    return 0;
}
