#include "config.h"

#include "fetchers/markup.h"

#include "db/base/text.h"

#include <ctype.h>
#include <libxml/HTMLparser.h>
#include <string.h>

/* Longer bodies are cut before they are read: eight times what is kept of the text. */
#define BODY_MAX (8 * CT_TEXT_BYTES)
#define DEPTH_MAX 64

struct html {
    struct ct_buf out;
    int skip; /* inside script or style */
    int depth;
    bool blocks; /* has block elements: then line ends in the text mean nothing */
};

static bool one_of(const xmlChar *name, const char *const *words)
{
    for (; *words; words++)
        if ((*words)[0] == (char)name[0] && strcmp((const char *)name, *words) == 0)
            return true;
    return false;
}

static const char *const hidden[] = {"script", "style", "head", "template", NULL};
static const char *const breaks[] = {"p",  "div", "br", "li",    "ul",  "ol",         "h1",
                                     "h2", "h3",  "h4", "h5",    "h6",  "tr",         "hr",
                                     "dl", "dt",  "dd", "table", "pre", "blockquote", NULL};

static void line_end(struct ct_buf *b)
{
    while (b->n && b->p[b->n - 1] == ' ')
        b->p[--b->n] = '\0';
    if (b->n && b->p[b->n - 1] != '\n')
        ct_buf_addc(b, '\n');
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    struct html *h = ctx;
    (void)attributes;
    if (++h->depth > DEPTH_MAX || one_of(name, hidden))
        h->skip++;
    if (one_of(name, breaks))
        line_end(&h->out);
    if (!h->skip && strcmp((const char *)name, "li") == 0)
        ct_buf_adds(&h->out, "- ");
}

static void on_end(void *ctx, const xmlChar *name)
{
    struct html *h = ctx;
    if (h->depth-- > DEPTH_MAX || one_of(name, hidden))
        h->skip--;
    if (one_of(name, breaks))
        line_end(&h->out);
}

/* Bytes from S on that stay as they are: visible ones, and single blanks between them. */
static size_t words_run(struct ct_span s)
{
    size_t n = 0;
    while (n < s.n && ((unsigned char)s.p[n] > ' ' ||
                       (s.p[n] == ' ' && n > 0 && n + 1 < s.n && (unsigned char)s.p[n + 1] > ' ')))
        n++;
    return n;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct html *h = ctx;
    struct ct_span s = {(const char *)text, h->skip || len < 0 ? 0 : (size_t)len};
    while (s.n) {
        size_t run = words_run(s);
        char c = s.p[0];
        if (run) {
            ct_buf_add(&h->out, (struct ct_span){s.p, run});
        } else {
            run = 1;
            if (h->blocks && (c == '\n' || c == '\r' || c == '\t'))
                c = ' ';
            if (c != ' ' || !h->blocks || !h->out.n || !strchr(" \n", h->out.p[h->out.n - 1]))
                ct_buf_addc(&h->out, c);
        }
        s.p += run;
        s.n -= run;
    }
}

/* A tag or an entity: '<' or '&' as it stands in plain text ("a < b", "R&D") is none. */
static bool looks_html(struct ct_span s)
{
    for (size_t i = 0; i + 1 < s.n; i++) {
        unsigned char next = (unsigned char)s.p[i + 1];
        if (s.p[i] == '<' && (isalpha(next) || next == '/' || next == '!'))
            return memchr(s.p + i, '>', s.n - i) != NULL;
        if (s.p[i] == '&' && (isalpha(next) || next == '#')) {
            size_t end = i + 1;
            while (end < s.n && end < i + 10 &&
                   (isalnum((unsigned char)s.p[end]) || s.p[end] == '#'))
                end++;
            if (end < s.n && s.p[end] == ';')
                return true;
        }
    }
    return false;
}

static bool has_blocks(struct ct_span s)
{
    static const char *const tags[] = {"<p>", "<p ", "<br", "<div", "<li", "</p>", NULL};
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end && (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++) {
        struct ct_span at = {p, (size_t)(end - p)};
        for (const char *const *t = tags; *t && at.n > 1; t++)
            if ((p[1] | 0x20) == ((*t)[1] | 0x20) && ct_span_istarts(at, *t))
                return true;
    }
    return false;
}

/* ---- HTML that is as it should be ---- */

/* Messages are hardly ever more than some paragraphs, lists and links. Those are read here, forty
 * times as fast as by libxml2; whatever is not simple, or not right, is libxml2's. */
enum { SIMPLE_DEPTH = 16 };

static const char *const simple[] = {"p", "br", "b",  "i",  "strong", "em", "a",  "u",  "ul",
                                     "ol", "li", "hr", "h1", "h2",     "h3", "h4", NULL};

struct simple {
    struct html h;
    const char *open[SIMPLE_DEPTH];
    size_t depth;
};

static void close_top(struct simple *s)
{
    on_end(&s->h, (const xmlChar *)s->open[--s->depth]);
}

