#include "db/base/str.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*on_fatal)(void);

void ct_on_fatal(void (*restore)(void))
{
    on_fatal = restore;
}

_Noreturn static void out_of_memory(void)
{
    static const char words[] = "cloudtape: out of memory\n";
    void (*restore)(void) = on_fatal;
    on_fatal = NULL; /* the hook itself may run out of memory */
    if (restore) {
        restore();
    }
    ssize_t ignored = write(STDERR_FILENO, words, sizeof(words) - 1);
    (void)ignored;
    _exit(1);
}

void *ct_xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) {
        out_of_memory();
    }
    return p;
}

void *ct_xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p) {
        out_of_memory();
    }
    return p;
}

void *ct_xrealloc(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q) {
        out_of_memory();
    }
    return q;
}

char *ct_xspandup(struct ct_span s)
{
    if (!s.p) {
        return NULL;
    }
    char *p = ct_xmalloc(s.n + 1);
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

char *ct_xstrdup(const char *text)
{
    return ct_xspandup(ct_span(text));
}

struct ct_span ct_span(const char *text)
{
    return text ? (struct ct_span){text, strlen(text)} : CT_SPAN_NONE;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* memcmp wants no null pointers, not even for nothing. */
static bool same(const char *a, const char *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

static bool same_blind(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool ct_span_eq(struct ct_span a, struct ct_span b)
{
    return !a.p == !b.p && a.n == b.n && same(a.p, b.p, a.n);
}

bool ct_span_is(struct ct_span a, const char *text)
{
    return ct_span_eq(a, ct_span(text));
}

bool ct_span_ieq(struct ct_span a, struct ct_span b)
{
    return !a.p == !b.p && a.n == b.n && same_blind(a.p, b.p, a.n);
}

bool ct_span_istarts(struct ct_span a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.p && a.n >= n && same_blind(a.p, prefix, n);
}

bool ct_span_starts(struct ct_span a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.p && a.n >= n && same(a.p, prefix, n);
}

bool ct_span_ends(struct ct_span a, const char *suffix)
{
    size_t n = strlen(suffix);
    return a.p && a.n >= n && same(a.p + (a.n - n), suffix, n);
}

bool ct_span_ihas(struct ct_span a, struct ct_span needle)
{
    if (!a.p || !needle.p) {
        return false;
    }
    for (size_t i = 0; i + needle.n <= a.n; i++) {
        if ((needle.n == 0 || lower(a.p[i]) == lower(needle.p[0])) &&
            same_blind(a.p + i, needle.p, needle.n)) {
            return true;
        }
    }
    return false;
}

int ct_span_cmp(struct ct_span a, struct ct_span b)
{
    if (!a.p || !b.p) {
        return (a.p != NULL) - (b.p != NULL);
    }
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

struct ct_span ct_span_trim(struct ct_span a)
{
    while (a.n > 0 && blank(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && blank(a.p[a.n - 1])) {
        a.n--;
    }
    return a;
}

struct ct_span ct_span_cut(struct ct_span *rest, char sep)
{
    struct ct_span head = *rest;
    const char *at = head.n ? memchr(head.p, sep, head.n) : NULL;
    if (!at) {
        *rest = CT_SPAN_NONE;
        return head;
    }
    head.n = (size_t)(at - head.p);
    *rest = (struct ct_span){at + 1, rest->n - head.n - 1};
    return head;
}

bool ct_glob(struct ct_span pattern, struct ct_span text)
{
    /* Only the last star is ever tried again: an earlier one that matched less can not help. */
    size_t p = 0, t = 0, star = SIZE_MAX, star_t = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            star_t = t;
        } else if (p < pattern.n &&
                   (pattern.p[p] == '?' || lower(pattern.p[p]) == lower(text.p[t]))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

uint64_t ct_hash(struct ct_span bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.n; i++) {
        h = (h ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

enum ct_status ct_span_int(struct ct_span text, int64_t *out)
{
    size_t i = 0;
    bool negative = text.n > 0 && text.p[0] == '-', fits = true;
    if (text.n > 0 && (negative || text.p[0] == '+')) {
        i++;
    }
    if (i == text.n) {
        return CT_ERR_SYNTAX;
    }
    uint64_t value = 0, most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    for (; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return CT_ERR_SYNTAX;
        }
        uint64_t digit = (uint64_t)(text.p[i] - '0');
        fits = fits && value <= (most - digit) / 10;
        value = fits ? value * 10 + digit : value;
    }
    if (!fits) {
        return CT_ERR_RANGE;
    }
    /* Negated before the conversion, so that INT64_MIN needs no positive twin. */
    *out = negative && value ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return CT_OK;
}

enum ct_status ct_amount_parse(struct ct_span text, int64_t *out)
{
    static const struct {
        char letter;
        int64_t factor;
    } multiples[] = {{'k', 1000}, {'m', 1000000}, {'g', 1000000000}, {'b', 1000000000}};
    int64_t factor = 1, n = 0;
    if (!text.n || text.p[0] < '0' || text.p[0] > '9') {
        return CT_ERR_SYNTAX;
    }
    for (size_t i = 0; i < CT_LEN(multiples) && factor == 1; i++) {
        if ((text.p[text.n - 1] | 32) == multiples[i].letter) {
            factor = multiples[i].factor;
        }
    }
    text.n -= factor > 1;
    enum ct_status status = ct_span_int(text, &n);
    if (status == CT_OK && n > INT64_MAX / factor) {
        status = CT_ERR_RANGE;
    }
    *out = status == CT_OK ? n * factor : *out;
    return status;
}

void ct_buf_free(struct ct_buf *b)
{
    free(b->p);
    *b = CT_BUF_INIT;
}

void ct_buf_clear(struct ct_buf *b)
{
    b->n = 0;
    if (b->p) {
        b->p[0] = '\0';
    }
}

char *ct_buf_room(struct ct_buf *b, size_t more)
{
    if (more > SIZE_MAX / 2 - b->n - 1) {
        out_of_memory();
    }
    size_t need = b->n + more + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need) {
            cap *= 2;
        }
        b->p = ct_xrealloc(b->p, cap);
        b->cap = cap;
        b->p[b->n] = '\0';
    }
    return b->p + b->n;
}

void ct_buf_add(struct ct_buf *b, struct ct_span s)
{
    char *at = s.n < b->cap - b->n ? b->p + b->n : ct_buf_room(b, s.n);
    if (s.n) {
        memcpy(at, s.p, s.n);
    }
    b->n += s.n;
    b->p[b->n] = '\0';
}

void ct_buf_addc(struct ct_buf *b, char c)
{
    ct_buf_add(b, (struct ct_span){&c, 1});
}

void ct_buf_adds(struct ct_buf *b, const char *text)
{
    ct_buf_add(b, ct_span(text));
}

void ct_buf_addf(struct ct_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    char *at = ct_buf_room(b, 63); /* most of what is formatted fits in there at once */
    size_t room = b->cap - b->n;
    int n = vsnprintf(at, room, fmt, args);
    va_end(args);
    assert(n >= 0);
    if (n >= 0 && (size_t)n >= room) {
        *at = '\0';
        at = ct_buf_room(b, (size_t)n);
        (void)vsnprintf(at, (size_t)n + 1, fmt, again);
    }
    if (n >= 0) {
        b->n += (size_t)n;
    }
    va_end(again);
}

struct ct_span ct_buf_span(const struct ct_buf *b)
{
    return (struct ct_span){b->p ? b->p : "", b->n};
}
