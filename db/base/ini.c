#include "db/base/ini.h"

#include "db/base/paths.h"
#include "db/base/text.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_LINE 198   /* with its newline and NUL this fills the library's line buffer */
#define LONGEST_SECTION 48 /* the library silently cuts a longer one */
#define LARGEST_FILE ((size_t)1 << 20)

/* The library calls its handler once per line, between two calls of the reader. So the reader knows
 * which line the handler speaks of, and whether a line that should have led to a call did. */
struct reading {
    struct ct_span rest;
    const char *file;
    ct_ini_fn *fn;
    ct_ini_problem_fn *problem;
    void *ctx;
    int line;
    bool indented;    /* the current line: a continuation when a key came before it */
    bool expected;    /* a handler call for the current line */
    bool bad_section; /* settings until the next header belong nowhere */
    bool key_seen;    /* what the library would hang a continuation on */
    struct {
        bool open, bad;
        int line;
        struct ct_buf section, key, value;
    } setting; /* complete when a line comes that does not continue it */
};

static void complain(struct reading *r, int line, const char *what)
{
    struct ct_buf where = CT_BUF_INIT;
    ct_buf_addf(&where, "%s:%d", r->file, line);
    r->problem(r->ctx, where.p, what);
    ct_buf_free(&where);
}

static void deliver(struct reading *r)
{
    if (r->setting.open && !r->setting.bad) {
        struct ct_error err = {.status = CT_OK};
        enum ct_status status = r->fn(r->ctx, r->setting.section.p, r->setting.key.p,
                                      r->setting.value.p, r->setting.line, &err);
        if (status != CT_OK) {
            complain(r, r->setting.line, err.what[0] ? err.what : ct_status_words(status));
        }
    }
    r->setting.open = false;
}

static void set_text(struct ct_buf *b, const char *text)
{
    ct_buf_clear(b);
    ct_buf_adds(b, text);
}

/* Older libraries leave the comment on a continuation line in its value. */
static struct ct_span without_comment(const char *value)
{
    struct ct_span s = ct_span(value);
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == ';' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t')) {
            s.n = i;
        }
    }
    return ct_span_trim(s);
}

static int on_setting(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;
    r->expected = false;
    if (r->indented && r->key_seen) {
        struct ct_span more = without_comment(value);
        if (r->setting.value.n > 0 && more.n > 0) {
            ct_buf_addc(&r->setting.value, ' ');
        }
        ct_buf_add(&r->setting.value, more);
        return 1;
    }
    r->key_seen = true;
    if (!r->bad_section) {
        set_text(&r->setting.section, section);
        set_text(&r->setting.key, key);
        set_text(&r->setting.value, value);
        r->setting.line = r->line;
        r->setting.open = true;
        r->setting.bad = false;
    }
    return 1;
}

/* What is wrong with the line whatever it says, or NULL. */
static const char *damage(struct ct_span line)
{
    if (line.n > LONGEST_LINE) {
        return "line is longer than 198 bytes: go on in an indented line";
    }
    if (!ct_utf8_valid(line)) {
        return "not valid UTF-8";
    }
    for (size_t i = 0; i < line.n; i++) {
        if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f) {
            return "control character in the line";
        }
    }
    return NULL;
}

static const char *header_damage(struct ct_span line)
{
    const char *end = memchr(line.p, ']', line.n);
    if (!end) {
        return "section header without ]";
    }
    return end - line.p - 1 > LONGEST_SECTION ? "section name is longer than 48 bytes" : NULL;
}

