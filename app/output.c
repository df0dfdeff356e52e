#include "config.h"

#include "app/output.h"
#include "db/base/ini.h"
#include "db/base/text.h"
#include "tui/theme.h"
#include "tui/widgets/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDEST_CELL = 60 }; /* of text on a terminal; the last column may be wider */

/* ---- columns ---- */

enum ct_status ct_no_column(const struct ct_table *t, struct ct_span name, struct ct_error *err)
{
    const char **names = ct_xcalloc(t->n_columns + 1, sizeof *names);
    char *word = ct_xspandup(name);
    size_t n = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        if (!(t->columns[i].flags & CT_COL_HIDDEN))
            names[n++] = t->columns[i].name;
    const char *near = ct_nearest(word, names);
    enum ct_status status =
        ct_fail(err, CT_ERR_USAGE, t->name, "no column \"%s\"%s%s%s", word,
                near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    free(names);
    free(word);
    return status;
}

enum ct_status ct_table_pick(const struct ct_table *t, const char *names, struct ct_arena *a,
                             const struct ct_table **out, struct ct_error *err)
{
    CT_VEC(struct ct_column) columns = {0};
    struct ct_table *picked = ct_arena_alloc(a, sizeof *picked);
    for (struct ct_span rest = ct_span(names); rest.p;) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ',' && rest.p[n] != ' ')
            n++;
        struct ct_span name = {rest.p, n};
        rest = n < rest.n ? (struct ct_span){rest.p + n + 1, rest.n - n - 1} : CT_SPAN_NONE;
        if (name.n == 0)
            continue;
        const struct ct_column *c = ct_table_column(t, name);
        struct ct_column *copy = c ? CT_VEC_PUSH(a, &columns) : NULL;
        if (!c)
            return ct_no_column(t, name, err);
        *copy = *c;
        copy->flags &= ~(unsigned)CT_COL_HIDDEN;
    }
    if (columns.n == 0)
        return ct_fail(err, CT_ERR_USAGE, "--columns", "names no column");
    *picked = (struct ct_table){t->name, t->row_size, columns.v, columns.n};
    *out = picked;
    return CT_OK;
}

/* ---- text ---- */

static bool is_number(const struct ct_column *c)
{
    return c->type == CT_TYPE_INT || c->type == CT_TYPE_NANO || c->type == CT_TYPE_MILLI;
}

static int64_t number_at(const struct ct_column *c, const void *row)
{
    int64_t v;
    memcpy(&v, (const char *)row + c->off, sizeof v);
    return v;
}

/* A moment as O's clock shows it: short for people, else RFC 3339. */
static struct ct_span moment(const struct ct_output *o, int64_t ms, struct ct_arena *a)
{
    struct ct_civil u;
    struct tm here;
    time_t t = (time_t)(ms / CT_SECOND);
    ct_civil_from_ms(ms, &u);
    localtime_r(&t, &here);
    long off = here.tm_gmtoff / 60;
    char sign = off < 0 ? '-' : '+';
    off = labs(off);
    if (!o->terminal)
        return ct_arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld", here.tm_year + 1900, here.tm_mon + 1,
                               here.tm_mday, here.tm_hour, here.tm_min, here.tm_sec, sign, off / 60, off % 60);
    struct ct_span utc = ct_arena_printf(a, "%04d-%02d-%02d %02d:%02dZ", u.year, u.month, u.day, u.hour, u.minute);
    if (o->zone == CT_ZONE_UTC)
        return utc;
    struct ct_span zone = ct_arena_printf(a, off % 60 ? "%c%02ld:%02ld" : "%c%02ld", sign, off / 60, off % 60);
    if (o->zone == CT_ZONE_BOTH)
        return ct_arena_printf(a, "%.*s (%02d:%02d %.*s)", CT_FMT(utc), here.tm_hour, here.tm_min, CT_FMT(zone));
    return ct_arena_printf(a, "%04d-%02d-%02d %02d:%02d %.*s", here.tm_year + 1900, here.tm_mon + 1, here.tm_mday,
                           here.tm_hour, here.tm_min, CT_FMT(zone));
}

/* Short forms for people; scripts get ct_cell_text. */
static struct ct_span human(const struct ct_output *o, const struct ct_column *c, const void *row, struct ct_arena *a)
{
    char text[CT_DECIMAL_MAX];
    struct ct_span name = ct_span(c->name);
    if (ct_cell_null(c, row))
        return CT_LIT("-");
    if (c->type == CT_TYPE_TIME)
        return moment(o, number_at(c, row), a);
    if (c->type == CT_TYPE_ENUM && c->words == ct_state_words) {
        int state;
        memcpy(&state, (const char *)row + c->off, sizeof state);
        return ct_arena_printf(a, "%c %s", ct_state_sign(state), ct_state_short(state));
    }
    if (c->type == CT_TYPE_INT && ct_span_ends(name, "_s")) {
        char age[CT_TIME_MAX];
        int64_t seconds = number_at(c, row);
        ct_age_format(age, seconds > INT64_MAX / 1000 ? INT64_MAX : seconds * 1000);
        return ct_arena_dup(a, ct_span(age));
    }
    if (c->type == CT_TYPE_MILLI && (ct_span_is(name, "pct") || ct_span_ends(name, "_pct"))) {
        int64_t v = number_at(c, row);
        ct_decimal_format_fixed(text, v, 3, 1);
        return ct_arena_printf(a, "%s%s%%", v > 0 ? "+" : "", text);
    }
    if (c->type == CT_TYPE_NANO && (number_at(c, row) >= 10000000 || number_at(c, row) == 0)) {
        ct_decimal_format_fixed(text, number_at(c, row), 9, 4); /* smaller ones keep every digit */
        return ct_arena_dup(a, ct_span(text));
    }
    return ct_cell_text(c, row, a);
}

