#include "fetchers/families/aws_query.h"

#include "db/base/text.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

enum { MOST_DEPTH = 12, IN_ROOT = 2, IN_SET = 3, IN_ITEM = 4, MOST_TOKEN = 2048 };

struct reader {
    struct ct_batch *out;
    xmlParserCtxtPtr ctxt;
    const char *root, *set;
    ct_aws_item_reader *read;
    int depth;
    bool right_root, in_set, set_seen, in_token, doctype;
    bool over; /* TEXT is too long to be anything of ours */
    struct ct_aws_item item;
    struct ct_buf text, token;
};

struct ct_span ct_aws_field(const struct ct_aws_item *item, const char *name)
{
    for (size_t i = 0; i < item->n; i++)
        if (strcmp(item->v[i].name, name) == 0)
            return ct_span(item->v[i].text);
    return CT_LIT("");
}

static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n_attributes,
                     int n_defaulted, const xmlChar **attributes)
{
    struct reader *r = ctx;
    const char *name = (const char *)local;
    (void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_attributes,
        (void)n_defaulted, (void)attributes;
    if (++r->depth > MOST_DEPTH) {
        xmlStopParser(r->ctxt);
        return;
    }
    ct_buf_clear(&r->text);
    r->over = false;
    if (r->depth == 1)
        r->right_root = strcmp(name, r->root) == 0;
    if (r->depth == IN_ROOT) {
        r->in_set = r->right_root && strcmp(name, r->set) == 0;
        r->in_token = r->right_root && strcmp(name, "nextToken") == 0;
        r->set_seen |= r->in_set;
    }
    if (r->depth == IN_SET)
        r->item.n = 0;
}

static void on_text(void *ctx, const xmlChar *text, int n)
{
    struct reader *r = ctx;
    size_t most = r->in_token ? MOST_TOKEN : CT_AWS_TEXT;
    r->over |= n > 0 && r->text.n + (size_t)n >= most;
    if (n > 0 && !r->over)
        ct_buf_add(&r->text, (struct ct_span){(const char *)text, (size_t)n});
}

/* The same field twice: the first counts. */
static void add_field(struct ct_aws_item *item, const char *name, struct ct_span text)
{
    struct ct_aws_field *f = item->n < CT_AWS_FIELDS ? &item->v[item->n] : NULL;
    text = ct_span_trim(text);
    if (!f || strlen(name) >= sizeof f->name || text.n >= sizeof f->text)
        return;
    snprintf(f->name, sizeof f->name, "%s", name);
    snprintf(f->text, sizeof f->text, "%.*s", CT_FMT(text));
    item->n++;
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    struct reader *r = ctx;
    const char *name = (const char *)local;
    struct ct_span text = r->text.n ? ct_buf_span(&r->text) : CT_LIT("");
    (void)prefix, (void)uri;
    if (r->over)
        text = CT_LIT("");
    if (r->depth == IN_ITEM && r->in_set)
        add_field(&r->item, name, text);
    else if (r->depth == IN_SET && r->in_set && strcmp(name, "item") == 0)
        r->read(r->out, &r->item);
    else if (r->depth == IN_ROOT && r->in_token)
        ct_buf_add(&r->token, ct_span_trim(text));
    if (r->depth == IN_ROOT)
        r->in_set = r->in_token = false;
    ct_buf_clear(&r->text);
    r->depth--;
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    struct reader *r = ctx;
    (void)name, (void)external, (void)system;
    r->doctype = true;
    xmlStopParser(r->ctxt);
}

static enum ct_status read_answer(struct reader *r, struct ct_span body, struct ct_error *err)
{
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .internalSubset = on_doctype,
                         .startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .cdataBlock = on_text};
    bool whole = false;
    if (body.n > 0 && body.n <= INT_MAX)
        r->ctxt = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
    if (r->ctxt) {
        xmlCtxtUseOptions(r->ctxt, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        (void)xmlParseChunk(r->ctxt, body.p, (int)body.n, 1);
        whole = r->ctxt->wellFormed && r->depth == 0;
        if (r->ctxt->myDoc)
            xmlFreeDoc(r->ctxt->myDoc);
        xmlFreeParserCtxt(r->ctxt);
    }
    if (!r->right_root || r->doctype)
        return ct_fail(err, CT_ERR_SHAPE, "body", "wanted a %s, this looks like %s", r->root,
                       ct_family_guess(body));
    if (!whole)
        return ct_fail(err, CT_ERR_SYNTAX, "body", "damaged: not well-formed XML");
    if (!r->set_seen)
        return ct_fail(err, CT_ERR_SHAPE, r->root, "%s is missing", r->set);
    return CT_OK;
}

static int by_offer(const void *a, const void *b)
{
    const struct ct_offer *x = a, *y = b;
    int c = ct_span_cmp(x->sku, y->sku);
    return c ? c : ct_span_cmp(x->zone, y->zone);
}

static void keep_best(struct ct_batch *out,
                      bool (*better)(const struct ct_offer *a, const struct ct_offer *b),
                      const char *what)
{
    struct ct_offer *v = out->offers.v;
    size_t kept = 0, n = out->offers.n;
    if (n > 1)
        qsort(v, n, sizeof *v, by_offer);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || by_offer(&v[kept - 1], &v[i]) != 0)
            v[kept++] = v[i];
        else if (better(&v[i], &v[kept - 1]))
            v[kept - 1] = v[i];
    out->offers.n = kept;
    ct_note_count(out, what, (int64_t)(n - kept));
}

