/* Whose recorded answers they are: as told, or as names and contents say. */
#include "config.h"

#include "app/fetcher_import.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static struct ct_source *first_of(struct ct_registry *reg, const struct ct_family *family)
{
    for (size_t i = 0; i < ct_registry_count(reg); i++)
        if (ct_registry_at(reg, i)->ops == family)
            return ct_registry_at(reg, i);
    return NULL;
}

bool ct_import_id_ok(const char *id)
{
    return id[0] != '\0' && strlen(id) <= CT_ID_BYTES &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id);
}

void ct_import_make(struct ct_import *im, const char *id, const struct ct_family *family,
                    bool part)
{
    snprintf(im->made_id, sizeof(im->made_id), "%s", id);
    for (char *p = im->made_id; *p != '\0'; p++)
        if (*p == '-')
            *p = '_';
    snprintf(im->made_provider, sizeof(im->made_provider), "%.*s", (int)strcspn(im->made_id, "_"),
             im->made_id);
    im->made = (struct ct_source){
        .id = im->made_id,
        .family = family != NULL ? family->name : "rows",
        .provider = strncmp(id, "import_", 7) == 0 ? "" : im->made_provider,
        .scope = "",
        .title = im->made_id,
        .url = "",
        .terms = "",
        .method = "GET",
        .body = "",
        .query = "",
        .key_env = "",
        .interval_ms = CT_DAY,
        /* a provider's own page, or a list of prices */
        .evidence = family && family->kind == CT_SOURCE_STATUS ? CT_EVIDENCE_OFFICIAL
                                                               : CT_EVIDENCE_LISTED,
        .part_of_list = part,
        .ops = family,
    };
    im->s = &im->made;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_word(const char *path, const char *word)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path, *at = name;
    size_t n = strlen(word);
    while (n > 0 && (at = strstr(at, word)) != NULL) {
        if ((at == name || !is_word_char(at[-1])) && !is_word_char(at[n]))
            return true;
        at++;
    }
    return false;
}

/* How many words of the source's id the file's name mentions: "azure_prices_westeurope" has two in
 * "azure_retail_page_westeurope_2026-08.json". */
static int words_shared(const char *path, const char *id)
{
    char word[CT_ID_BYTES + 1];
    int n = 0;
    for (const char *at = id; *at != '\0'; at += *at == '_') {
        size_t len = strcspn(at, "_");
        snprintf(word, sizeof(word), "%.*s", (int)len, at);
        n += has_word(path, word);
        at += len;
    }
    return n;
}

const struct ct_source *ct_import_named(struct ct_registry *reg,
                                        const struct ct_family *family,
                                        const struct ct_recorded *v, size_t n)
{
    const struct ct_source *best = NULL;
    int best_words = -1, of_family = 0;
    for (size_t i = 0; i < ct_registry_count(reg); i++) {
        const struct ct_source *s = ct_registry_at(reg, i);
        if (s->ops != family)
            continue;
        int words = INT_MAX;
        for (size_t k = 0; k < n; k++) {
            int here = words_shared(v[k].path, s->id);
            words = here < words ? here : words;
        }
        if (words >= best_words)
            best = words > best_words ? s : NULL;
        best_words = words > best_words ? words : best_words;
        of_family++;
    }
    return best_words > 0 || of_family == 1 ? best : NULL;
}

struct ct_parse_hint ct_import_hint(struct ct_registry *reg, const struct ct_family *family,
                                    const struct ct_source *s)
{
    const struct ct_source *first = s != NULL ? s : first_of(reg, family);
    struct ct_parse_hint hint = {ct_span(first != NULL ? first->provider : ""),
                                 ct_span(first != NULL ? first->query : "")};
    for (size_t i = 0; s == NULL && i < ct_registry_count(reg); i++) {
        const struct ct_source *other = ct_registry_at(reg, i);
        if (other->ops == family && strcmp(other->provider, first->provider) != 0)
            hint.provider = ct_span("");
        if (other->ops == family && strcmp(other->query, first->query) != 0)
            hint.query = ct_span("");
    }
    return hint;
}