/* What stands in the database was cleaned on its way in; a terminal gets a second check. */
static struct ct_span safe(struct ct_span cell, struct ct_arena *a)
{
    struct ct_span copy = ct_arena_printf(a, "%.*s", CT_FMT(cell));
    char *text = ct_arena_alloc(a, copy.n + 1);
    memcpy(text, copy.p, copy.n);
    ct_text_mask(text);
    return ct_span(text);
}

/* The first bytes of TEXT that fit into COLUMNS. */
static struct ct_span cut(struct ct_span text, int columns)
{
    struct ct_span cluster;
    size_t pos = 0, end = 0;
    int used = 0, width;
    while ((width = ct_text_next(text, &pos, &cluster)) >= 0 && used + width <= columns) {
        used += width;
        end = pos;
    }
    return (struct ct_span){text.p, end};
}

static void pad(struct ct_buf *out, int columns)
{
    for (; columns > 0; columns--)
        ct_buf_addc(out, ' ');
}

/* What a cell means, as the screens colour it. */
static enum ct_role role_of(const struct ct_column *c, const void *row)
{
    int word = -1;
    if (!row)
        return CT_ROLE_HEADER;
    if (ct_cell_null(c, row))
        return CT_ROLE_DIM;
    if (c->type == CT_TYPE_MILLI && (ct_span_starts(ct_span(c->name), "change") || strcmp(c->name, "pct") == 0))
        return number_at(c, row) < 0 ? CT_ROLE_PRICE_LOWER : number_at(c, row) > 0 ? CT_ROLE_PRICE_HIGHER : CT_ROLE_TEXT;
    if (c->type != CT_TYPE_ENUM)
        return CT_ROLE_TEXT;
    memcpy(&word, (const char *)row + c->off, sizeof word);
    if (c->words == ct_state_words)
        return ct_role_of_state(word);
    if (c->words == ct_freshness_words)
        return word > CT_FRESH && word <= CT_DEAD ? CT_ROLE_STALE : CT_ROLE_TEXT;
    if (c->words == ct_severity_words)
        return word == CT_SEV_CRITICAL ? CT_ROLE_STATE_DOWN : word == CT_SEV_WARNING ? CT_ROLE_STATE_DEGR : CT_ROLE_TEXT;
    return CT_ROLE_TEXT;
}

struct cell {
    struct ct_span text;
    enum ct_role role;
};

static void put_cell(struct ct_buf *out, const struct ct_output *o, struct ct_span text, enum ct_role role)
{
    bool colored = o->theme && role != CT_ROLE_TEXT && text.n && ct_theme_sgr(o->theme, role, o->colors, out);
    ct_buf_add(out, text);
    ct_buf_adds(out, colored ? "\033[0m" : "");
}

/* ROWS of N cells as aligned text or separated by tabs. RIGHT[i]: column i holds numbers. */
static void put_cells(struct ct_buf *out, const struct ct_output *o, const struct cell *cells, size_t rows, size_t n,
                      const bool *right)
{
    int *widths = ct_xcalloc(n + 1, sizeof *widths);
    for (size_t i = 0; o->terminal && i < rows * n; i++) {
        int width = ct_text_width(cells[i].text);
        width = width > WIDEST_CELL ? WIDEST_CELL : width;
        widths[i % n] = width > widths[i % n] ? width : widths[i % n];
    }
    for (size_t i = 0; i < rows * n; i++) {
        size_t column = i % n;
        bool last = column + 1 == n;
        struct ct_span text = o->terminal && !last ? cut(cells[i].text, WIDEST_CELL) : cells[i].text;
        int space = o->terminal ? widths[column] - ct_text_width(text) : 0;
        pad(out, right[column] ? space : 0);
        put_cell(out, o, text, cells[i].role);
        pad(out, right[column] || last ? 0 : space);
        ct_buf_adds(out, last ? "\n" : o->terminal ? "  " : "\t");
    }
    free(widths);
}