/* Looks at the line before the library does. False: the library gets an empty one instead. */
static bool inspect(struct reading *r, struct ct_span raw)
{
    struct ct_span line = raw;
    if (r->line == 1 && ct_span_starts(line, "\xef\xbb\xbf")) {
        line.p += 3;
        line.n -= 3;
    }
    const char *what = damage(line);
    struct ct_span text = ct_span_trim(line);
    char first = text.n > 0 ? text.p[0] : ';';
    bool comment = first == ';' || first == '#';
    r->indented = text.n > 0 && text.p > line.p;
    bool continues = r->indented && r->key_seen && !comment;
    if (!comment && !continues) {
        deliver(r);
        if (first == '[') {
            what = what ? what : header_damage(text);
            r->bad_section = what != NULL;
            r->key_seen = false;
        }
    }
    if (what) {
        complain(r, r->line, what);
        /* What the line would have set or gone on with is not to be half applied. */
        r->setting.bad = r->setting.bad || continues;
        if (!comment && !continues && first != '[') {
            r->setting.open = false;
            r->key_seen = true;
        }
        return false;
    }
    if (continues && !r->setting.open) {
        return false; /* goes on with a line that was refused */
    }
    r->expected = !comment && first != '[';
    return true;
}

static void check_last_line(struct reading *r)
{
    if (r->expected) {
        complain(r, r->line, "neither [section] nor key = value");
        r->expected = false;
        r->key_seen = true; /* what is indented below it belongs to it, not to an earlier key */
    }
}

/* fgets for the library. SIZE is its line buffer, at least 200 in every packaged build. */
static char *next_line(char *str, int size, void *stream)
{
    struct reading *r = stream;
    check_last_line(r);
    if (!r->rest.p || r->rest.n == 0 || size < 3) {
        return NULL;
    }
    struct ct_span line = ct_span_cut(&r->rest, '\n');
    r->line++;
    if (line.n > 0 && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    if (!inspect(r, line) || line.n + 2 > (size_t)size) {
        line = CT_LIT("");
    }
    if (line.n > 0) {
        memcpy(str, line.p, line.n);
    }
    str[line.n] = '\n';
    str[line.n + 1] = '\0';
    return str;
}

void ct_ini_parse(struct ct_span text, const char *file, ct_ini_fn *fn, ct_ini_problem_fn *problem,
                  void *ctx)
{
    struct reading r = {.rest = text, .file = file, .fn = fn, .problem = problem, .ctx = ctx};
    (void)ini_parse_stream(next_line, &r, on_setting, &r); /* its only news are told already */
    check_last_line(&r);
    deliver(&r);
    ct_buf_free(&r.setting.section);
    ct_buf_free(&r.setting.key);
    ct_buf_free(&r.setting.value);
}

enum ct_status ct_ini_read(const char *path, ct_ini_fn *fn, ct_ini_problem_fn *problem, void *ctx,
                           struct ct_error *err)
{
    struct ct_buf text = CT_BUF_INIT;
    enum ct_status status = ct_read_file(path, LARGEST_FILE, &text, err);
    if (status == CT_OK) {
        ct_ini_parse(ct_buf_span(&text), path, fn, problem, ctx);
    } else if (status == CT_ERR_LIMIT) {
        struct reading r = {.file = path, .problem = problem, .ctx = ctx};
        complain(&r, 1, "file is larger than 1 MiB: nothing of it is used");
        status = CT_OK;
    }
    ct_buf_free(&text);
    return status;
}

/* ---- did you mean ---- */

#define WORD_BYTES 64

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edit distance with swapped neighbours as one edit, case aside; three rows of the matrix are
 * enough. */
static size_t distance(struct ct_span a, struct ct_span b)
{
    size_t rows[3][WORD_BYTES + 1];
    for (size_t j = 0; j <= b.n; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
            size_t best = above[j - 1] + (x != y);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && lower(a.p[i - 2]) == y &&
                before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return rows[a.n % 3][b.n];
}

const char *ct_nearest(const char *word, const char *const *words)
{
    struct ct_span typed = ct_span(word);
    if (typed.n == 0 || typed.n > WORD_BYTES) {
        return NULL;
    }
    size_t allowed = typed.n / 3 > 0 ? typed.n / 3 : 1, best = allowed + 1;
    const char *nearest = NULL;
    for (size_t i = 0; words[i]; i++) {
        struct ct_span known = ct_span(words[i]);
        size_t d = known.n <= WORD_BYTES ? distance(typed, known) : best;
        if (d < best) {
            best = d;
            nearest = words[i];
        }
    }
    return nearest;
}