/* What all sources of FAMILY have in common describes an imported one as well. */
static void describe_by_family(struct ct_import *im, const struct ct_family *family)
{
    const struct ct_source *first = first_of(im->reg, family);
    if (first == NULL)
        return;
    im->made.evidence = first->evidence;
    im->made.part_of_list = first->part_of_list;
    im->made.interval_ms = first->interval_ms;
    im->made.provider = first->provider;
    for (size_t i = 0; i < ct_registry_count(im->reg); i++) {
        const struct ct_source *s = ct_registry_at(im->reg, i);
        if (s->ops == family && strcmp(s->provider, first->provider) != 0)
            im->made.provider = "imported";
    }
}

/* Letters and digits of TEXT in small, everything between them one '_'. */
static void slug(struct ct_span text, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n && n + 2 < cap; i++) {
        char c = text.p[i];
        if (is_word_char(c))
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = '\0';
}

/* A status page says itself whose it is: the source that fetches from the page's own host, else one
 * named after the page, so that two unknown pages never share a record. False: it does not say. */
static bool source_of_page(struct ct_import *im, const struct ct_family *family,
                           const struct ct_page *page)
{
    char name[48], id[64];
    struct ct_span host = ct_url_host(page->url);
    for (size_t i = 0; host.n > 0 && i < ct_registry_count(im->reg); i++) {
        const struct ct_source *s = ct_registry_at(im->reg, i);
        if (s->ops == family && ct_span_eq(ct_url_host(ct_span(s->url)), host)) {
            im->s = s;
            return true;
        }
    }
    slug(page->name, name, sizeof(name));
    if (name[0] == '\0')
        return false;
    snprintf(id, sizeof(id), "%s_status", name);
    ct_import_make(im, id, family, false);
    describe_by_family(im, family);
    snprintf(im->made_provider, sizeof(im->made_provider), "%s", name);
    im->made.provider = im->made_provider;
    return true;
}

static enum ct_status choose_by_content(struct ct_import *im, const struct ct_family *family,
                                        const char *path, struct ct_error *err)
{
    char name[64];
    bool chosen = false;
    enum ct_status st = CT_OK;
    if (family->kind == CT_SOURCE_STATUS) {
        struct ct_batch batch;
        struct ct_arena *arena = ct_arena_new(CT_IMPORT_ARENA);
        ct_batch_init(&batch, arena);
        if ((st = ct_import_document(family, path, NULL, NULL, &batch, NULL, err)) != CT_OK)
            ct_error_prefix(err, path);
        chosen = st == CT_OK && batch.pages.n > 0 && source_of_page(im, family, batch.pages.v);
        ct_arena_free(arena);
    }
    if (st == CT_OK && !chosen) {
        snprintf(name, sizeof(name), "import_%s", family->name);
        ct_import_make(im, name, family, false);
        describe_by_family(im, family);
    }
    return st;
}

enum ct_status ct_import_choose(struct ct_import *im, const char *id,
                                const struct ct_family *family, const struct ct_recorded *v,
                                size_t n, struct ct_error *err)
{
    if (id == NULL) {
        im->s = ct_import_named(im->reg, family, v, n);
        return im->s != NULL ? CT_OK : choose_by_content(im, family, v[0].path, err);
    }
    if (!ct_import_id_ok(id))
        return ct_fail(err, CT_ERR_USAGE, id, "a source id is made of a-z, 0-9 and _");
    if ((im->s = ct_registry_find(im->reg, id)) == NULL) {
        ct_import_make(im, id, family, false);
        const char *seller = ct_registry_seller(im->reg, family);
        im->made.provider = seller != NULL ? seller : im->made.provider;
    } else if (im->s->ops != family)
        return ct_fail(err, CT_ERR_USAGE, id, "is a source of family %s, not %s", im->s->family,
                       family->name);
    return CT_OK;
}
