/* What holds for every family alike, over the good answers in tests/data/FAMILY: none takes the
 * answer of another, a cut answer is refused, damage gives clean rows or a refusal that says why. A
 * new family is in here as soon as it has its fixture, and fails without one. */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "fetchers/families/all.h"
#include "tests/unit/parse_fixture.h"

struct answer {
    const struct ct_family *family;
    char file[32];
    struct ct_buf body;
};
static struct answer answers[128];
static size_t n_answers;

/* Every tests/data/FAMILY/good.*. */
static int load_answers(void **state)
{
    const char *top = getenv("CT_SRCDIR");
    for (const struct ct_family *const *f = ct_families; *f; f++) {
        char path[512];
        size_t before = n_answers;
        snprintf(path, sizeof path, "%s/tests/data/%s", top ? top : ".", (*f)->name);
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));) {
            if (strncmp(e->d_name, "good.", 5) != 0 || n_answers == CT_LEN(answers))
                continue;
            struct answer *a = &answers[n_answers++];
            *a = (struct answer){.family = *f, .body = CT_BUF_INIT};
            snprintf(a->file, sizeof a->file, "%.31s", e->d_name);
            read_fixture(*f, a->file, &a->body);
        }
        if (d)
            closedir(d);
        if (n_answers == before) {
            print_error("no good answer in %s\n", path);
            return -1;
        }
    }
    return load_tables(state);
}

static int drop_answers(void **state)
{
    while (n_answers)
        ct_buf_free(&answers[--n_answers].body);
    return unload_tables(state);
}

static void every_family_reads_its_good_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_answers; i++) {
        struct run r = good(answers[i].family, answers[i].file);
        if (is_empty(&r.rows))
            fail_msg("%s/%s: nothing in it", answers[i].family->name, answers[i].file);
        check_rows(&r);
        done(&r);
    }
}

/* READER takes answers of OWNER too, and is right: one shape that two vendors share, or a reader
 * made for any page of its kind. */
static bool may_read(const struct ct_family *reader, const struct answer *a)
{
    const struct ct_family *owner = a->family;
    static const struct ct_family *const twins[][2] = {
        {&ct_family_statuspage_summary, &ct_family_incidentio_compat},
        {&ct_family_rows, &ct_family_exec},
    };
    for (size_t i = 0; i < CT_LEN(twins); i++)
        if ((reader == twins[i][0] && owner == twins[i][1]) ||
            (reader == twins[i][1] && owner == twins[i][0]))
            return true;
    bool history = owner->kind == CT_SOURCE_STATUS && !strstr(a->file, ".json");
    return reader == owner ||
           (history && (reader == &ct_family_rss_status || reader == &ct_family_feed));
}

static void no_family_takes_the_answer_of_another(void **state)
{
    (void)state;
    for (const struct ct_family *const *f = ct_families; *f; f++)
        for (size_t i = 0; i < n_answers; i++) {
            if (may_read(*f, &answers[i]))
                continue;
            struct run r = parse_span(*f, ct_buf_span(&answers[i].body));
            /* lines of JSON and one JSON, and feeds that only a lenient reader takes, are damaged
               to each other */
            bool whole =
                strstr(answers[i].file, ".json") && *f != &ct_family_rows && *f != &ct_family_exec;
            if (r.status == CT_OK || (whole && r.status != CT_ERR_SHAPE))
                fail_msg("%s of %s/%s: %s", (*f)->name, answers[i].family->name, answers[i].file,
                         r.status == CT_OK ? "read" : r.err.what);
            check_rows(&r);
            done(&r);
        }
}

static void no_family_takes_a_page_for_people_or_nothing(void **state)
{
    static const char *const bodies[] = {
        "", " \n",
        "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body></body></html>\n"};
    (void)state;
    for (const struct ct_family *const *f = ct_families; *f; f++)
        for (size_t i = 0; i < CT_LEN(bodies); i++) {
            struct run r = parse_span(*f, ct_span(bodies[i]));
            if (r.status != CT_ERR_SHAPE)
                fail_msg("%s: %s", (*f)->name, r.status == CT_OK ? "read" : r.err.what);
            check_rows(&r);
            done(&r);
        }
}

/* The first N bytes are an answer too: tables and lists are whole at the end of any line, and news
 * is read with half an end tag, as feeds in the wild end. */
static bool is_whole_at(const struct answer *a, size_t n, size_t all)
{
    if (a->family == &ct_family_probe) /* what it measured: never came over a network */
        return true;
    if (a->family == &ct_family_feed)
        return n + strlen("</rdf:RDF>") > all;
    if (strstr(a->file, ".json") || strstr(a->file, ".xml"))
        return false;
    return n > 0 && (a->body.p[n - 1] == '\n' || a->body.p[n] == '\n');
}

static void every_cut_of_an_answer_is_refused_without_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_answers; i++) {
        struct ct_span whole = ct_span_trim(ct_buf_span(&answers[i].body));
        for (size_t n = 0; n < whole.n; n += 1 + n / 64) {
            struct run r = parse_span(answers[i].family, (struct ct_span){whole.p, n});
            if (r.status == CT_OK && !is_whole_at(&answers[i], n, whole.n))
                fail_msg("%s/%s: %zu of %zu bytes were read", answers[i].family->name,
                         answers[i].file, n, whole.n);
            check_rows(&r);
            done(&r);
        }
    }
}

