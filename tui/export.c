#include "config.h"

/* What is shown, taken elsewhere: rows into a file, the screen as the shell command that prints the same. */
#include "tui/ui.h"

#include "db/base/paths.h"
#include "tui/term.h"
#include "tui/widgets/table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- rows into a file ---- */

const char *const ui_export_words[] = {"csv", "tsv", "ndjson", NULL};
enum format { CSV, TSV, NDJSON };

/* A file being written: by a thread, since a disk may be slow. It ends as a struct told on the pipe. */
struct job {
    int fd; /* where it is told; -1: nowhere, the caller waits */
    char path[1024], what[64];
    struct ct_buf bytes;
};

struct told {
    bool failed;
    char text[400];
};

static struct told write_job(struct job *j)
{
    struct told t = {0};
    struct ct_error e = {0};
    if (access(j->path, F_OK) == 0) { /* never over somebody's file */
        t.failed = true;
        snprintf(t.text, sizeof(t.text), "%.300s is there already: choose another name", j->path);
    } else if (ct_write_file(j->path, ct_buf_span(&j->bytes), &e) != CT_OK) {
        t.failed = true;
        snprintf(t.text, sizeof(t.text), "%.150s: %.200s", e.where, e.what);
    } else {
        snprintf(t.text, sizeof(t.text), "wrote %.300s: %s, the same as on screen", j->path, j->what);
    }
    return t;
}

static void *run_job(void *arg)
{
    struct job *j = arg;
    struct told t = write_job(j);
    if (write(j->fd, &t, sizeof(t)) < 0) { /* fits a pipe whole; when nobody reads any more, nobody asks */
        errno = 0;
    }
    ct_buf_free(&j->bytes);
    free(j);
    return NULL;
}

void ui_take_export(struct ct_ui *ui)
{
    struct told t;
    while (ui->exported[0] > 0 && read(ui->exported[0], &t, sizeof(t)) == (ssize_t)sizeof(t)) {
        ui_say(ui, t.failed, "%s", t.text);
    }
}

static void start_job(struct ct_ui *ui, struct job *j)
{
    pthread_t thread;
    if (ui->terminal && ui->exported[0] <= 0 && pipe2(ui->exported, O_CLOEXEC | O_NONBLOCK) != 0) {
        ui->exported[0] = ui->exported[1] = 0;
    }
    j->fd = ui->exported[1];
    if (ui->terminal && ui->exported[0] > 0 && pthread_create(&thread, NULL, run_job, j) == 0) {
        pthread_detach(thread);
        return;
    }
    struct told t = write_job(j); /* one screen without a terminal: nobody waits for it */
    ui_say(ui, t.failed, "%s", t.text);
    ct_buf_free(&j->bytes);
    free(j);
}

static void add_header(const struct ct_table *t, enum format f, struct ct_buf *out)
{
    if (f != NDJSON) {
        ct_row_csv_header(out, t, f == CSV ? ',' : '\t');
    }
}

static void add_row(const struct ct_table *t, const void *row, enum format f, struct ct_buf *out)
{
    struct ct_jw w;
    if (f == NDJSON) {
        ct_jw_init(&w, out);
        ct_row_json(&w, t, row, NULL);
        ct_buf_addc(out, '\n');
    } else {
        ct_row_csv(out, t, row, f == CSV ? ',' : '\t');
    }
}

/* The rows of P as shown: its filter, its order, of a table the marked ones alone when some are. WHAT gets their
 * number. */
static void add_shown(const struct panel *p, enum format f, struct job *j)
{
    const struct ct_table *table;
    size_t n = 0, marked = 0, total;
    struct ct_arena *a = ct_arena_new(0);
    struct ct_rows rows = ui_rows_of(p, a, &table, &total);
    const struct ct_tmodel *m = p->ops->rows ? NULL : p->got.model;
    const struct ct_tstate *s = p->state;
    for (size_t i = 0; m && s->n_marks && i < rows.n; i++) {
        marked += ct_tview_marked(s, m, i); /* those that a filter hides are not meant */
    }
    add_header(table, f, &j->bytes);
    for (size_t i = 0; i < rows.n; i++) {
        if (!marked || ct_tview_marked(s, m, i)) {
            add_row(table, ct_row(table, rows, i), f, &j->bytes);
            n++;
        }
    }
    if (m) {
        snprintf(j->what, sizeof(j->what), "%zu%s of %zu rows", n, marked ? " marked" : "", total);
    } else {
        snprintf(j->what, sizeof(j->what), "%zu %s", n, p->ops->keys == CT_KEYS_CHART ? "points and gaps" : "rows");
    }
    ct_arena_free(a);
}

void ui_run_export(struct ct_ui *ui, struct ct_span args)
{
    struct panel *p = ui_focused(ui);
    struct ct_span file = args, word = ct_span_cut(&file, ' ');
    int format = ct_word(ui_export_words, word);
    file = ct_span_trim(file);
    if (!p || !ui_has_rows(p->ops) || !p->has_model) {
        ui_say(ui, true, "no rows to export here; :copy-command has the command that prints this screen");
        return;
    }
    if (args.n && format < 0) {
        ui_say(ui, true, "export csv, tsv or ndjson [FILE], not \"%.*s\"", CT_FMT(word));
        return;
    }
    const struct ct_tstate *table = p->ops->rows ? NULL : p->state;
    const char *none = table && table->n_marks ? ct_tview_none_meant(table, p->got.model) : NULL;
    if (none) { /* all rows in their place would be another answer */
        ui_say(ui, true, "%s: nothing exported", none);
        return;
    }
    struct job *j = ct_xcalloc(1, sizeof(*j));
    format = format < 0 ? CSV : format;
    add_shown(p, (enum format)format, j);
    if (ct_span_starts(file, "~/") && getenv("HOME")) {
        snprintf(j->path, sizeof(j->path), "%s/%.*s", getenv("HOME"), (int)file.n - 2, file.p + 2);
    } else if (file.n) {
        snprintf(j->path, sizeof(j->path), "%.*s", CT_FMT(file));
    } else {
        char at[CT_TIME_MAX];
        ct_time_format(at, ui_now(ui));
        at[16] = '\0';
        at[13] = '-';
        snprintf(j->path, sizeof(j->path), "cloudtape-%s-%s.%s", p->ops->id, at, ui_export_words[format]);
    }
    start_job(ui, j);
}

