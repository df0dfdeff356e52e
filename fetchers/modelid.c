/* The rules of sources/models.md section 8.2; step numbers are those of its list. Their order
 * matters. */
#include "fetchers/modelid.h"

#include "fetchers/reference.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 256
#define VARIANTS 12

/* ---- tables ---- */

enum { H_PROVIDER, H_HOST, H_CLASS };
enum { O_ORG, O_LAB };
enum { P_PREFIX, P_LAB, P_OPEN };

static struct ct_tsv hosts, orgs, prefixes;
static struct ct_tsv_key *host_keys, *org_keys, *prefix_keys;

static int longest_first(const void *a, const void *b)
{
    const struct ct_tsv_key *x = a, *y = b;
    return (x->key.n < y->key.n) - (x->key.n > y->key.n);
}

static enum ct_status check_prefixes(struct ct_error *err)
{
    for (size_t r = 0; r < prefixes.rows; r++) {
        struct ct_span open = ct_tsv_cell(&prefixes, r, P_OPEN);
        if (open.n && !ct_span_is(open, "yes") && !ct_span_is(open, "no"))
            return ct_tsv_fail(&prefixes, r, err, "open_weights is yes, no or empty, not %s",
                               open.p);
        if (!ct_tsv_cell(&prefixes, r, P_LAB).n)
            return ct_tsv_fail(&prefixes, r, err, "lab is empty");
        for (const char *c = ct_tsv_cell(&prefixes, r, P_PREFIX).p; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                return ct_tsv_fail(&prefixes, r, err, "a prefix is written in lower case");
    }
    return CT_OK;
}

enum ct_status ct_modelid_load(struct ct_error *err)
{
    static const char *const host_columns[] = {"litellm_provider", "host", "class", NULL};
    static const char *const org_columns[] = {"org_or_vendor", "lab", NULL};
    static const char *const prefix_columns[] = {"model_prefix", "lab", "open_weights", NULL};
    enum ct_status s = ct_tsv_load(&hosts, "model_hosts.tsv", host_columns, err);
    if (s == CT_OK)
        s = ct_tsv_index(&hosts, H_PROVIDER, &host_keys, err);
    if (s == CT_OK)
        s = ct_tsv_load(&orgs, "model_lab_orgs.tsv", org_columns, err);
    if (s == CT_OK)
        s = ct_tsv_index(&orgs, O_ORG, &org_keys, err);
    if (s == CT_OK)
        s = ct_tsv_load(&prefixes, "model_lab_prefixes.tsv", prefix_columns, err);
    if (s == CT_OK)
        s = ct_tsv_index(&prefixes, P_PREFIX, &prefix_keys, err);
    if (s == CT_OK)
        s = check_prefixes(err);
    if (s == CT_OK) /* of one length no two can match the same name: any order among them */
        qsort(prefix_keys, prefixes.rows, sizeof *prefix_keys, longest_first);
    return s;
}

void ct_modelid_free(void)
{
    ct_tsv_free(&hosts);
    ct_tsv_free(&orgs);
    ct_tsv_free(&prefixes);
    host_keys = org_keys = prefix_keys = NULL;
}

/* ---- a name under work ---- */

struct work {
    char s[NAME_BYTES];
    size_t n;
    char pool[NAME_BYTES * 2]; /* the variants' bytes: less than was cut out of the name */
    size_t pool_n;
    struct ct_span variants[VARIANTS];
    size_t variants_n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static struct ct_span all(const struct work *w)
{
    return (struct ct_span){w->s, w->n};
}

/* The byte at AT, '\0' outside. */
static char at(const struct work *w, size_t i)
{
    return i < w->n ? w->s[i] : '\0';
}

/* A part of the name ends before I. */
static bool border(const struct work *w, size_t i)
{
    return i >= w->n || w->s[i] == '-';
}

static void cut(struct work *w, size_t from, size_t len)
{
    memmove(w->s + from, w->s + from + len, w->n - from - len);
    w->n -= len;
}

/* Puts TEXT in the place of the LEN bytes at FROM; nothing when it does not fit. */
static void put(struct work *w, size_t from, size_t len, const char *text)
{
    size_t n = strlen(text);
    if (w->n - len + n > sizeof w->s)
        return;
    memmove(w->s + from + n, w->s + from + len, w->n - from - len);
    memcpy(w->s + from, text, n);
    w->n = w->n - len + n;
}

static void add_variant(struct work *w, struct ct_span text)
{
    if (text.n == 0 || w->variants_n == VARIANTS || w->pool_n + text.n > sizeof w->pool)
        return;
    for (size_t i = 0; i < w->variants_n; i++)
        if (ct_span_eq(w->variants[i], text))
            return;
    memcpy(w->pool + w->pool_n, text.p, text.n);
    w->variants[w->variants_n++] = (struct ct_span){w->pool + w->pool_n, text.n};
    w->pool_n += text.n;
}

/* Moves "-TEXT", the LEN bytes at FROM, to the variants. */
static void to_variant(struct work *w, size_t from, size_t len)
{
    add_variant(w, (struct ct_span){w->s + from + 1, len - 1});
    cut(w, from, len);
}

static bool starts(const struct work *w, const char *prefix)
{
    return ct_span_starts(all(w), prefix);
}

static bool is(const struct work *w, const char *name)
{
    return ct_span_is(all(w), name);
}

/* NAME is one of the words of LIST (separated by blanks). */
static bool listed(struct ct_span name, const char *list)
{
    struct ct_span rest = ct_span(list);
    while (rest.p)
        if (ct_span_eq(ct_span_cut(&rest, ' '), name))
            return true;
    return false;
}

static bool starts_with_any(const struct work *w, const char *list)
{
    struct ct_span rest = ct_span(list);
    while (rest.p) {
        struct ct_span word = ct_span_cut(&rest, ' ');
        if (w->n >= word.n && memcmp(w->s, word.p, word.n) == 0)
            return true;
    }
    return false;
}

/* Moves tails out of LIST to the variants, again and again, as long as more than LEAST bytes stay.
 * A longer tail stands before a shorter one that ends it. */
static void move_tails(struct work *w, const char *list, size_t least)
{
    for (bool again = true; again;) {
        again = false;
        for (struct ct_span rest = ct_span(list); rest.p && !again;) {
            struct ct_span tail = ct_span_cut(&rest, ' ');
            if (w->n < tail.n + 1 + least + 1)
                continue;
            size_t from = w->n - tail.n - 1;
            if (w->s[from] == '-' && memcmp(w->s + from + 1, tail.p, tail.n) == 0) {
                to_variant(w, from, tail.n + 1);
                again = true;
            }
        }
    }
}

/* Drops every "-WORD" that is a whole part of the name. */
static void drop_inner(struct work *w, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 1; i + n < w->n;) {
        if (w->s[i] == '-' && memcmp(w->s + i + 1, word, n) == 0 && border(w, i + 1 + n))
            cut(w, i, n + 1);
        else
            i++;
    }
}

/* Digits from I on. */
static size_t digits(const struct work *w, size_t i)
{
    size_t n = 0;
    while (is_digit(at(w, i + n)))
        n++;
    return n;
}

/* ---- the steps ---- */

/* Step 1: "claude-v2:1" is Claude 2.1, and nothing else is to be done. */
static bool old_claude(struct work *w)
{
    if (!starts(w, "claude-v"))
        return false;
    size_t major = digits(w, 8), minor = digits(w, 9 + major);
    bool whole = major && w->n == 8 + major;
    if (!whole && !(major && minor && at(w, 8 + major) == ':' && w->n == 9 + major + minor))
        return false;
    if (!whole)
        w->s[8 + major] = '.';
    cut(w, 7, 1);
    return true;
}

/* Step 2: Bedrock's versions. */
static void drop_version(struct work *w)
{
    const char *colon = memchr(w->s, ':', w->n);
    size_t c = colon ? (size_t)(colon - w->s) : w->n, d = c;
    while (d > 0 && is_digit(w->s[d - 1]))
        d--;
    size_t dash = d > 0 && w->s[d - 1] == 'v' ? d - 1 : d;
    bool version = d < c && dash > 1 && w->s[dash - 1] == '-';
    if (colon && version && digits(w, c + 1)) {
        size_t end = c + 1 + digits(w, c + 1);
        if (at(w, end) == ':')
            add_variant(w, (struct ct_span){w->s + end + 1, w->n - end - 1});
        if (end == w->n || at(w, end) == ':')
            w->n = dash - 1;
    } else if (!colon && version && dash < d &&
               starts_with_any(w, "claude titan nova palmyra llama2 j2 command")) {
        w->n = dash - 1;
    }
    if (is(w, "command-text") || is(w, "command-light-text"))
        w->n -= strlen("-text");
}

/* Step 3: what stands behind '@' and ':', and Vertex' "-maas". */
static void drop_marks(struct work *w)
{
    const char *mark = memchr(w->s, '@', w->n);
    if (mark)
        to_variant(w, (size_t)(mark - w->s), w->n - (size_t)(mark - w->s));
    if (ct_span_ends(all(w), "-maas"))
        w->n -= 5;
    mark = starts(w, "ft:") ? NULL : memchr(w->s, ':', w->n);
    if (mark)
        to_variant(w, (size_t)(mark - w->s), w->n - (size_t)(mark - w->s));
}

/* Step 4: vendors glued to the name. */
static void unglue(struct work *w)
{
    static const struct {
        const char *from, *to;
    } glue[] = {
        {"databricks-", ""},     {"openai-", ""},
        {"anthropic-", ""},      {"zai-", ""},
        {"alibaba-", ""},        {"nvidia-", ""},
        {"moonshotai-", ""},     {"deepseek-ai-", ""},
        {"cohere-", ""},         {"snowflake-llama", "llama"},
        {"meta-llama", "llama"}, {"meta-textgeneration-llama", "llama"},
        {"gpt-35", "gpt-3.5"},   {"gpt-41", "gpt-4.1"},
        {"google-", ""},         {"zai-org-", ""},
        {"z-ai-", ""},           {"azure-", ""},
        {"duo-chat-gpt", "gpt"}, {"coding-glm", "glm"},
        {"groq-llama", "llama"}, {"cerebras-llama", "llama"},
    };
    for (size_t i = 0; i < CT_LEN(glue);) {
        size_t n = strlen(glue[i].from);
        if (starts(w, glue[i].from) && w->n > n) {
            put(w, 0, n, glue[i].to);
            i = 0;
        } else {
            i++;
        }
    }
    if (is(w, "gpt-35") || is(w, "gpt-41"))
        put(w, 5, 0, ".");
}

/* Step 5: ways to write a version. */
static void spell_versions(struct work *w)
{
    for (size_t i = 1; i + 1 < w->n; i++)
        if (w->s[i] == 'p' && is_digit(w->s[i - 1]) && is_digit(w->s[i + 1]))
            w->s[i] = '.';
    if (starts(w, "llama-v") && is_digit(at(w, 7)))
        cut(w, 6, 1);
    if (starts(w, "llama") && is_digit(at(w, 5)))
        put(w, 5, 0, "-");
    if (starts(w, "qwen-") && is_digit(at(w, 5)))
        cut(w, 4, 1);
}

/* MASK is matched at I: d a digit, m and n a month and a day (two digits), others themselves. */
static size_t match_date(const struct work *w, size_t i, const char *mask)
{
    size_t start = i;
    for (; *mask; mask++) {
        if (*mask == 'm' || *mask == 'n') {
            if (digits(w, i) < 2)
                return 0;
            int value = (w->s[i] - '0') * 10 + w->s[i + 1] - '0';
            if (value < 1 || value > (*mask == 'm' ? 12 : 31))
                return 0;
            i += 2;
        } else if (*mask == 'd' ? is_digit(at(w, i)) : at(w, i) == *mask) {
            i++;
        } else {
            return 0;
        }
    }
    return border(w, i) ? i - start : 0;
}

/* Step 6: the first form of a date that is found. */
static void move_date(struct work *w)
{
    static const char *const forms[] = {"20dd-m-n", "20ddmn", "24mn", "25mn",   "26mn",
                                        "27mn",     "28mn",   "29mn", "m-20dd", "m-n"};
    for (size_t f = 0; f < CT_LEN(forms); f++)
        for (size_t i = 1; i < w->n; i++) {
            size_t n = w->s[i] == '-' ? match_date(w, i + 1, forms[f]) : 0;
            bool last = f + 1 == CT_LEN(forms); /* month and day alone: only at the end */
            if (n && (!last || i + 1 + n == w->n)) {
                to_variant(w, i, n + 1);
                return;
            }
        }
}

/* Step 7: "3-5" is 3.5, "3-30b" is not. */
static void join_versions(struct work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        if (!is_digit(w->s[i]) || (i > 0 && (is_digit(w->s[i - 1]) || w->s[i - 1] == '.')))
            continue;
        size_t n = digits(w, i);
        if (n <= 2 && at(w, i + n) == '-' && digits(w, i + n + 1) == 1 && border(w, i + n + 2)) {
            w->s[i + n] = '.';
            i += n + 1;
        }
    }
}