static struct ct_span next_page(struct ct_arena *a, struct ct_span token)
{
    struct ct_buf field = CT_BUF_INIT;
    if (!token.n)
        return CT_SPAN_NONE;
    ct_buf_adds(&field, "&NextToken=");
    for (size_t i = 0; i < token.n; i++)
        ct_buf_addf(&field, "%%%02X", (unsigned char)token.p[i]);
    struct ct_span text = ct_arena_dup(a, ct_buf_span(&field));
    ct_buf_free(&field);
    return text;
}

enum ct_status ct_aws_query_parse(struct ct_span body, const char *root, const char *set,
                                  ct_aws_item_reader *read,
                                  bool (*better)(const struct ct_offer *a,
                                                 const struct ct_offer *b),
                                  const char *what, struct ct_batch *out, struct ct_error *err)
{
    struct reader *r = ct_xcalloc(1, sizeof *r);
    *r = (struct reader){.out = out,
                         .root = root,
                         .set = set,
                         .read = read,
                         .text = CT_BUF_INIT,
                         .token = CT_BUF_INIT};
    enum ct_status s = ct_reference_need(err);
    if (s == CT_OK)
        s = read_answer(r, ct_span_trim(body), err);
    if (s == CT_OK) {
        keep_best(out, better, what);
        out->next_page = next_page(out->arena, ct_buf_span(&r->token));
    }
    ct_buf_free(&r->text);
    ct_buf_free(&r->token);
    free(r);
    return ct_rows_finish(out, s, err);
}

/* "us-east-1a" and the local zone "us-west-2-lax-1a": the region ends with the first number. */
static struct ct_span region_of(struct ct_span zone)
{
    size_t n = 0;
    while (n < zone.n && !(zone.p[n] >= '0' && zone.p[n] <= '9'))
        n++;
    while (n < zone.n && zone.p[n] >= '0' && zone.p[n] <= '9')
        n++;
    bool whole = n > 1 && zone.p[n - 1] >= '0' && zone.p[n - 1] <= '9';
    return whole ? (struct ct_span){zone.p, n} : CT_SPAN_NONE;
}

bool ct_aws_query_offer(struct ct_batch *out, const struct ct_aws_item *item, struct ct_offer *row)
{
    struct ct_instance_type type;
    struct ct_span name = ct_aws_field(item, "instanceType"),
                   zone = ct_aws_field(item, "availabilityZone"), region = region_of(zone);
    bool known = ct_instance_find(CT_LIT("aws"), name, &type);
    const char *why = !name.n    ? "an instance without a name"
                      : !known    ? "an instance without a known accelerator"
                      : !region.n ? "a zone that names no region"
                      : ct_region_is_sovereign(CT_LIT("aws"), region)
                          ? "a region not for sale to everybody"
                          : NULL;
    if (why) {
        ct_note_about(out, why, CT_SPAN_NONE);
        return false;
    }
    *row = ct_offer_new();
    row->cloud = CT_LIT("aws");
    row->region = ct_clean_id(out->arena, region);
    row->zone = ct_clean_id(out->arena, zone);
    row->sku = row->instance = ct_clean_id(out->arena, name);
    ct_offer_set_instance(row, &type);
    row->host_included = 1;
    row->stock = CT_STOCK_UNKNOWN;
    return true;
}