/* Some damage stays until the next answer; some is a digit or a letter, that no syntax notices. */
static void flipped_bytes_are_read_or_refused_cleanly(void **state)
{
    static const char *const asked[] = {NULL, "bid", "secure 8"};
    uint64_t seed = 11;
    (void)state;
    for (size_t i = 0; i < n_answers; i++) {
        struct ct_buf *body = &answers[i].body;
        struct ct_buf keep = CT_BUF_INIT;
        ct_buf_add(&keep, ct_buf_span(body));
        for (size_t n = 0; n < 600; n++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = (size_t)(seed >> 33) % body->n;
            body->p[at] = n % 3 ? "0159aeN-.x"[(seed >> 20) % 10] : (char)(seed >> 25);
            struct run r = parse_asked(answers[i].family, ct_buf_span(body),
                                       n % 2 ? "bedrock" : NULL, asked[n % CT_LEN(asked)]);
            check_rows(&r);
            done(&r);
            if (n % 8)
                body->p[at] = keep.p[at];
        }
        ct_buf_free(body);
        *body = keep;
    }
}

/* ---- lists of offers with something odd among them ---- */

static const struct list {
    const struct ct_family *family;
    const char *path; /* of the list in its good answer, keys separated by dots */
} lists[] = {
    {&ct_family_akash_prices, "models"},
    {&ct_family_aws_spot_feed, "config.regions"},
    {&ct_family_azure_retail, "Items"},
    {&ct_family_cudo_types, "machineTypes"},
    {&ct_family_digitalocean_sizes, "sizes"},
    {&ct_family_gcp_skus, "skus"},
    {&ct_family_gpurentalprices, "offers"},
    {&ct_family_hyperstack_pricebook, ""},
    {&ct_family_lambda_types, "data"},
    {&ct_family_oci_products, "items"},
    {&ct_family_primeintellect_availability, "items"},
    {&ct_family_runpod_gputypes, "data.gpuTypes"},
    {&ct_family_scaleway_servers, "servers"},
    {&ct_family_shadeform_types, "instance_types"},
    {&ct_family_vast_bundles, "offers"},
    {&ct_family_verda_types, ""},
    {&ct_family_vultr_plans, "plans"},
};

/* L's good answer with N numbers among its elements, read. */
static struct run with_odd_ones(const struct list *l, size_t n, size_t *elements)
{
    struct ct_buf body = CT_BUF_INIT;
    struct ct_span rest = ct_span(l->path);
    read_fixture(l->family, "good.json", &body);
    json_t *root = json_loadb(body.p, body.n, 0, NULL), *list = root;
    while (rest.n) {
        char *key = ct_xspandup(ct_span_cut(&rest, '.'));
        list = json_object_get(list, key);
        free(key);
    }
    *elements = json_is_array(list) ? json_array_size(list) : json_object_size(list);
    for (size_t i = 0; i < n; i++) {
        char name[24];
        snprintf(name, sizeof name, "odd%zu", i);
        assert_int_equal(json_is_array(list) ? json_array_insert_new(list, i, json_integer(7))
                                             : json_object_set_new(list, name, json_integer(7)),
                         0);
    }
    char *text = json_dumps(root, JSON_COMPACT);
    struct run r = parse_span(l->family, ct_span(text));
    free(text);
    json_decref(root);
    ct_buf_free(&body);
    return r;
}

static bool notes(const struct run *r, const char *what)
{
    for (size_t i = 0; i < r->rows.notes.n; i++)
        if (ct_span_is(r->rows.notes.v[i].what, what))
            return r->rows.notes.v[i].count == 1;
    return false;
}

static void one_odd_element_costs_no_other_and_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(lists); i++) {
        size_t n;
        struct run good = with_odd_ones(&lists[i], 0, &n), r = with_odd_ones(&lists[i], 1, &n);
        if (r.status != CT_OK || r.rows.offers.n != good.rows.offers.n || n < 2 ||
            !notes(&r, "an element that is no offer"))
            fail_msg("%s: %s", lists[i].family->name, r.err.what);
        done(&good);
        done(&r);
        r = with_odd_ones(&lists[i], n, &n); /* half of them: this is another list */
        if (r.status != CT_ERR_SHAPE || !strstr(r.err.what, "found a number"))
            fail_msg("%s: %s", lists[i].family->name, r.status == CT_OK ? "read" : r.err.what);
        check_rows(&r);
        done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_reads_its_good_answers),
        cmocka_unit_test(no_family_takes_the_answer_of_another),
        cmocka_unit_test(no_family_takes_a_page_for_people_or_nothing),
        cmocka_unit_test(every_cut_of_an_answer_is_refused_without_rows),
        cmocka_unit_test(one_odd_element_costs_no_other_and_is_counted),
        cmocka_unit_test(flipped_bytes_are_read_or_refused_cleanly),
    };
    return cmocka_run_group_tests(tests, load_answers, drop_answers);
}
