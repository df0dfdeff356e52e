/* What can be said of one source without the list of all. */
#include "config.h"

#include "fetchers/family.h"

#include <string.h>

enum ct_source_kind ct_source_kind(const struct ct_source *s)
{
    return s->kind_given ? s->kind : s->ops ? s->ops->kind : CT_SOURCE_STATUS;
}

bool ct_source_is_program(const struct ct_source *s)
{
    return s->ops && strcmp(s->ops->name, "exec") == 0;
}

bool ct_source_signs(const struct ct_source *s)
{
    return s->key_header && strcmp(s->key_header, CT_KEY_SIGNS) == 0;
}

struct ct_span ct_key_line(struct ct_span text)
{
    enum { KEY_BYTES = 4096 };
    struct ct_span line = ct_span_trim(ct_span_cut(&text, '\n'));
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < ' ' || line.p[i] > '~')
            return CT_SPAN_NONE;
    return line.n > 0 && line.n <= KEY_BYTES ? line : CT_SPAN_NONE;
}

bool ct_source_is_probe(const struct ct_source *s)
{
    return s->ops && strcmp(s->ops->name, "probe") == 0;
}

bool ct_source_whole(const struct ct_source *s)
{
    const char *where = ct_source_is_program(s) ? s->command : s->url;
    return s->ops && where && where[0];
}

struct ct_parse_hint ct_source_hint(const struct ct_source *s)
{
    return (struct ct_parse_hint){ct_span(s->provider), ct_span(s->query)};
}

enum ct_status ct_source_fits(const struct ct_source *s, const struct ct_batch *b,
                              struct ct_error *err)
{
    const size_t n[] = {
        [CT_SOURCE_STATUS] = b->components.n + b->incidents.n + b->updates.n, /* a page is the name of any */
        [CT_SOURCE_PRICES] = b->offers.n,
        [CT_SOURCE_MODELS] = b->token_prices.n + b->endpoints.n,
        [CT_SOURCE_NEWS] = b->articles.n,
    };
    for (size_t i = 0; i < CT_LEN(n); i++)
        if (n[i] > 0 && i != (size_t)ct_source_kind(s))
            return ct_fail(err, CT_ERR_SHAPE, "rows",
                           "rows of kind %s from a source of kind %s: say kind = %s",
                           ct_source_kind_words[i], ct_source_kind_words[ct_source_kind(s)],
                           ct_source_kind_words[i]);
    return CT_OK;
}

struct ct_span ct_url_host(struct ct_span url)
{
    const char *at = url.p ? memmem(url.p, url.n, "://", 3) : NULL;
    if (!at)
        return CT_SPAN_NONE;
    struct ct_span rest = {at + 3, url.n - (size_t)(at + 3 - url.p)};
    rest = ct_span_cut(&rest, '/');
    return ct_span_cut(&rest, ':');
}

enum ct_status ct_source_all_clear(const struct ct_source *s, struct ct_span url,
                                   const struct ct_batch *b, struct ct_error *err)
{
    const char *routed = s->ops->routed_host;
    if (!routed || b->incidents.n || !ct_span_ieq(ct_url_host(url), ct_span(routed)))
        return CT_OK;
    return ct_fail(err, CT_ERR_SHAPE, routed,
                   "lists nothing, which may be so in one region alone: that host is routed");
}