/* The tag at AT ('<'); its length, or 0 when it is none of the simple ones in its place. */
static size_t simple_tag(struct simple *s, struct ct_span at)
{
    char name[8];
    bool end = at.n > 1 && at.p[1] == '/';
    size_t i = end ? 2 : 1, n = 0;
    for (; i < at.n && isalnum((unsigned char)at.p[i]) && n + 1 < sizeof name; i++)
        name[n++] = (char)tolower((unsigned char)at.p[i]);
    name[n] = '\0';
    const char *const *known = simple;
    while (*known && ((*known)[0] != name[0] || strcmp(*known, name) != 0))
        known++;
    const char *stop = memchr(at.p + i, '>', at.n - i);
    if (!*known || !stop || (end && at.p[i] != '>'))
        return 0;
    struct ct_span rest = {at.p + i, (size_t)(stop - at.p) - i};
    bool alone = strcmp(name, "br") == 0 || strcmp(name, "hr") == 0;
    if (end) {
        if (s->depth == 0 || s->open[s->depth - 1] != *known)
            return 0;
        close_top(s);
        return (size_t)(stop - at.p) + 1;
    }
    if (strcmp(name, "a") != 0 && rest.n && !(alone && ct_span_is(ct_span_trim(rest), "/")))
        return 0; /* attributes matter to links only; a '>' in theirs is seen by its open quote */
    size_t quotes = 0;
    for (size_t k = 0; k < rest.n; k++) {
        quotes += rest.p[k] == '"';
        if (rest.p[k] == '<' || rest.p[k] == '\'')
            return 0;
    }
    /* A block inside a paragraph or a link needs rules we do not have. */
    const char *top = s->depth ? s->open[s->depth - 1] : "";
    bool block = one_of((const xmlChar *)name, breaks) && strcmp(name, "br") != 0;
    bool fits = strcmp(name, "li") == 0 ? (top[0] == 'u' || top[0] == 'o') && top[1] == 'l'
                : block                 ? s->depth == 0
                                        : true;
    for (size_t k = 0; k < s->depth; k++)
        if (s->open[k] == *known && strcmp(name, "a") == 0)
            return 0;
    if (quotes % 2 || !fits || (!alone && s->depth == SIMPLE_DEPTH))
        return 0;
    on_start(&s->h, (const xmlChar *)*known, NULL);
    if (alone)
        on_end(&s->h, (const xmlChar *)*known);
    else
        s->open[s->depth++] = *known;
    return (size_t)(stop - at.p) + 1;
}

/* The entity at AT ('&'); its length, or 0. */
static size_t simple_entity(struct simple *s, struct ct_span at)
{
    static const struct {
        struct ct_span text, means;
    } known[] = {
        {{"&amp;", 5}, {"&", 1}},  {{"&lt;", 4}, {"<", 1}},  {{"&gt;", 4}, {">", 1}},
        {{"&quot;", 6}, {"\"", 1}}, {{"&#39;", 5}, {"'", 1}}, {{"&nbsp;", 6}, {"\xC2\xA0", 2}},
    };
    for (size_t i = 0; i < CT_LEN(known); i++)
        if (ct_span_starts(at, known[i].text.p)) {
            on_text(&s->h, (const xmlChar *)known[i].means.p, (int)known[i].means.n);
            return known[i].text.n;
        }
    return 0;
}

/* False, with nothing in OUT: BODY is not simple. */
static bool from_simple_html(struct ct_span body, struct ct_buf *out)
{
    struct simple s = {.h = {.out = CT_BUF_INIT, .blocks = has_blocks(body)}};
    (void)ct_buf_room(&s.h.out, body.n);
    for (size_t i = 0, n; i < body.n; i += n) {
        struct ct_span at = {body.p + i, body.n - i};
        for (n = 0; n < at.n && at.p[n] != '<' && at.p[n] != '&'; n++)
            if ((at.p[n] >= 0 && at.p[n] < ' ' && at.p[n] != '\n') || at.p[n] == 0x7f)
                goto not_simple;
        if (n > 0)
            on_text(&s.h, (const xmlChar *)at.p, (int)n);
        else if ((n = at.p[0] == '<' ? simple_tag(&s, at) : simple_entity(&s, at)) == 0)
            goto not_simple;
    }
    if (s.depth == 0) {
        ct_buf_free(out);
        *out = s.h.out;
        return true;
    }
not_simple:
    ct_buf_free(&s.h.out);
    return false;
}