/* Step 8: "-0613", "-2407". r1-1776 is a name: the year is the joke. */
static void move_release(struct work *w)
{
    if (starts(w, "granite-ttm") || starts(w, "r1-1776"))
        return;
    for (size_t i = 1; i < w->n; i++)
        if (w->s[i] == '-' && digits(w, i + 1) == 4 && border(w, i + 5)) {
            to_variant(w, i, 5);
            return;
        }
}

/* Step 9. More than two bytes must stay, or o1-preview would become o1. */
static void move_common_tails(struct work *w)
{
    move_tails(w,
               "fp8-dynamic dynamic experimental turbo-free instruct it hf fp8 fp4 bf16 fp16 int4 "
               "int8 awq "
               "nvfp4 preview exp beta latest 8bit 001 002 003 tee original default",
               2);
}

/* Steps 10 and 11. */
static void open_families(struct work *w)
{
    if (starts(w, "llama")) {
        move_tails(w, "turbo lite versatile instant chat vision b-f f text", 2);
        drop_inner(w, "vision");
        drop_inner(w, "instruct");
        static const char *const four[] = {"llama-4-maverick", "llama-4-scout"};
        for (size_t i = 0; i < CT_LEN(four); i++)
            if (starts(w, four[i]))
                w->n = strlen(four[i]);
    }
    if (!starts_with_any(
            w, "mixtral mistral-7b gemma qwen phi ministral devstral pixtral mistral-nemo "
               "jamba granite"))
        return;
    drop_inner(w, "instruct");
    drop_inner(w, "it");
    size_t n = w->n;
    while (n > 0 && is_digit(w->s[n - 1]))
        n--;
    if (n < w->n && n > 4 && memcmp(w->s + n - 4, "-v0.", 4) == 0)
        w->n = n - 4;
}

