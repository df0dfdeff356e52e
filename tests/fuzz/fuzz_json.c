/* Our reader of JSON against jansson's: any bytes (-DFUZZING, libFuzzer), or without FUZZING every
 * fixture of every parser, whole and damaged, and some odd documents. What must hold: what ours
 * takes, jansson takes as well and as the same; a document within the counts that ours leaves alone
 * is damaged, or holds a number or a surrogate pair that it does not read. */
#include "db/base/paths.h"
#include "fetchers/jsonread.h"
#include "fetchers/jsonx.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(what)                                                                              \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Members in their order, every digit of a number. */
static char *words_of(json_t *root)
{
    char *text = json_dumps(root, JSON_REAL_PRECISION(17));
    REQUIRE(text != NULL);
    json_decref(root);
    return text;
}

/* True: both took BODY. */
static bool check_one(struct ct_span body, unsigned flags)
{
    json_t *ours = ct_json_read(body, flags);
    if (!ours)
        return false;
    json_t *theirs = json_loadb(
        body.p, body.n, JSON_ALLOW_NUL | (flags & CT_JSON_UNIQUE ? JSON_REJECT_DUPLICATES : 0), NULL);
    REQUIRE(theirs != NULL);
    char *a = words_of(ours), *b = words_of(theirs);
    REQUIRE(strcmp(a, b) == 0);
    free(a);
    free(b);
    return true;
}

#ifdef FUZZING

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ct_span body = {(const char *)data, size};
    (void)check_one(body, 0);
    (void)check_one(body, CT_JSON_UNIQUE);
    return 0;
}

#else

static int number, failed;

static void ok(bool holds, const char *what)
{
    printf("%sok %d - %s\n", holds ? "" : "not ", ++number, what);
    failed |= !holds;
}

static uint64_t draw(uint64_t *seed)
{
    return *seed = *seed * 6364136223846793005u + 1442695040888963407u, *seed >> 33;
}

/* Cut, and with one byte another: a copy of its own, so that a sanitizer sees a step too far. */
static void damage(struct ct_span whole, uint64_t *seed)
{
    static const char odd[] = "{}[]\",:\\u0e-.9 \x01\x80\xff\n";
    for (int i = 0; i < 60 && whole.n > 1; i++) {
        struct ct_span part = {whole.p, i % 3 ? whole.n : 1 + draw(seed) % whole.n};
        char *copy = ct_xspandup(part);
        copy[draw(seed) % part.n] = odd[draw(seed) % (sizeof odd - 1)];
        (void)check_one((struct ct_span){copy, part.n}, 0);
        (void)check_one((struct ct_span){copy, part.n}, CT_JSON_UNIQUE);
        free(copy);
    }
}

static bool is_json(struct ct_span body)
{
    json_t *root = body.n ? json_loadb(body.p, body.n, JSON_ALLOW_NUL, NULL) : NULL;
    json_decref(root);
    return root != NULL;
}

/* Counts in SEEN; false: a good document was left to jansson. */
static bool replay(const char *folder, int *seen)
{
    bool good = true;
    uint64_t seed = 1;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[2048];
        struct ct_buf body = CT_BUF_INIT;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        REQUIRE(ct_read_file(path, 16u << 20, &body, NULL) == CT_OK);
        bool taken = check_one(ct_buf_span(&body), 0);
        if (!taken && is_json(ct_buf_span(&body))) {
            printf("# %s is left to jansson\n", path);
            good = false;
        }
        *seen += taken;
        damage(ct_buf_span(&body), &seed);
        ct_buf_free(&body);
    }
    if (dir)
        closedir(dir);
    return good;
}

static void fixtures(void)
{
    const char *top = getenv("CT_SRCDIR");
    char data[512], folder[1024];
    bool good = true;
    int seen = 0;
    snprintf(data, sizeof data, "%s/tests/data", top ? top : ".");
    DIR *dir = opendir(data);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(folder, sizeof folder, "%s/%s", data, e->d_name);
        if (e->d_name[0] != '.' && strcmp(e->d_name, "README") != 0)
            good &= replay(folder, &seen);
    }
    if (dir)
        closedir(dir);
    printf("# %d documents\n", seen);
    ok(good && seen > 80, "fixtures_and_their_damaged_twins_read_as_jansson_reads_them");
}

