/* Names what a refused body looks like: pages move from one vendor to another without a word, and
 * "not a Statuspage summary" helps nobody who is not told that it is now an Instatus page. */
#include "config.h"

#include "fetchers/family.h"
#include "fetchers/jsonx.h"

#include <stdio.h>
#include <string.h>

/* All of MEMBERS (separated by blanks) are in OBJ and not null. */
static bool has(const json_t *obj, const char *members)
{
    struct ct_span rest = ct_span(members);
    while (rest.p) {
        struct ct_span word = ct_span_cut(&rest, ' ');
        char key[32];
        if (word.n >= sizeof key)
            return false;
        memcpy(key, word.p, word.n);
        key[word.n] = '\0';
        if (!ct_json_get(obj, key))
            return false;
    }
    return true;
}

static const char *guess_page(const json_t *root)
{
    const json_t *page = ct_json_object(root, "page"), *status = ct_json_object(root, "status");
    bool ulid = ct_json_text(page, "id").n == 26;
    if (ct_json_text(page, "status").p)
        return "an Instatus page";
    if (ct_json_text(status, "indicator").p && !has(page, "id"))
        return "an Oracle status answer";
    if (ct_json_text(status, "indicator").p && has(root, "components"))
        return ulid ? "an incident.io compatibility summary" : "a Statuspage summary";
    if (ct_json_text(status, "indicator").p)
        return "a Statuspage status without components";
    if (ct_json_array(root, "incidents"))
        return ulid ? "an incident.io compatibility incident list" : "a Statuspage incident list";
    if (ct_json_array(root, "components"))
        return "a Statuspage component list";
    return NULL;
}

static const char *guess_object(const json_t *root)
{
    static const struct {
        const char *members, *words;
    } shapes[] = {
        {"products terms", "an AWS price list"},
        {"publicationDate regions", "an AWS index of regions"},
        {"publicationDate offers", "an AWS index of services"},
        {"regionHealthReports", "an Oracle component list"},
        {"regions service_alerts", "a Vultr status answer"},
        {"service_alerts", "a Vultr alert list"},
        {"archive current", "the withdrawn AWS data.json"},
        {"heartbeatList", "an Uptime Kuma heartbeat list"},
        {"publicGroupList", "an Uptime Kuma page"},
        {"Items NextPageLink", "an Azure price page"},
        {"Items BillingCurrency", "an Azure price page"},
        {"spot_advisor", "an AWS Spot Advisor file"},
        {"plans_metal", "a Vultr plan list"},
        {"plans meta", "a Vultr plan list"},
        {"sizes", "a DigitalOcean size list"},
        {"instance_types", "a Shadeform machine list"},
        {"servers", "a Scaleway machine list"},
        {"skus", "a Google price list"},
        {"sample_spec", "a LiteLLM price list"},
        {"offers", "a Vast.ai offer list"},
        {"incidents", "a list of incidents without a page (Checkly or incident.io)"},
        {"error", "a JSON error answer"},
        {"errors", "a JSON error answer"},
        {"message", "a JSON error answer"},
    };
    const char *words = ct_json_object(root, "page") ? guess_page(root) : NULL;
    if (words)
        return words;
    if (ct_span_is(ct_json_text(ct_json_object(root, "data"), "type"), "status_page"))
        return "a Better Stack page";
    if (ct_json_array(ct_json_object(root, "summary"), "components"))
        return "a native incident.io page";
    if (ct_json_get(ct_json_object(root, "result"), "status_overall"))
        return "a status.io answer";
    if (ct_json_array(ct_json_object(root, "month"), "notices"))
        return "an Instatus notice list";
    if (ct_json_array(ct_json_object(root, "config"), "regions"))
        return "an AWS spot price feed";
    if (ct_json_get(ct_json_object(root, "data"), "gpuTypes"))
        return "a RunPod answer";
    for (size_t i = 0; i < CT_LEN(shapes); i++)
        if (has(root, shapes[i].members))
            return shapes[i].words;
    const json_t *first = json_array_get(ct_json_array(root, "data"), 0);
    if (has(first, "id pricing"))
        return "an OpenRouter model list";
    return json_object_size(root) == 0 ? "an empty JSON object" : "an unknown JSON object";
}

static const char *guess_json(struct ct_span body)
{
    json_t *root = NULL;
    const char *words = "damaged JSON";
    if (ct_json_parse(body, 0, &root, NULL) != CT_OK)
        return words;
    const json_t *first = json_array_get(root, 0);
    if (json_is_object(root))
        words = guess_object(root);
    else if (json_array_size(root) == 0)
        words = "an empty JSON list";
    else if (has(first, "arn"))
        words = "an AWS event list";
    else if (has(first, "id begin"))
        words = "a Google Cloud incident list";
    else
        words = "an unknown JSON list";
    json_decref(root);
    return words;
}

