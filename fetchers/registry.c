/* The table of families and the list of sources: reference/sources.tsv, then what the user's config
 * sets. */
#include "fetchers/registry.h"
#include "fetchers/exec.h"
#include "fetchers/families/all.h"
#include "fetchers/http.h"
#include "fetchers/reference.h"

#include "db/base/ini.h"
#include "db/base/paths.h"
#include "db/base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct ct_family *const ct_families[] = {
    &ct_family_statuspage_summary,
    &ct_family_statuspage_incidents,
    &ct_family_statuspage_atom,
    &ct_family_incidentio_compat,
    &ct_family_incidentio_native,
    &ct_family_betterstack_index,
    &ct_family_instatus_summary,
    &ct_family_instatus_notices,
    &ct_family_checkly_unresolved,
    &ct_family_statusio_api,
    &ct_family_statusio_rss,
    &ct_family_aws_currentevents,
    &ct_family_aws_legacy_data,
    &ct_family_aws_rss,
    &ct_family_azure_rss,
    &ct_family_gcp_incidents,
    &ct_family_oci_components,
    &ct_family_oci_status,
    &ct_family_oci_rss,
    &ct_family_ibm_rss,
    &ct_family_vultr_status,
    &ct_family_vultr_alerts,
    &ct_family_xai_rss,
    &ct_family_uptimekuma_page,
    &ct_family_uptimekuma_heartbeat,
    &ct_family_rss_status,
    &ct_family_azure_retail,
    &ct_family_aws_spot_advisor,
    &ct_family_aws_spot_feed,
    &ct_family_aws_offer,
    &ct_family_aws_offer_csv,
    &ct_family_aws_spot_history,
    &ct_family_aws_capacity_blocks,
    &ct_family_gcp_skus,
    &ct_family_oci_products,
    &ct_family_lambda_types,
    &ct_family_runpod_gputypes,
    &ct_family_vast_bundles,
    &ct_family_vultr_plans,
    &ct_family_digitalocean_sizes,
    &ct_family_verda_types,
    &ct_family_scaleway_servers,
    &ct_family_shadeform_types,
    &ct_family_primeintellect_availability,
    &ct_family_skypilot_csv,
    &ct_family_ecb_rates,
    &ct_family_gpurentalprices,
    &ct_family_akash_prices,
    &ct_family_cudo_types,
    &ct_family_hyperstack_pricebook,
    &ct_family_ovh_catalog,
    &ct_family_litellm,
    &ct_family_openrouter_models,
    &ct_family_openrouter_endpoints,
    &ct_family_modelsdev,
    &ct_family_llmprices,
    &ct_family_genaiprices,
    &ct_family_portkey,
    &ct_family_feed,
    &ct_family_exec,
    &ct_family_rows,
    &ct_family_probe,
    NULL,
};

/* Recorded answers are named after what they are: a single incident is of the lists' family. */
const struct ct_family *ct_family_find(const char *name)
{
    if (strcmp(name, "statuspage-incident") == 0)
        return &ct_family_statuspage_incidents;
    for (const struct ct_family *const *f = ct_families; *f; f++)
        if (strcmp((*f)->name, name) == 0)
            return *f;
    return NULL;
}

struct ct_registry {
    struct ct_arena *arena;
    CT_VEC(struct ct_source *) sources; /* pointers: handed out, so they never move */
    size_t built_in;
};

/* ---- columns ---- */

#define DEFAULT_BYTES (8u << 20)
#define MAX_BYTES (64u << 20)
#define MAX_PAGES 50
#define MAX_INTERVAL (30 * CT_DAY)
#define MIN_INTERVAL (30 * CT_SECOND)
#define MAX_TIMEOUT (120 * CT_SECOND)
#define MAX_STREAM_TIMEOUT CT_HOUR

enum kind {
    K_ID,
    K_FAMILY,
    K_NAME,
    K_LINE,
    K_URL,
    K_METHOD,
    K_ENV,
    K_SECONDS,
    K_TIMEOUT,
    K_BYTES,
    K_PAGES,
    K_EVIDENCE,
    K_KIND,
    K_HEADER,
    K_KEY_FILE,
    K_HEADERS,
    K_COMMAND,
    K_FLAG
};