static struct ct_span text_of(const struct ct_output *o, const struct ct_column *c, const void *row, struct ct_arena *a)
{
    if (!row)
        return ct_span(c->name);
    if (o->terminal || (o->zone != CT_ZONE_UTC && c->type == CT_TYPE_TIME && !ct_cell_null(c, row)))
        return safe(human(o, c, row, a), a);
    return safe(ct_cell_text(c, row, a), a);
}

static void text_rows(struct ct_buf *out, const struct ct_output *o, const struct ct_table *t,
                      struct ct_rows rows)
{
    struct ct_arena *a = ct_arena_new(0);
    bool *right = ct_xcalloc(t->n_columns + 1, sizeof *right);
    struct cell *cells = ct_xcalloc((rows.n + 1) * t->n_columns + 1, sizeof *cells);
    size_t n = 0, shown = 0;
    for (size_t i = o->header ? 0 : 1; i <= rows.n; i++) {
        const void *row = i ? ct_row(t, rows, i - 1) : NULL;
        for (size_t c = 0, column = 0; c < t->n_columns; c++) {
            const struct ct_column *col = &t->columns[c];
            if (col->flags & CT_COL_HIDDEN)
                continue;
            cells[n++] = (struct cell){text_of(o, col, row, a), role_of(col, row)};
            right[column++] = is_number(col);
            shown = column;
        }
    }
    if (shown)
        put_cells(out, o, cells, n / shown, shown, right);
    free(right);
    free(cells);
    ct_arena_free(a);
}

/* ---- formats ---- */

static void source_json(struct ct_jw *w, const struct ct_source_row *s)
{
    ct_jw_object(w);
    ct_jw_key(w, "id");
    ct_jw_text(w, s->id);
    ct_jw_key(w, "age_s");
    ct_jw_int(w, s->age_s);
    ct_jw_key(w, "state");
    ct_jw_text(w, s->state < 0 ? CT_SPAN_NONE : ct_span(ct_freshness_words[s->state]));
    ct_jw_key(w, "error");
    ct_jw_text(w, s->error);
    ct_jw_end_object(w);
}

void ct_output_open(struct ct_jw *w, const struct ct_envelope *e)
{
    ct_jw_object(w);
    ct_jw_key(w, "schema");
    ct_jw_int(w, 1);
    ct_jw_key(w, "generated_at");
    ct_jw_time(w, e->generated_ms);
    ct_jw_key(w, "at");
    ct_jw_time(w, e->at_ms);
    ct_jw_key(w, "max_age_s");
    ct_jw_int(w, e->max_age_s);
    ct_jw_key(w, "sources");
    ct_jw_array(w);
    const struct ct_source_row *sources = e->sources.v;
    for (size_t i = 0; i < e->sources.n; i++)
        source_json(w, &sources[i]);
    ct_jw_end_array(w);
    ct_jw_key(w, "items");
    ct_jw_array(w);
}

void ct_output_close(struct ct_jw *w)
{
    ct_jw_end_array(w);
    ct_jw_end_object(w);
}

static void json_rows(struct ct_buf *out, const struct ct_table *t, struct ct_rows rows,
                      const struct ct_envelope *e)
{
    struct ct_jw w;
    ct_jw_init(&w, out);
    if (e)
        ct_output_open(&w, e);
    else
        ct_jw_array(&w);
    for (size_t i = 0; i < rows.n; i++)
        ct_row_json(&w, t, ct_row(t, rows, i), NULL);
    if (e)
        ct_output_close(&w);
    else
        ct_jw_end_array(&w);
}

void ct_output_rows(struct ct_buf *out, const struct ct_output *o, const struct ct_table *t,
                    struct ct_rows rows, const struct ct_envelope *e)
{
    char separator = o->format == CT_FORMAT_CSV ? ',' : '\t';
    struct ct_jw w;
    switch (o->format) {
    case CT_FORMAT_TEXT:
        for (size_t i = 0; o->sentence && i < rows.n; i++)
            o->sentence(out, ct_row(t, rows, i));
        if (!o->sentence)
            text_rows(out, o, t, rows);
        break;
    case CT_FORMAT_JSON:
        json_rows(out, t, rows, e);
        break;
    case CT_FORMAT_NDJSON:
        ct_jw_init(&w, out);
        for (size_t i = 0; i < rows.n; i++)
            ct_row_json(&w, t, ct_row(t, rows, i), NULL);
        break;
    case CT_FORMAT_CSV:
    case CT_FORMAT_TSV:
        if (o->header)
            ct_row_csv_header(out, t, separator);
        for (size_t i = 0; i < rows.n; i++)
            ct_row_csv(out, t, ct_row(t, rows, i), separator);
        break;
    }
    if (out->n && out->p[out->n - 1] != '\n')
        ct_buf_addc(out, '\n');
}

int ct_output_flush(const struct ct_buf *out)
{
    for (size_t done = 0; done < out->n;) {
        ssize_t n = write(STDOUT_FILENO, out->p + done, out->n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno != EPIPE)
                fprintf(stderr, "cloudtape: standard output: %s\n", strerror(errno));
            return 1;
        }
        done += (size_t)n;
    }
    return 0;
}
