#include "config.h"

/* Commands that write: another process runs them, its words become a message. The screens see the change as they
 * see any commit. */
#include "tui/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 80 }; /* all marks of a table and a few */

void ui_work(struct ct_ui *ui, const char *words)
{
    char text[sizeof(((struct ct_frame_request *)0)->text)];
    const char *args[WORDS_MAX + 1] = {NULL};
    size_t n = 0;
    if (!ui->o->work) {
        ui_say(ui, true, "nothing can be written from here");
        return;
    }
    if (ui->work_fd >= 0) {
        ui_say(ui, true, "one moment: the last command is still under way");
        return;
    }
    snprintf(text, sizeof(text), "%s", words);
    for (char *at = text; at && *at && n < WORDS_MAX;) {
        args[n++] = at;
        at = strchr(at, '\n');
        if (at) {
            *at++ = '\0';
        }
    }
    ui->work_said[0] = '\0';
    ui->work_fd = ui->o->work(ui->o->ctx, args);
    if (ui->work_fd < 0) {
        ui_say(ui, true, "the command could not be started");
    }
}

/* "cloudtape: WHERE: WHAT" is an error; of anything else the last line counts, and how many there were. */
static void tell(struct ct_ui *ui)
{
    static const char error[] = "cloudtape: ";
    char *text = ui->work_said, *wrong = strstr(text, error);
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '\n') {
        text[--n] = '\0';
    }
    if (wrong) {
        wrong[strcspn(wrong, "\n")] = '\0';
        ui_say(ui, true, "%s", wrong + sizeof(error) - 1);
        return;
    }
    char *last = strrchr(text, '\n');
    size_t before = 0;
    for (char *at = text; (at = strchr(at, '\n')); at++) {
        before++;
    }
    ui_say(ui, false, before ? "%s (and %zu more)" : "%s", !n ? "done" : last ? last + 1 : text, before);
}

void ui_work_ready(struct ct_ui *ui)
{
    char bytes[256];
    ssize_t n = read(ui->work_fd, bytes, sizeof(bytes));
    size_t have = strlen(ui->work_said);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        close(ui->work_fd);
        ui->work_fd = -1;
        tell(ui);
        return;
    }
    for (ssize_t i = 0; i < n && have + 1 < sizeof(ui->work_said); i++) {
        unsigned char c = (unsigned char)bytes[i];
        ui->work_said[have++] = c == '\n' || (c >= 0x20 && c != 0x7f) ? (char)c : ' ';
    }
    ui->work_said[have] = '\0';
}

/* ---- commands ---- */

/* `provider=gcp region=us* 2h quota errors known`: matchers, a length of time, then the reason. */
struct silence_words {
    struct ct_buf matchers; /* separated by SEPARATOR */
    size_t n;
    struct ct_span span, why; /* null: not said yet */
    int64_t ms;               /* CT_NONE: SPAN is none */
};

static void read_silence(struct ct_span args, char separator, struct silence_words *w)
{
    struct ct_span rest = ct_span_trim(args), word = {0};
    *w = (struct silence_words){.matchers = CT_BUF_INIT, .ms = CT_NONE};
    while (rest.p && (word = ct_span_cut(&rest, ' ')).p && (!word.n || memchr(word.p, '=', word.n))) {
        if (word.n) {
            ct_buf_addf(&w->matchers, "%.*s%c", CT_FMT(word), separator);
            w->n++;
        }
        word = CT_SPAN_NONE;
    }
    w->span = word;
    w->why = rest.p ? ct_span_trim(rest) : CT_SPAN_NONE;
    if (word.n && (ct_duration_parse(word, &w->ms) != CT_OK || w->ms <= 0)) {
        w->ms = CT_NONE;
    }
}