/* A version at I: "4", "4.5"; its length, or 0. */
static size_t version(const struct work *w, size_t i)
{
    size_t n = digits(w, i);
    if (n && at(w, i + n) == '.' && is_digit(at(w, i + n + 1)))
        n += 1 + digits(w, i + n + 1);
    return n && border(w, i + n) ? n : 0;
}

/* Step 12: tier, then version, then variants. */
static void order_claude(struct work *w)
{
    if (!starts(w, "claude-"))
        return;
    size_t v = version(w, 7), tier = v ? 8 + v : 7, t = 0;
    while (is_letter(at(w, tier + t)))
        t++;
    if (t == 0 || !border(w, tier + t))
        return;
    char name[NAME_BYTES];
    size_t end = tier + t;
    if (v) { /* claude-4.5-sonnet */
        memcpy(name, w->s + tier, t);
        name[t] = '-';
        memcpy(name + t + 1, w->s + 7, v);
        memcpy(w->s + 7, name, t + 1 + v);
    } else if (digits(w, end + 1) == 2 && border(w, end + 3)) { /* claude-opus-41 */
        put(w, end + 2, 0, ".");
        end += 4;
    } else if (version(w, end + 1)) {
        end += 1 + version(w, end + 1);
    } else {
        return;
    }
    if (end < w->n)
        to_variant(w, end, w->n - end);
}