static void oddities(void)
{
    enum { DAMAGED, TAKEN, LEFT /* good, and not for ours */ };
    static const struct {
        const char *text;
        int how;
        size_t n; /* 0: up to its end */
    } all[] = {
        {"[]", TAKEN, 0},
        {" \t\r\n{ } \n", TAKEN, 0},
        {"{\"a\":1,\"a\":2,\"b\":[true,false,null]}", TAKEN, 0}, /* the last counts, in the first's place */
        {"[0,-0,-1,999999999999999999,-999999999999999999]", TAKEN, 0},
        {"[0.1,-2.5e-3,1E5,1e+5,0e0,0.30000000000000004,123456789.123456789012345]", TAKEN, 0},
        {"[1000000000000000000]", LEFT, 0}, /* nineteen digits */
        {"[01]", DAMAGED, 0},
        {"[-]", DAMAGED, 0},
        {"[+1]", DAMAGED, 0},
        {"[.5]", DAMAGED, 0},
        {"[1.]", DAMAGED, 0},
        {"[1e]", DAMAGED, 0},
        {"[1e999]", DAMAGED, 0},
        {"[1e-999]", TAKEN, 0},
        {"[NaN]", DAMAGED, 0},
        {"[Infinity]", DAMAGED, 0},
        {"[tru]", DAMAGED, 0},
        {"[truee]", DAMAGED, 0},
        {"[1,]", DAMAGED, 0},
        {"{\"a\":1,}", DAMAGED, 0},
        {"{,}", DAMAGED, 0},
        {"{a:1}", DAMAGED, 0},
        {"{\"a\" 1}", DAMAGED, 0},
        {"[1 2]", DAMAGED, 0},
        {"[] []", DAMAGED, 0},
        {"[]x", DAMAGED, 0},
        {"[]\v", DAMAGED, 0},
        {"[1,\f2]", DAMAGED, 0},
        {"[]\0", DAMAGED, 3},
        {"[1}", DAMAGED, 0},
        {"1", DAMAGED, 0},
        {"\"a\"", DAMAGED, 0},
        {"null", DAMAGED, 0},
        {"", DAMAGED, 0},
        {"[/**/]", DAMAGED, 0},
        {"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", TAKEN, 0},
        {"[\"\\u0041\\u00e4\\u20AC\\u0000\"]", TAKEN, 0},
        {"[\"\\ud83d\\uDE00\"]", LEFT, 0},
        {"[\"\\ud83d\"]", DAMAGED, 0},
        {"[\"\\ude00\"]", DAMAGED, 0},
        {"[\"\\ud83d\\u0041\"]", DAMAGED, 0},
        {"[\"\\ud83d\\\\dc00\"]", DAMAGED, 0},
        {"[\"\\u004\"]", DAMAGED, 0},
        {"[\"\\x\"]", DAMAGED, 0},
        {"[\"\\", DAMAGED, 0},
        {"[\"a\nb\"]", DAMAGED, 0},
        {"[\"a\0b\"]", DAMAGED, 7},
        {"[\"\x7f\"]", TAKEN, 0},
        {"[\"\xc3\xa4\xf0\x9f\x98\x80\"]", TAKEN, 0},
        {"[\"\xc0\x80\"]", DAMAGED, 0},
        {"[\"\xed\xa0\x80\"]", DAMAGED, 0},
        {"[\"\xf4\x90\x80\x80\"]", DAMAGED, 0},
        {"[\"\\\xc3\xa4\"]", DAMAGED, 0},
        {"[\"\\\\\xc3\"]", DAMAGED, 0},
        {"{\"\\u0000\":1}", DAMAGED, 0},
        {"{\"a\\u0062\":{\"\":{\"c\":\"d\\n\"}},\"ab\":2}", TAKEN, 0},
    };
    bool good = true;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct ct_span body = {all[i].text, all[i].n ? all[i].n : strlen(all[i].text)};
        char *copy = ct_xspandup(body);
        bool taken = check_one((struct ct_span){copy, body.n}, 0);
        int how = taken ? TAKEN : is_json(body) ? LEFT : DAMAGED;
        (void)check_one((struct ct_span){copy, body.n}, CT_JSON_UNIQUE);
        if (how != all[i].how)
            printf("# %s\n", all[i].text);
        good &= how == all[i].how;
        free(copy);
    }
    ok(good, "odd_documents_are_taken_or_left_as_jansson_takes_or_leaves_them");
}

/* N times WHAT, and END. */
static struct ct_span many(struct ct_buf *b, const char *begin, const char *what, int n, const char *end)
{
    ct_buf_clear(b);
    ct_buf_adds(b, begin);
    for (int i = 0; i < n; i++)
        ct_buf_adds(b, what);
    ct_buf_adds(b, end);
    return ct_buf_span(b);
}

static void limits(void)
{
    struct ct_buf b = CT_BUF_INIT;
    ok(check_one(many(&b, "[", "[],", CT_JSON_CONTAINERS - 2, "[]]"), 0) &&
           !check_one(many(&b, "[", "[],", CT_JSON_CONTAINERS - 1, "[]]"), 0),
       "containers_are_read_up_to_their_limit");
    ok(check_one(many(&b, "[", "1,", CT_JSON_COMMAS, "1]"), 0) &&
           !check_one(many(&b, "[", "1,", CT_JSON_COMMAS + 1, "1]"), 0),
       "values_are_read_up_to_their_limit");
    struct ct_buf deep = CT_BUF_INIT;
    for (int n = CT_JSON_DEPTH; n <= CT_JSON_DEPTH + 1; n++) {
        struct ct_span open = many(&b, "", "[", n, "");
        ct_buf_clear(&deep);
        ct_buf_add(&deep, open);
        ct_buf_add(&deep, many(&b, "", "]", n, ""));
        ok(check_one(ct_buf_span(&deep), 0) == (n == CT_JSON_DEPTH),
           n == CT_JSON_DEPTH ? "nesting_is_read_up_to_its_limit" : "deeper_nesting_is_not_read");
    }
    ct_buf_free(&deep);
    ct_buf_free(&b);
}

static void duplicates(void)
{
    struct ct_span twice = CT_LIT("{\"a\":null,\"b\":{\"a\":1},\"a\":2}");
    ok(check_one(twice, 0) && !check_one(twice, CT_JSON_UNIQUE) &&
           check_one(CT_LIT("{\"a\":1,\"b\":{\"a\":1}}"), CT_JSON_UNIQUE),
       "a_name_that_occurs_twice_is_refused_where_that_is_wanted");
}

int main(void)
{
    fixtures();
    oddities();
    limits();
    duplicates();
    printf("1..%d\n", number);
    return failed;
}

#endif
