/* Golden screens: a canvas as text against tests/golden/NAME.txt. A mismatch prints the first line
 * that differs and the command that accepts the new screen. */
#ifndef CT_GOLDEN_H
#define CT_GOLDEN_H

#include "tui/canvas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The file as text; "" when there is none. The caller frees it. */
static inline char *golden_read(const char *path)
{
    struct ct_buf b = CT_BUF_INIT;
    FILE *f = fopen(path, "r");
    char chunk[4096];
    size_t n;
    while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        ct_buf_add(&b, (struct ct_span){chunk, n});
    if (f)
        fclose(f);
    return b.p ? b.p : ct_xstrdup("");
}

static inline void golden_compare_text(const char *text, const char *name, int *fails)
{
    const char *src = getenv("CT_SRCDIR"), *build = getenv("CT_BUILDDIR");
    char wanted_path[1024], got_path[1024];
    snprintf(wanted_path, sizeof(wanted_path), "%s/tests/golden/%s.txt", src ? src : ".", name);
    snprintf(got_path, sizeof(got_path), "%s/golden.new", build ? build : ".");
    char *wanted = golden_read(wanted_path);
    bool same = strcmp(wanted, text) == 0;
    if (!same) {
        mkdir(got_path, 0777);
        snprintf(got_path, sizeof(got_path), "%s/golden.new/%s.txt", build ? build : ".", name);
        FILE *f = fopen(got_path, "w");
        if (f) {
            fputs(text, f);
            fclose(f);
        }
        size_t at = 0;
        while (wanted[at] && wanted[at] == text[at])
            at++;
        int line = 1;
        for (size_t i = 0; i < at; i++)
            line += text[i] == '\n';
        fprintf(stderr, "# screen %s differs from line %d on\n# to accept it: cp %s %s\n", name,
                line, got_path, wanted_path);
    }
    *fails += !same;
    free(wanted);
}

static inline void golden_compare(const struct ct_canvas *c, const char *name, int *fails)
{
    struct ct_buf got = CT_BUF_INIT;
    ct_canvas_text(c, &got);
    golden_compare_text(got.p, name, fails);
    ct_buf_free(&got);
}

/* Compares and fails at once; several screens of one test: golden_compare and one assert behind
 * them. */
static inline void golden_check(const struct ct_canvas *c, const char *name)
{
    int fails = 0;
    golden_compare(c, name, &fails);
    assert_int_equal(fails, 0);
}

#endif