/* ---- as a shell command ---- */

/* Panels whose rows a command of their own prints; the rows of others are exported, and what has none is drawn. */
static const struct {
    const char *panel, *command;
} commands[] = {
    {"offers", "gpus"},        {"gpus", "gpus --group"},   {"tokens", "tokens"}, {"models", "models"},
    {"labs", "models --labs"}, {"status", "status --all"}, {"components", "components"},
    {"incidents", "incidents"}, {"sources", "sources"},    {"tape", "events"},
};

static void add_quoted(struct ct_buf *out, struct ct_span text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,%@+";
    size_t i = 0;
    while (i < text.n && strchr(plain, text.p[i])) {
        i++;
    }
    ct_buf_addc(out, ' ');
    if (text.n && i == text.n) {
        ct_buf_add(out, text);
        return;
    }
    ct_buf_addc(out, '\'');
    for (i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') {
            ct_buf_adds(out, "'\\''");
        } else {
            ct_buf_addc(out, text.p[i]);
        }
    }
    ct_buf_addc(out, '\'');
}

static void add_flag(struct ct_buf *out, const char *flag, const char *value)
{
    if (value[0]) {
        ct_buf_addf(out, " %s", flag);
        add_quoted(out, ct_span(value));
    }
}

static void add_time(struct ct_buf *out, const char *flag, int64_t ms)
{
    char at[CT_TIME_MAX];
    ct_time_format(at, ms);
    ct_buf_addf(out, " %s %s", flag, at);
}

/* Series and window of a chart. */
static void add_chart(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    char span[CT_TIME_MAX];
    ct_buf_adds(out, "history");
    for (struct ct_span rest = ct_span(p->q.subject); rest.p;) {
        struct ct_span series = ct_span_cut(&rest, '\n');
        if (series.n) {
            add_quoted(out, series);
        }
    }
    if (p->q.to_ms > 0) {
        add_time(out, "--from", p->q.from_ms);
        add_time(out, "--to", p->q.to_ms);
    } else {
        ct_age_format(span, p->q.from_ms < 0 ? -p->q.from_ms : 30 * CT_DAY);
        ct_buf_addf(out, " --range %s", span);
        if (ui->at_ms != CT_LIVE) {
            add_time(out, "--at", ui->at_ms);
        }
    }
}

static void add_command(const struct ct_ui *ui, const struct panel *p, struct ct_buf *out)
{
    const char *command = NULL;
    bool chart = p->ops->keys == CT_KEYS_CHART && p->q.subject[0];
    for (size_t i = 0; i < CT_LEN(commands); i++) {
        command = strcmp(p->ops->id, commands[i].panel) == 0 ? commands[i].command : command;
    }
    ct_buf_adds(out, "cloudtape ");
    if (chart) {
        add_chart(ui, p, out);
    } else if (command) {
        bool group = ct_span_ends(ct_span(command), "--group");
        ct_buf_addf(out, "%s%s%s", command, group ? " " : "", !group ? "" : p->q.group[0] ? p->q.group : "gpu");
        add_flag(out, "--filter", p->q.highlight ? "" : p->q.filter);
        add_flag(out, "--sort", p->q.sort);
        bool gone = p->q.gone && (p->ops->table == &ct_offer_table || p->ops->table == &ct_token_table);
        bool marks = p->ops->table == &ct_event_table || p->ops->table == &ct_token_table;
        ct_buf_adds(out, p->q.believed && marks ? " --no-suspect" : "");
        ct_buf_adds(out, gone || p->ops->table == &ct_incident_table ? " --gone" : "");
    } else if (ui_has_rows(p->ops) && ui_find_panel(ui->screen, ct_span(p->ops->id))) {
        ct_buf_addf(out, "export %s/%s", ui->screen->name, p->ops->id);
        add_flag(out, "--filter", p->q.highlight ? "" : p->q.filter);
        add_flag(out, "--sort", p->q.sort);
        add_flag(out, "--group", p->q.group);
        ct_buf_adds(out, p->q.gone ? " --gone" : "");
        ct_buf_adds(out, p->q.believed ? " --no-suspect" : "");
    } else {
        ct_buf_addf(out, "screen %s --size %dx%d", ui->screen->name, ui->canvas->cols, ui->canvas->rows);
    }
    if (!chart && ui->at_ms != CT_LIVE) {
        add_time(out, "--at", ui->at_ms);
    }
    if (ui->o->db_named) {
        add_flag(out, "--db", ui->o->db_path);
    }
}

void ui_run_copy_command(struct ct_ui *ui, struct ct_span args)
{
    struct ct_buf out = CT_BUF_INIT;
    struct panel *p = ui_focused(ui);
    (void)args;
    if (p) {
        add_command(ui, p, &out);
        bool copied = ui->terminal && ct_term_copy(ct_buf_span(&out));
        ui_say(ui, false, "%s%s", copied ? "copied: " : "", out.p);
    }
    ct_buf_free(&out);
}
