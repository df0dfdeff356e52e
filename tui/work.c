#include "config.h"

/* Commands that write: another process runs them, its words become a message. The screens see the change as they
 * see any commit. */
#include "tui/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 40 };

void ui_work(struct ct_ui *ui, const char *words)
{
    char text[1024];
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

/* "cloudtape: WHERE: WHAT" is an error; of anything else the last line counts. */
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
    ui_say(ui, false, "%s", !n ? "done" : last ? last + 1 : text);
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

/* `:silence provider=gcp region=us* 2h quota errors known`: matchers, a length of time, then the reason. */
void ui_run_silence(struct ct_ui *ui, struct ct_span args)
{
    struct ct_buf words = CT_BUF_INIT;
    struct ct_span rest = ct_span_trim(args), word = {0};
    int64_t span = 0;
    ct_buf_adds(&words, "alerts\nsilence");
    while (rest.p && (word = ct_span_cut(&rest, ' ')).p && (!word.n || memchr(word.p, '=', word.n))) {
        if (word.n) {
            ct_buf_addf(&words, "\n%.*s", CT_FMT(word));
        }
    }
    struct ct_span why = rest.p ? ct_span_trim(rest) : CT_SPAN_NONE;
    if (!word.n || ct_duration_parse(word, &span) != CT_OK || !why.n) {
        ui_say(ui, true, "silence LABEL=GLOB... how long, then why: silence provider=gcp 2h quota errors known");
    } else {
        ct_buf_addf(&words, "\n--for\n%.*s\n--comment\n%.*s", CT_FMT(word), CT_FMT(why));
        ui_work(ui, words.p);
    }
    ct_buf_free(&words);
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

void ui_run_ack(struct ct_ui *ui, struct ct_span args)
{
    run_with(ui, "ack", args);
}

void ui_run_rule(struct ct_ui *ui, struct ct_span args)
{
    run_with(ui, "rule", args);
}