void ui_silence_preview(struct ct_ui *ui, struct ct_span args, struct ct_buf *out)
{
    const struct frame_model *m = ui_frame_model(ui);
    struct silence_words w;
    struct ct_error err = {0};
    struct ct_buf names = CT_BUF_INIT;
    size_t n = 0, all = 0;
    read_silence(args, ' ', &w);
    if (w.n && ct_silence_check(ct_buf_span(&w.matchers), &err) != CT_OK) {
        ct_buf_adds(out, err.what);
    } else {
        for (size_t i = 0; m && i < m->open.n; i++) {
            const struct ct_alert_row *a = ct_row(&ct_alert_table, m->open, i);
            bool open = ct_alert_is_open(a->state);
            all += open;
            if (open && w.n && ct_silence_covers(ct_buf_span(&w.matchers), a->labels)) {
                ct_buf_addf(&names, "%s%.*s", n++ ? ", " : ": ", CT_FMT(a->subject));
            }
        }
        const char *next = !w.n             ? "what: LABEL=GLOB..., provider=gcp region=us*"
                           : !w.span.n      ? "how long: 2h"
                           : w.ms == CT_NONE ? "how long: a time such as 30m, 2h, 1d"
                           : !w.why.n       ? "then why"
                                            : "Enter sets it";
        ct_buf_addf(out, "%s  covers %zu of %zu open alert%s%.*s", next, n, all, all == 1 ? "" : "s",
                    CT_FMT(ct_buf_span(&names)));
    }
    ct_buf_free(&names);
    ct_buf_free(&w.matchers);
}

void ui_run_silence(struct ct_ui *ui, struct ct_span args)
{
    struct ct_buf words = CT_BUF_INIT;
    struct silence_words w;
    read_silence(args, '\n', &w);
    if (!w.n || w.ms == CT_NONE || !w.why.n) {
        ui_say(ui, true, "silence LABEL=GLOB... how long, then why: silence provider=gcp 2h quota errors known");
    } else {
        ct_buf_addf(&words, "alerts\nsilence\n%.*s--for\n%.*s\n--comment\n%.*s",
                    CT_FMT(ct_buf_span(&w.matchers)), CT_FMT(w.span), CT_FMT(w.why));
        ui_work(ui, words.p);
    }
    ct_buf_free(&w.matchers);
    ct_buf_free(&words);
}

/* Without words the key of the same meaning is pressed: about the row. */
static bool about_row(struct ct_ui *ui, enum ct_action action, struct ct_span args)
{
    if (!args.n) {
        ui_act(ui, action, 0);
    }
    return !args.n;
}

static void run_with(struct ct_ui *ui, const char *verb, struct ct_span args)
{
    struct ct_buf words = CT_BUF_INIT;
    ct_buf_addf(&words, "alerts\n%s", verb);
    for (struct ct_span rest = args; rest.p;) {
        struct ct_span word = ct_span_cut(&rest, ' ');
        if (word.n) {
            ct_buf_addf(&words, "\n%.*s", CT_FMT(word));
        }
    }
    ui_work(ui, words.p);
    ct_buf_free(&words);
}

void ui_run_unsilence(struct ct_ui *ui, struct ct_span args)
{
    run_with(ui, "unsilence", args);
}

/* `:extend N [SPAN]`: from now on. */
void ui_run_extend(struct ct_ui *ui, struct ct_span args)
{
    char words[200];
    struct ct_span rest = ct_span_trim(args), n = ct_span_cut(&rest, ' ');
    struct ct_span span = rest.p ? ct_span_trim(rest) : CT_SPAN_NONE;
    if (!n.n || memchr(span.p ? span.p : "", ' ', span.n)) {
        ui_say(ui, true, "extend N SPAN: silence N ends that long from now; extend 3 2h");
        return;
    }
    snprintf(words, sizeof(words), "alerts\nextend\n%.*s\n--for\n%.*s", CT_FMT(n),
             CT_FMT(span.n ? span : CT_LIT("1h")));
    ui_work(ui, words);
}

void ui_run_ack(struct ct_ui *ui, struct ct_span args)
{
    if (!about_row(ui, CT_ACT_ACK, args)) {
        run_with(ui, "ack", args);
    }
}

void ui_run_rule(struct ct_ui *ui, struct ct_span args)
{
    if (!about_row(ui, CT_ACT_ALERT_RULE, args)) {
        run_with(ui, "rule", args);
    }
}