/* In the order of the file; `off` is a field of struct ct_source. */
static const struct column {
    const char *name;
    enum kind kind;
    size_t off;
} columns[] = {
    {"id", K_ID, offsetof(struct ct_source, id)},
    {"family", K_FAMILY, offsetof(struct ct_source, family)},
    {"provider", K_NAME, offsetof(struct ct_source, provider)},
    {"scope", K_LINE, offsetof(struct ct_source, scope)},
    {"title", K_LINE, offsetof(struct ct_source, title)},
    {"url", K_URL, offsetof(struct ct_source, url)},
    {"method", K_METHOD, offsetof(struct ct_source, method)},
    {"body", K_LINE, offsetof(struct ct_source, body)},
    {"query", K_LINE, offsetof(struct ct_source, query)},
    {"key_env", K_ENV, offsetof(struct ct_source, key_env)},
    {"interval_s", K_SECONDS, offsetof(struct ct_source, interval_ms)},
    {"timeout_s", K_TIMEOUT, offsetof(struct ct_source, timeout_ms)},
    {"max_bytes", K_BYTES, offsetof(struct ct_source, max_bytes)},
    {"max_pages", K_PAGES, offsetof(struct ct_source, max_pages)},
    {"evidence", K_EVIDENCE, offsetof(struct ct_source, evidence)},
    {"part_of_list", K_FLAG, offsetof(struct ct_source, part_of_list)},
    {"enabled", K_FLAG, offsetof(struct ct_source, enabled)},
    {"terms", K_LINE, offsetof(struct ct_source, terms)},
};
/* What only settings say. */
static const struct column settings[] = {
    {"every", K_SECONDS, offsetof(struct ct_source, interval_ms)},
    {"allow_private", K_FLAG, offsetof(struct ct_source, allow_private)},
    {"kind", K_KIND, offsetof(struct ct_source, kind)},
    {"command", K_COMMAND, offsetof(struct ct_source, command)},
    {"headers", K_HEADERS, offsetof(struct ct_source, headers)},
    {"token_file", K_KEY_FILE, offsetof(struct ct_source, key)},
    {"token_cmd", K_COMMAND, offsetof(struct ct_source, key_command)},
    {"key_header", K_HEADER, offsetof(struct ct_source, key_header)},
};

/* All bytes of TEXT are in one of the ranges "a-z", "0-9", ... of SET (pairs of first and last). */
static bool made_of(struct ct_span text, const char *set)
{
    for (size_t i = 0; i < text.n; i++) {
        const char *s = set;
        while (*s && (text.p[i] < s[0] || text.p[i] > s[1]))
            s += 2;
        if (!*s)
            return false;
    }
    return true;
}

static enum ct_status wrong(struct ct_error *err, const struct column *c, const char *wanted,
                            struct ct_span value)
{
    return ct_fail(err, CT_ERR_CONFIG, "", "%s: wanted %s, found \"%.*s\"", c->name, wanted,
                   CT_FMT(value));
}

static size_t default_bytes(const struct ct_family *f)
{
    return f && f->max_bytes ? f->max_bytes : DEFAULT_BYTES;
}

const char *ct_registry_seller(struct ct_registry *reg, const struct ct_family *family)
{
    const char *one = NULL;
    if (family->kind != CT_SOURCE_PRICES)
        return NULL;
    for (size_t i = 0; i < reg->built_in; i++) {
        const struct ct_source *s = reg->sources.v[i];
        if (s->ops != family)
            continue;
        if (one && strcmp(one, s->provider) != 0)
            return NULL;
        one = s->provider;
    }
    return one && *one ? one : NULL;
}