/* Steps 13 and 14: names of a few labs. */
static void lab_habits(struct work *w)
{
    if (starts(w, "grok")) {
        move_tails(w, "non-reasoning reasoning", 4);
        if (starts(w, "grok-4-20") && border(w, 9))
            w->s[6] = '.';
        move_common_tails(w); /* they may have stood before the reasoning mode */
    }
    if (is(w, "mistral-large-3-675b"))
        w->n = strlen("mistral-large-3");
    if ((at(w, 0) == 'v' && version(w, 1) == w->n - 1) ||
        (at(w, 0) == 'r' && w->n > 1 && digits(w, 1) == w->n - 1))
        put(w, 0, 0, "deepseek-");
    if (starts(w, "deepseek-chat-v") && is_digit(at(w, 15)))
        cut(w, 9, 5);
    if (is(w, "mistral-medium"))
        for (size_t i = 0; i < w->variants_n; i++) {
            if (ct_span_is(w->variants[i], "2505"))
                put(w, w->n, 0, "-3");
            else if (ct_span_is(w->variants[i], "2508"))
                put(w, w->n, 0, "-3.1");
            else
                continue;
            break;
        }
    move_tails(w, "copilot", 2);
}

/* Lower case, '_' and blank to '-', runs of '-' to one. */
static bool begin(struct work *w, struct ct_span name)
{
    memset(w, 0, sizeof *w);
    if (name.n > sizeof w->s - 16) /* room for what steps put in */
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c == '_' || c == ' ')
            c = '-';
        if (c != '-' || w->n == 0 || w->s[w->n - 1] != '-')
            w->s[w->n++] = c;
    }
    return true;
}