/* libxml2's HTML reader through its events: no tree, and every broken page has some reading. */
static void from_html(struct ct_span body, struct ct_buf *out)
{
    if (ct_utf8_valid(body) && from_simple_html(body, out))
        return;
    struct html h = {.out = CT_BUF_INIT, .blocks = has_blocks(body)};
    htmlSAXHandler sax = {.startElement = on_start,
                          .endElement = on_end,
                          .characters = on_text,
                          .ignorableWhitespace = on_text};
    htmlParserCtxtPtr ctxt =
        htmlCreatePushParserCtxt(&sax, &h, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!ctxt)
        return;
    htmlCtxtUseOptions(ctxt, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR |
                                 HTML_PARSE_NOWARNING | HTML_PARSE_NODEFDTD);
    htmlParseChunk(ctxt, body.p, (int)body.n, 0);
    htmlParseChunk(ctxt, NULL, 0, 1);
    if (ctxt->myDoc)
        xmlFreeDoc(ctxt->myDoc);
    htmlFreeParserCtxt(ctxt);
    ct_buf_free(out);
    *out = h.out;
}

/* "[text](url)" at S[I]: writes "text (url)", or the URL once when both are the same; returns its
 * length or 0. */
static size_t markdown_link(struct ct_span s, size_t i, struct ct_buf *out)
{
    const char *mid = memmem(s.p + i, s.n - i, "](", 2);
    if (!mid)
        return 0;
    struct ct_span text = {s.p + i + 1, (size_t)(mid - s.p) - i - 1};
    struct ct_span url = {mid + 2, s.n - (size_t)(mid - s.p) - 2};
    if (memchr(text.p, '\n', text.n) || memchr(text.p, '[', text.n))
        return 0;
    if (!ct_span_istarts(url, "http://") && !ct_span_istarts(url, "https://"))
        return 0;
    const char *end = memchr(url.p, ')', url.n);
    if (!end)
        return 0;
    url.n = (size_t)(end - url.p);
    if (memchr(url.p, ' ', url.n) || memchr(url.p, '\n', url.n))
        return 0;
    if (!ct_span_eq(text, url)) {
        ct_buf_add(out, text);
        ct_buf_adds(out, " (");
    }
    ct_buf_add(out, url);
    if (!ct_span_eq(text, url))
        ct_buf_addc(out, ')');
    return (size_t)(end + 1 - s.p) - i;
}

/* "## Title", also "## \\#\\# Title" as Google writes it; not "#1". */
static bool heading(struct ct_span s, size_t i)
{
    while (i < s.n && s.p[i] == '#')
        i++;
    return i < s.n && s.p[i] == ' ';
}

/* Bytes up to the next one that may mean something to Markdown, or that ends the line. */
static size_t plain_run(struct ct_span s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '[' && s.p[n] != '\\' && s.p[n] != '*' && s.p[n] != '\n' &&
           s.p[n] != '\xC2')
        n++;
    return n;
}

static void from_markdown(struct ct_span s, struct ct_buf *out)
{
    bool line_start = true;
    int links = 200; /* each looks ahead: bounds the work on a body of nothing but '[' */
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\0';
        size_t used = 0;
        size_t run = line_start ? 0 : plain_run((struct ct_span){s.p + i, s.n - i});
        if (run) {
            ct_buf_add(out, (struct ct_span){s.p + i, run});
            i += run;
            continue;
        }
        if (c == '[' && links-- > 0)
            used = markdown_link(s, i, out);
        if (used) {
            i += used;
            line_start = false;
            continue;
        }
        if (c == '\\' && next && strchr("\\`*_{}[]()#+-.!|<>~", next)) {
            c = next;
            i++;
        } else if (c == '*' && next == '*') {
            i += 2;
            continue;
        } else if (c == '#' && line_start && heading(s, i)) {
            while (i < s.n && (s.p[i] == '#' || s.p[i] == '\\' || s.p[i] == ' '))
                i++;
            continue;
        } else if (c == '\xC2' && next == '\xA0') { /* no-break space */
            c = ' ';
            i++;
        }
        ct_buf_addc(out, c);
        line_start = c == '\n' || (line_start && c == ' ');
        i++;
    }
}

static void plain(struct ct_span body, struct ct_buf *out)
{
    struct ct_buf html = CT_BUF_INIT;
    if (body.n > BODY_MAX)
        body.n = BODY_MAX;
    if (looks_html(body)) {
        from_html(body, &html);
        body = ct_buf_span(&html);
    }
    (void)ct_buf_room(out, body.n);
    from_markdown(body, out);
    ct_buf_free(&html);
}

static struct ct_span made(struct ct_arena *arena, struct ct_span body,
                           struct ct_span (*clean)(struct ct_arena *, struct ct_span))
{
    if (!body.p)
        return CT_SPAN_NONE;
    struct ct_buf text = CT_BUF_INIT;
    plain(body, &text);
    struct ct_span out = text.n ? clean(arena, ct_buf_span(&text)) : CT_SPAN_NONE;
    ct_buf_free(&text);
    return out.n ? out : CT_SPAN_NONE;
}

struct ct_span ct_markup_text(struct ct_arena *arena, struct ct_span body)
{
    return made(arena, body, ct_clean_body);
}

struct ct_span ct_markup_name(struct ct_arena *arena, struct ct_span body)
{
    return made(arena, body, ct_clean_name);
}