/* Behind declarations and comments, up to the root's name. */
static const char *guess_markup(struct ct_span rest)
{
    static const struct {
        const char *start, *words;
    } roots[] = {
        {"<!doctype html", "an HTML page"},
        {"<html", "an HTML page"},
        {"<head", "an HTML page"},
        {"<body", "an HTML page"},
        {"<rss", "an RSS feed"},
        {"<feed", "an Atom feed"},
        {"<rdf:RDF", "an RSS 1.0 feed"},
        {"<error", "an XML error answer"},
        {"<!doctype", "an XML document with a DOCTYPE"},
    };
    for (;;) {
        rest = ct_span_trim(rest);
        const char *end = ct_span_starts(rest, "<!--") ? "-->" : "?>";
        if (end[0] == '?' && !ct_span_starts(rest, "<?"))
            break;
        const char *at = memmem(rest.p, rest.n, end, strlen(end));
        if (!at)
            return "a cut XML document";
        at += strlen(end);
        rest = (struct ct_span){at, (size_t)(rest.p + rest.n - at)};
    }
    for (size_t i = 0; i < CT_LEN(roots); i++)
        if (ct_span_istarts(rest, roots[i].start))
            return roots[i].words;
    return "an XML document";
}

const char *ct_family_guess(struct ct_span body)
{
    if (body.n >= 2 && (memcmp(body.p, "\xFE\xFF", 2) == 0 || memcmp(body.p, "\xFF\xFE", 2) == 0))
        return "UTF-16 text";
    if (body.n >= 2 && memcmp(body.p, "\x1F\x8B", 2) == 0)
        return "gzip data";
    if (body.n >= 3 && memcmp(body.p, "\xEF\xBB\xBF", 3) == 0)
        body = (struct ct_span){body.p + 3, body.n - 3};
    struct ct_span text = ct_span_trim(body);
    if (text.n == 0)
        return "an empty body";
    if (text.p[0] == '{' || text.p[0] == '[')
        return guess_json(body);
    if (text.p[0] == '<')
        return guess_markup(text);
    if (memchr(text.p, '\0', text.n))
        return "binary data";
    if (ct_span_starts(text, "callback"))
        return "JSONP";
    struct ct_span line = ct_span_cut(&text, '\n');
    return memchr(line.p, ',', line.n) && !ct_span_ihas(line, CT_LIT(", ")) ? "a CSV table"
                                                                            : "plain text";
}

void ct_family_explain(struct ct_error *err, struct ct_span body)
{
    if (!err)
        return;
    size_t n = strlen(err->what);
    snprintf(err->what + n, sizeof err->what - n, ", in what looks like %s", ct_family_guess(body));
}

/* They take any feed or any rows: no sign of what a page is. */
static bool reads_anything(const struct ct_family *f)
{
    static const char *const names[] = {"feed", "rss-status", "exec", "rows", NULL};
    return ct_word(names, ct_span(f->name)) >= 0 || f->stream;
}

static bool reads(const struct ct_family *f, struct ct_span body)
{
    struct ct_arena *arena = ct_arena_new((size_t)64 << 20);
    struct ct_batch batch;
    ct_batch_init(&batch, arena);
    bool good = f->parse(body, &(struct ct_parse_hint){CT_SPAN_NONE, CT_SPAN_NONE}, &batch, NULL) ==
                    CT_OK &&
                (ct_batch_rows(&batch) > 0 || batch.pages.n > 0);
    ct_arena_free(arena);
    return good;
}

const struct ct_family *ct_family_reading(const struct ct_family *const *all,
                                          const struct ct_family * not, struct ct_span body)
{
    enum { LARGEST = 1 << 20 };
    /* incident.io imitates Statuspage so well that only an id tells them apart. */
    bool imitated = ct_span_starts(ct_span(ct_family_guess(body)), "an incident.io compat");
    for (; body.n <= LARGEST && *all; all++)
        if (*all != not &&(*all)->kind == not ->kind && !reads_anything(*all) &&
            !(imitated && ct_span_starts(ct_span((*all)->name), "statuspage-")) &&
            reads(*all, body))
            return *all;
    return NULL;
}

void ct_family_suggest(struct ct_error *err, const struct ct_family *const *all,
                       const struct ct_family * not, struct ct_span body)
{
    const struct ct_family *f =
        err->status == CT_ERR_SHAPE && all ? ct_family_reading(all, not, body) : NULL;
    size_t n = strlen(err->what);
    if (f)
        snprintf(err->what + n, sizeof err->what - n, "; family %s reads it", f->name);
}