static enum ct_status set_family(struct ct_registry *reg, struct ct_source *s,
                                 struct ct_span value, struct ct_error *err)
{
    const char *names[CT_LEN(ct_families)];
    size_t n = 0;
    for (const struct ct_family *const *f = ct_families; *f; f++) {
        names[n++] = (*f)->name;
        if (ct_span_is(value, (*f)->name)) {
            if (s->max_bytes == default_bytes(s->ops)) /* nobody chose another */
                s->max_bytes = default_bytes(*f);
            s->family = (*f)->name;
            s->ops = *f;
            const char *seller = ct_registry_seller(reg, *f);
            if (seller && s->provider == s->id) /* nobody said who sells */
                s->provider = seller;
            return CT_OK;
        }
    }
    names[n] = NULL;
    char word[64];
    snprintf(word, sizeof word, "%.*s", CT_FMT(value));
    const char *near = ct_nearest(word, names);
    for (size_t i = 0; !near && i < n && value.n; i++) /* "statuspage": the vendor alone */
        if (ct_span_istarts(ct_span(names[i]), word) && names[i][strlen(word)] == '-')
            near = names[i];
    return ct_fail(err, CT_ERR_CONFIG, "", "family: \"%s\" is none of ours%s%s%s", word,
                   near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static bool url_is_good(struct ct_span url, bool private_too)
{
    struct ct_arena *a = ct_arena_new(0);
    bool good =
        ct_span_eq(ct_clean_url(a, url), url) &&
        (ct_span_starts(url, "https://") || (private_too && ct_span_starts(url, "http://")));
    ct_arena_free(a);
    return good;
}

/* Headers whose value is a secret more often than not, or not for people to set. */
static bool header_is_ours(struct ct_span name)
{
    static const char *const ours[] = {"authorization", "cookie",     "proxy-authorization",
                                       "host",          "connection", "content-length",
                                       "user-agent",    "expect",     "transfer-encoding",
                                       NULL};
    return ct_word(ours, name) >= 0;
}

static bool headers_are_good(struct ct_span value)
{
    size_t n = 0;
    while (value.p && value.n) {
        struct ct_span line = ct_span_trim(ct_span_cut(&value, '|')), rest = line;
        struct ct_span name = ct_span_cut(&rest, ':');
        if (!rest.p || !ct_header_name_ok(name) || header_is_ours(name) ||
            !ct_header_safe(ct_span_trim(rest)).p || ++n > CT_HEADERS_MAX)
            return false;
    }
    return true;
}

static bool command_is_good(struct ct_span value)
{
    struct ct_arena *a = ct_arena_new(0);
    char **argv = ct_command_words(a, value, NULL);
    bool good = argv && argv[0][0] == '/';
    ct_arena_free(a);
    return good;
}

static int flag_of(struct ct_span value)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1", NULL};
    int i = ct_word(words, value);
    return i < 0 ? -1 : i % 2;
}

/* Numbers: a plain count, or for times also a length such as "5m". */
static enum ct_status set_number(struct ct_source *s, const struct column *c, struct ct_span value,
                                 void *field, struct ct_error *err)
{
    int64_t n = 0;
    bool time = c->kind == K_SECONDS || c->kind == K_TIMEOUT;
    enum ct_status ok = time ? ct_duration_parse(value, &n) : ct_span_int(value, &n);
    int64_t least = s->allow_private ? CT_SECOND : MIN_INTERVAL;
    bool streams = s->ops && s->ops->stream;
    switch (c->kind) {
    case K_SECONDS:
        if (ok != CT_OK || n < least || n > MAX_INTERVAL)
            return wrong(err, c, s->allow_private ? "1s to 30d" : "30s to 30d", value);
        *(int64_t *)field = n;
        break;
    case K_TIMEOUT:
        if (ok != CT_OK || n < CT_SECOND || n > (streams ? MAX_STREAM_TIMEOUT : MAX_TIMEOUT))
            return wrong(err, c, streams ? "1s to 1h" : "1s to 120s", value);
        *(int64_t *)field = n;
        break;
    case K_BYTES:
        if (ok != CT_OK || n < 1 || (uint64_t)n > (streams ? CT_STREAM_MAX : MAX_BYTES))
            return wrong(err, c, streams ? "1 to 2147483648 bytes" : "1 to 67108864 bytes", value);
        *(size_t *)field = (size_t)n;
        break;
    default:
        if (ok != CT_OK || n < 1 || n > MAX_PAGES)
            return wrong(err, c, "1 to 50 pages", value);
        *(int *)field = (int)n;
        break;
    }
    return CT_OK;
}

static enum ct_status set_text(struct ct_registry *reg, struct ct_source *s, const struct column *c,
                               struct ct_span value, void *field, struct ct_error *err)
{
    const char *wanted = NULL;
    bool good = true;
    switch (c->kind) {
    case K_ID:
        wanted = "1 to 64 of a-z, 0-9 and _";
        good = value.n >= 1 && value.n <= 64 && made_of(value, "az09__");
        break;
    case K_NAME:
        wanted = "a-z, 0-9, - and _";
        good = value.n <= 64 && made_of(value, "az09__--");
        break;
    case K_ENV:
        wanted = "the name of an environment variable";
        good = value.n <= 64 && made_of(value, "AZ09__");
        break;
    case K_METHOD:
        wanted = "GET or POST";
        good = ct_span_is(value, "GET") || ct_span_is(value, "POST");
        break;
    case K_URL:
        wanted = s->allow_private ? "an http or https address"
                                  : "an https address (http only behind allow_private = yes)";
        good = url_is_good(value, s->allow_private);
        break;
    case K_HEADER:
        wanted = "the name of a header";
        good = ct_header_name_ok(value);
        break;
    case K_HEADERS:
        wanted = "headers, \"Name: value\", separated by |; one that holds a key belongs to "
                 "key_env and key_header";
        good = headers_are_good(value);
        break;
    case K_COMMAND:
        wanted = "the whole path of a program and its words; no shell reads them";
        good = command_is_good(value);
        break;
    default:
        wanted = "one clean line";
        good = value.n <= 2048 && ct_utf8_valid(value);
        for (size_t i = 0; good && i < value.n; i++)
            good = (unsigned char)value.p[i] >= 0x20 && value.p[i] != 0x7f;
        break;
    }
    if (!good)
        return wrong(err, c, wanted, value);
    *(const char **)field = ct_arena_dup(reg->arena, value).p;
    return CT_OK;
}

/* The first line of a file that nobody but its owner may read. */
static enum ct_status read_key(struct ct_registry *reg, struct ct_source *s, const struct column *c,
                               struct ct_span value, struct ct_error *err)
{
    enum { FILE_BYTES = 64 << 10 };
    struct ct_buf text = CT_BUF_INIT;
    struct ct_error inner = {0};
    struct stat st;
    char *path = ct_xspandup(value);
    enum ct_status status = CT_OK;
    if (path[0] != '/')
        status = wrong(err, c, "the whole path of a file", value);
    else if (stat(path, &st) != 0 || ct_read_file(path, FILE_BYTES, &text, &inner) != CT_OK)
        status = ct_fail(err, CT_ERR_CONFIG, "", "%s: %s cannot be read", c->name, path);
    else if (st.st_mode & 077)
        status = ct_fail(err, CT_ERR_CONFIG, "", "%s: others may read %s: chmod 600 it", c->name,
                         path);
    struct ct_span key = ct_key_line(ct_buf_span(&text));
    if (status == CT_OK && !key.p)
        status = ct_fail(err, CT_ERR_CONFIG, "", "%s: the first line of %s is no key", c->name, path);
    if (status == CT_OK)
        s->key = ct_arena_dup(reg->arena, key).p;
    if (text.n)
        explicit_bzero(text.p, text.n);
    ct_buf_free(&text);
    free(path);
    return status;
}

static enum ct_status set_column(struct ct_registry *reg, struct ct_source *s,
                                 const struct column *c, struct ct_span value, struct ct_error *err)
{
    void *field = (char *)s + c->off;
    int word;
    switch (c->kind) {
    case K_FAMILY:
        return set_family(reg, s, value, err);
    case K_ENV: /* "api_key:NAME": the header that carries it, and the variable */
        if (memchr(value.n ? value.p : "", ':', value.n)) {
            struct ct_span header = ct_span_cut(&value, ':');
            if (!ct_header_name_ok(header))
                return wrong(err, c, "HEADER:NAME of an environment variable", header);
            s->key_header = ct_arena_dup(reg->arena, header).p;
        }
        return set_text(reg, s, c, value, field, err);
    case K_SECONDS:
    case K_TIMEOUT:
    case K_BYTES:
    case K_PAGES:
        return set_number(s, c, value, field, err);
    case K_EVIDENCE:
        word = ct_word(ct_evidence_words, value);
        if (word < 0)
            return wrong(err, c, "official, listed, stock or measured", value);
        *(enum ct_evidence *)field = (enum ct_evidence)word;
        return CT_OK;
    case K_KEY_FILE:
        return read_key(reg, s, c, value, err);
    case K_KIND:
        word = ct_word(ct_source_kind_words, value);
        if (word < 0)
            return wrong(err, c, "status, prices, models or news", value);
        s->kind = (enum ct_source_kind)word;
        s->kind_given = true;
        return CT_OK;
    case K_FLAG:
        word = flag_of(value);
        if (word < 0)
            return wrong(err, c, "yes or no", value);
        *(bool *)field = word == 1;
        return CT_OK;
    default:
        return set_text(reg, s, c, value, field, err);
    }
}

/* ---- the list ---- */

static struct ct_source *add_source(struct ct_registry *reg, struct ct_span id)
{
    struct ct_source *s = ct_arena_alloc(reg->arena, sizeof *s);
    *s = (struct ct_source){.family = "",
                            .scope = "",
                            .url = "",
                            .terms = "",
                            .method = "GET",
                            .body = "",
                            .query = "",
                            .key_env = "",
                            .key_header = "",
                            .headers = "",
                            .command = "",
                            .key_command = "",
                            .interval_ms = 5 * CT_MINUTE,
                            .timeout_ms = 30 * CT_SECOND,
                            .max_bytes = DEFAULT_BYTES,
                            .max_pages = 1,
                            .enabled = true};
    s->id = s->provider = s->title = ct_arena_dup(reg->arena, id).p;
    *CT_VEC_PUSH(reg->arena, &reg->sources) = s;
    return s;
}

static enum ct_status add_row(struct ct_registry *reg, const struct ct_tsv *t, size_t row,
                              struct ct_error *err)
{
    struct ct_error inner = {0};
    struct ct_span id = ct_tsv_cell(t, row, 0);
    struct ct_source *s = add_source(reg, id);
    for (size_t i = 0; i < CT_LEN(columns); i++) {
        struct ct_span cell = ct_tsv_cell(t, row, i);
        bool may_be_empty = columns[i].kind == K_NAME || columns[i].kind == K_LINE ||
                            columns[i].kind == K_ENV || columns[i].kind == K_TIMEOUT ||
                            columns[i].kind == K_BYTES || columns[i].kind == K_PAGES;
        bool keep_default = cell.n == 0 && may_be_empty && columns[i].kind >= K_SECONDS;
        if (keep_default)
            continue;
        if (cell.n == 0 && !may_be_empty)
            return ct_tsv_fail(t, row, err, "%s: is empty", columns[i].name);
        if (set_column(reg, s, &columns[i], cell, &inner) != CT_OK)
            return ct_tsv_fail(t, row, err, "%s", inner.what);
    }
    s->opt_in = !s->enabled;
    if (s->body[0] && strcmp(s->method, "POST") != 0)
        return ct_tsv_fail(t, row, err, "body: only a POST has one");
    if (!s->title[0])
        return ct_tsv_fail(t, row, err, "title: is empty");
    for (size_t i = 0; i + 1 < reg->sources.n; i++)
        if (strcmp(reg->sources.v[i]->id, s->id) == 0)
            return ct_tsv_fail(t, row, err, "id: \"%s\" is there twice", s->id);
    return CT_OK;
}

enum ct_status ct_registry_read(struct ct_span text, const char *file, struct ct_registry **out,
                                struct ct_error *err)
{
    const char *names[CT_LEN(columns) + 1] = {NULL};
    struct ct_registry *reg = ct_xcalloc(1, sizeof *reg);
    struct ct_tsv t = {0};
    *out = NULL;
    for (size_t i = 0; i < CT_LEN(columns); i++)
        names[i] = columns[i].name;
    reg->arena = ct_arena_new(0);
    enum ct_status s =
        text.p ? ct_tsv_read(&t, file, text, names, err) : ct_tsv_load(&t, file, names, err);
    for (size_t i = 0; s == CT_OK && i < t.rows; i++)
        s = add_row(reg, &t, i, err);
    reg->built_in = reg->sources.n;
    ct_tsv_free(&t);
    if (s != CT_OK) {
        ct_registry_free(reg);
        return s;
    }
    *out = reg;
    return CT_OK;
}

enum ct_status ct_registry_load(struct ct_registry **out, struct ct_error *err)
{
    *out = NULL;
    enum ct_status s = ct_reference_load(err);
    return s == CT_OK ? ct_registry_read(CT_SPAN_NONE, "sources.tsv", out, err) : s;
}

enum ct_status ct_registry_empty(struct ct_registry **out, struct ct_error *err)
{
    *out = NULL;
    enum ct_status s = ct_reference_load(err);
    if (s != CT_OK)
        return s;
    *out = ct_xcalloc(1, sizeof **out);
    (*out)->arena = ct_arena_new(0);
    return CT_OK;
}

void ct_registry_free(struct ct_registry *reg)
{
    if (!reg)
        return;
    ct_arena_free(reg->arena);
    free(reg);
}

size_t ct_registry_count(const struct ct_registry *reg)
{
    return reg->sources.n;
}

struct ct_source *ct_registry_at(struct ct_registry *reg, size_t i)
{
    return i < reg->sources.n ? reg->sources.v[i] : NULL;
}

struct ct_source *ct_registry_find(struct ct_registry *reg, const char *id)
{
    for (size_t i = 0; i < reg->sources.n; i++)
        if (strcmp(reg->sources.v[i]->id, id) == 0)
            return reg->sources.v[i];
    return NULL;
}

/* "id" names the section and cannot be set. */
static const struct column *find_key(const char *key, struct ct_error *err)
{
    const char *names[CT_LEN(columns) + CT_LEN(settings)];
    size_t n = 0;
    for (size_t i = 1; i < CT_LEN(columns) + CT_LEN(settings); i++) {
        const struct column *c =
            i < CT_LEN(columns) ? &columns[i] : &settings[i - CT_LEN(columns)];
        if (strcmp(c->name, key) == 0)
            return c;
        names[n++] = c->name;
    }
    names[n] = NULL;
    const char *near = ct_nearest(key, names);
    (void)ct_fail(err, CT_ERR_CONFIG, "", "unknown setting \"%s\" of a source%s%s%s", key,
                  near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return NULL;
}

enum ct_status ct_registry_set(struct ct_registry *reg, const char *id, const char *key,
                               const char *value, struct ct_error *err)
{
    struct ct_span name = ct_span(id), text = ct_span_trim(ct_span(value));
    const struct column *c = find_key(key, err);
    if (!c)
        return CT_ERR_CONFIG;
    if (name.n == 0 || name.n > 64 || !made_of(name, "az09__"))
        return wrong(err, &columns[0], "1 to 64 of a-z, 0-9 and _", name);
    struct ct_source *s = ct_registry_find(reg, id);
    struct ct_source trial = s ? *s : (struct ct_source){.interval_ms = 5 * CT_MINUTE};
    enum ct_status status =
        set_column(reg, &trial, c, text, err); /* a refused value adds no source */
    if (status == CT_OK)
        status = set_column(reg, s ? s : add_source(reg, name), c, text, err);
    return status;
}

enum ct_status ct_registry_check(struct ct_registry *reg, struct ct_error *err)
{
    enum ct_status status = CT_OK;
    const char **names = ct_xcalloc(reg->built_in + 1, sizeof *names);
    for (size_t i = 0; i < reg->built_in; i++)
        names[i] = reg->sources.v[i]->id;
    for (size_t i = 0; i < reg->sources.n; i++) {
        struct ct_source *s = reg->sources.v[i];
        bool body = s->body[0] && strcmp(s->method, "POST") != 0;
        bool stray = s->command[0] && s->ops && !ct_source_is_program(s);
        if (ct_source_whole(s) && !body && !stray)
            continue;
        s->enabled = false;
        if (status != CT_OK)
            continue;
        char where[96];
        const char *near = i >= reg->built_in ? ct_nearest(s->id, names) : NULL;
        snprintf(where, sizeof where, "source %s", s->id);
        status = ct_fail(err, CT_ERR_CONFIG, where, "%s%s%s%s",
                         body                ? "a body needs method = POST"
                         : stray             ? "a command needs family = exec"
                         : !s->ops           ? "family is missing"
                         : ct_source_is_program(s) ? "command is missing"
                                             : "url is missing",
                         near && !s->ops ? ", did you mean the source \"" : "",
                         near && !s->ops ? near : "", near && !s->ops ? "\"?" : "");
    }
    free(names);
    return status;
}