static void name_model(struct work *w)
{
    if (old_claude(w))
        return;
    drop_version(w);
    drop_marks(w);
    unglue(w);
    spell_versions(w);
    move_date(w);
    join_versions(w);
    move_release(w);
    move_common_tails(w);
    open_families(w);
    order_claude(w);
    lab_habits(w);
}

/* ---- the path in front of the name ---- */

/* "eu-west-1", "us-gov-west-1": two letters, words, one digit. */
static bool is_aws_region(struct ct_span s)
{
    size_t dashes = 0;
    if (s.n < 9 || s.p[2] != '-' || s.p[s.n - 2] != '-' || !is_digit(s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i + 1 < s.n; i++) {
        dashes += s.p[i] == '-';
        if (s.p[i] != '-' && !is_letter(s.p[i]))
            return false;
    }
    return dashes == 2 || dashes == 3;
}

struct path {
    struct ct_span org, region, commitment, name;
    bool preset; /* Perplexity's named settings: no models */
};

static bool is_plumbing(struct ct_span segment, struct ct_span provider)
{
    if (segment.n == provider.n) {
        size_t same = 0;
        while (same < segment.n && (segment.p[same] == provider.p[same] ||
                                    (segment.p[same] == '-' && provider.p[same] == '_')))
            same++;
        if (same == segment.n)
            return true;
    }
    return listed(
        segment,
        "bedrock bedrock_mantle bedrock_converse converse invoke vertex_ai azure azure_ai "
        "accounts fireworks models fireworks_ai openrouter vercel_ai_gateway together_ai "
        "deepinfra novita text-completion-openai workers-ai @cf hf amazon-nova fast turbo");
}

/* ID is in lower case. */
static void split_path(struct ct_span id, struct ct_span provider, struct ct_span host,
                       struct path *out)
{
    bool aws = ct_span_is(host, "aws"), azure = ct_span_is(host, "azure");
    struct ct_span rest = id;
    for (;;) {
        struct ct_span segment = ct_span_cut(&rest, '/');
        if (!rest.p) {
            out->name = segment;
            break;
        }
        if (listed(segment, "1-month-commitment 6-month-commitment"))
            out->commitment = segment;
        else if (aws && (is_aws_region(segment) || ct_span_is(segment, "*")))
            out->region = segment;
        else if (azure &&
                 listed(segment,
                        "us eu global global-standard regional datazone data-zone standard"))
            out->region = segment;
        else if (!is_plumbing(segment, provider))
            out->org = segment;
    }
    out->preset = ct_span_is(out->org, "preset");
    if (!aws && !ct_span_is(host, "oracle") && provider.n) /* nobody named: the form tells */
        return;
    struct ct_span after = out->name, word = ct_span_cut(&after, '.'), next = after;
    if (listed(word, "us eu apac au jp ca us-gov global regional in sa me af uk") && after.p &&
        ct_tsv_find(&orgs, org_keys, ct_span_cut(&next, '.')) >= 0) {
        out->region = out->region.p ? out->region : word;
        out->name = after;
        word = ct_span_cut(&after, '.');
    }
    if (after.p && after.n && ct_tsv_find(&orgs, org_keys, word) >= 0) {
        out->org = word;
        out->name = after;
    }
}

/* ---- lab ---- */

/* Names are in lower case, and so is the table (checked when it is loaded). */
static ptrdiff_t prefix_row(struct ct_span model)
{
    for (size_t i = 0; i < prefixes.rows; i++) {
        struct ct_span prefix = prefix_keys[i].key;
        if (prefix.n <= model.n && prefix.p[0] == model.p[0] &&
            memcmp(prefix.p, model.p, prefix.n) == 0)
            return (ptrdiff_t)prefix_keys[i].row;
    }
    return -1;
}

static void find_lab(struct ct_arena *a, const struct path *path, struct ct_span provider,
                     struct ct_model_id *out)
{
    ptrdiff_t prefix = prefix_row(out->model);
    ptrdiff_t org = path->org.p ? ct_tsv_find(&orgs, org_keys, path->org) : -1;
    struct ct_span by_prefix =
        prefix < 0 ? CT_SPAN_NONE : ct_tsv_cell(&prefixes, (size_t)prefix, P_LAB);
    if (org >= 0) {
        out->how = CT_LAB_ORG;
        out->lab = ct_tsv_cell(&orgs, (size_t)org, O_LAB);
    } else if (prefix >= 0) {
        out->how = CT_LAB_PREFIX;
        out->lab = by_prefix;
    } else if (path->org.n && !ct_span_eq(path->org, out->host) &&
               !ct_span_eq(path->org, provider)) {
        out->how = CT_LAB_COMMUNITY;
        out->lab = ct_arena_dup(a, path->org);
    }
    /* A fine-tune of somebody else's weights is not what the table's row is about. */
    if (prefix >= 0 && ct_span_eq(out->lab, by_prefix)) {
        struct ct_span open = ct_tsv_cell(&prefixes, (size_t)prefix, P_OPEN);
        out->open_weights = open.n == 0 ? -1 : ct_span_is(open, "yes");
    }
}

static bool is_pseudo(const struct path *path, struct ct_span provider, const struct work *w)
{
    if (is(w, "container") || is(w, "model-router"))
        return true;
    if (ct_span_is(provider, "openrouter") && !path->org.p)
        return listed(all(w), "auto auto-beta bodybuilder free fusion pareto-code router");
    return starts(w, "together-ai-") || starts(w, "fireworks-ai-") ||
           (path->preset && ct_span_is(provider, "perplexity"));
}

static int by_text(const void *a, const void *b)
{
    return ct_span_cmp(*(const struct ct_span *)a, *(const struct ct_span *)b);
}

static struct ct_span join_variants(struct ct_arena *a, struct work *w)
{
    char text[sizeof w->pool + VARIANTS];
    size_t n = 0;
    qsort(w->variants, w->variants_n, sizeof *w->variants, by_text);
    for (size_t i = 0; i < w->variants_n; i++) {
        if (i)
            text[n++] = ',';
        memcpy(text + n, w->variants[i].p, w->variants[i].n);
        n += w->variants[i].n;
    }
    return n ? ct_arena_dup(a, (struct ct_span){text, n}) : CT_SPAN_NONE;
}

static void find_host(struct ct_arena *a, struct ct_span provider, struct ct_model_id *out)
{
    struct ct_span key = ct_span_starts(provider, "vertex_ai") ? CT_LIT("vertex_ai") : provider;
    ptrdiff_t row = ct_tsv_find(&hosts, host_keys, key);
    out->host = row < 0 ? ct_arena_dup(a, provider) : ct_tsv_cell(&hosts, (size_t)row, H_HOST);
    if (row >= 0)
        out->host_class = ct_tsv_cell(&hosts, (size_t)row, H_CLASS);
}

void ct_model_identify(struct ct_arena *arena, struct ct_span id, struct ct_span provider,
                       struct ct_model_id *out)
{
    char lower[NAME_BYTES * 2];
    struct work w;
    struct path path = {0};
    *out = (struct ct_model_id){.open_weights = -1};
    if (provider.n)
        find_host(arena, provider, out);
    if (id.n && id.p[0] == '~')
        id = (struct ct_span){id.p + 1, id.n - 1};
    if (id.n == 0 || id.n > sizeof lower)
        return;
    for (size_t i = 0; i < id.n; i++)
        lower[i] = (char)(id.p[i] >= 'A' && id.p[i] <= 'Z' ? id.p[i] + 32 : id.p[i]);
    split_path((struct ct_span){lower, id.n}, provider, out->host, &path);
    out->region = ct_arena_dup(arena, path.region);
    out->commitment = ct_arena_dup(arena, path.commitment);
    if (!begin(&w, path.name))
        return;
    out->pseudo = is_pseudo(&path, provider, &w);
    if (out->pseudo)
        return;
    name_model(&w);
    out->variant = join_variants(arena, &w);
    if (w.n == 0)
        return;
    out->model = ct_arena_dup(arena, all(&w));
    find_lab(arena, &path, provider, out);
}
