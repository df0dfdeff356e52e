/* `cloudtape doctor`: what could keep it from working here, and what to do. Touches no network. */
#include "config.h"

#include "app/command.h"
#include "db/base/paths.h"
#include "db/base/text.h"
#include "db/check.h"
#include "db/file.h"
#include "tui/canvas.h"
#include "tui/keys.h"
#include "tui/theme.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum verdict { GOOD, WARN, BROKEN };
static const char *const verdicts[] = {"ok", "warn", "BROKEN", NULL};

struct finding {
    struct ct_span check, detail, fix;
    int verdict;
};
static const struct ct_column columns[] = {
    {.name = "verdict",
     .type = CT_TYPE_ENUM,
     .off = offsetof(struct finding, verdict),
     .words = verdicts,
     .flags = CT_COL_RANKED},
    {.name = "check",
     .type = CT_TYPE_TEXT,
     .off = offsetof(struct finding, check),
     .flags = CT_COL_SEARCH},
    {.name = "detail", .type = CT_TYPE_TEXT, .off = offsetof(struct finding, detail)},
    {.name = "fix", .type = CT_TYPE_TEXT, .off = offsetof(struct finding, fix)},
};
static const struct ct_table table = {"doctor", sizeof(struct finding), columns, CT_LEN(columns)};

struct doctor {
    struct ct_call *c;
    CT_VEC(struct finding) found;
};

static void find(struct doctor *d, enum verdict verdict, const char *check, const char *fix,
                 struct ct_span detail)
{
    struct ct_span cure = verdict == GOOD ? CT_SPAN_NONE : ct_span(fix);
    *CT_VEC_PUSH(d->c->arena, &d->found) =
        (struct finding){ct_span(check), detail, cure, (int)verdict};
}

#define SAY(...) ct_arena_printf(d->c->arena, __VA_ARGS__)

/* ---- terminal ---- */

static void check_terminal(struct doctor *d)
{
    const char *term = getenv("TERM"), *charset = nl_langinfo(CODESET);
    struct winsize size = {0};
    bool named = term && term[0] && strcmp(term, "dumb") != 0, utf8 = strcmp(charset, "UTF-8") == 0;
    find(d, named ? GOOD : WARN, "terminal",
         "set TERM to what your terminal is; the commands work without",
         SAY("TERM=%s", term && term[0] ? term : "(unset)"));
    find(d, utf8 ? GOOD : WARN, "utf-8",
         "choose a UTF-8 locale (LC_ALL=C.UTF-8), or set charset = ascii",
         SAY("the locale's characters are %s", charset));
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) {
        bool roomy = size.ws_col >= 80 && size.ws_row >= 24;
        find(d, roomy ? GOOD : WARN, "size", "80x24 shows everything; smaller ones show less",
             SAY("%dx%d", size.ws_col, size.ws_row));
    }
    const char *no_color = getenv("NO_COLOR");
    find(d, GOOD, "colours", "",
         no_color && no_color[0] ? SAY("off by NO_COLOR")
                                 : SAY("as the terminal has them (color = %s)",
                                       ct_setting(d->c->settings, "", "color")));
}

/* ---- clock ---- */

static void check_clock(struct doctor *d)
{
    char now[CT_TIME_MAX];
    struct ct_civil t;
    ct_civil_from_ms(d->c->now_ms, &t);
    ct_time_format(now, d->c->now_ms);
    find(d, t.year >= 2025 && t.year < 2100 ? GOOD : BROKEN, "clock",
         "set the clock: every age depends on it", SAY("%s", now));
}

/* ---- files ---- */

/* Nobody else may read PATH. A file that is not there is fine. */
static void check_mode(struct doctor *d, const char *what, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return;
    bool closed = (st.st_mode & 077) == 0, ours = st.st_uid == geteuid();
    enum verdict verdict = closed && ours ? GOOD : WARN;
    find(d, verdict, what, SAY(!ours                   ? "its owner can give it up (chown)"
                              : S_ISDIR(st.st_mode) ? "chmod 700 '%s'"
                                                    : "chmod 600 '%s'",
                              path).p,
         SAY("%s: mode %03o%s", path, (unsigned)st.st_mode & 0777,
             ours ? "" : ", belongs to somebody else"));
}

static void check_modes(struct doctor *d)
{
    struct ct_buf path = CT_BUF_INIT;
    const char *file;
    bool there;
    check_mode(d, "database mode", d->c->db.p);
    ct_buf_addf(&path, "%s-wal", d->c->db.p);
    check_mode(d, "database mode", path.p);
    ct_path_state(&path, "");
    check_mode(d, "state mode", path.p);
    for (size_t i = 0; (file = ct_settings_file(d->c->settings, i, &there)); i++)
        if (there)
            check_mode(d, "settings mode", file);
    ct_buf_free(&path);
}

/* ---- database ---- */

/* What the fetcher finds by the times in the answers of servers. */
static void check_servers_clock(struct doctor *d, const struct ct_summary *s)
{
    char off[CT_TIME_MAX];
    if (ct_clock_off(s, off))
        find(d, WARN, "clock", "set the clock (timedatectl set-ntp true): every age is wrong by that",
             SAY("%s by what the servers asked say", off));
    else if (s->clock_ahead_ms != CT_NONE)
        find(d, GOOD, "clock", "", SAY("the servers asked say the same"));
}

static void check_lease(struct doctor *d)
{
    struct ct_call *c = d->c;
    struct ct_reader *r = NULL;
    struct ct_query q = ct_call_query(c);
    struct ct_summary s;
    char age[CT_TIME_MAX];
    if (ct_reader_open(c->db.p, &r, &c->err) != CT_OK ||
        ct_read_summary(r, &q, c->arena, &s, &c->err) != CT_OK) {
        find(d, BROKEN, "reading", "see the line above", SAY("%s: %s", c->err.where, c->err.what));
    } else {
        if (s.fetcher.p && s.fetcher_beat_ms != CT_NONE) {
            ct_age_format(age, c->now_ms - s.fetcher_beat_ms);
            find(d, GOOD, "fetcher", "", SAY("%.*s, seen %s ago", CT_FMT(s.fetcher), age));
        } else {
            find(d, GOOD, "fetcher", "",
                 SAY(s.simulated ? "none runs" : "none runs; the dashboard starts one"));
        }
        check_servers_clock(d, &s);
        if (s.simulated)
            find(d, WARN, "data", "--db names another database; this one is for `cloudtape demo`",
                 SAY("DEMO: simulated, nothing here is for sale; no real source is fetched into it"));
        if (s.trouble.n)
            find(d, BROKEN, "storing", "make room or mend the disk: the fetcher goes on by itself",
                 SAY("the fetcher cannot store: %.*s", CT_FMT(s.trouble)));
        if (s.sources)
            find(d, s.sources_failing ? WARN : GOOD, "sources", "`cloudtape sources` says why",
                 SAY("%lld on, %lld fresh, %lld failing", (long long)s.sources,
                     (long long)s.sources_fresh, (long long)s.sources_failing));
    }
    ct_reader_close(r);
}

static void check_file_system(struct doctor *d)
{
    const char *shared = ct_path_shared(d->c->db.p);
    find(d, shared ? WARN : GOOD, "file system", "keep the database in a local folder (--db)",
         shared ? SAY("the database lies on %s: locks and shared memory cannot be trusted", shared)
                : SAY("local"));
}

/* What E says is wrong with its file, and what it says can be done about it. */
static void blame(struct doctor *d, const char *check, const char *whereto, const struct ct_error *e)
{
    const char *fix = strstr(e->what, "; ");
    int length = fix ? (int)(fix - e->what) : (int)strlen(e->what);
    find(d, BROKEN, check, fix ? SAY("%s", fix + 2).p : "--db names another",
         SAY("%s%s: %.*s", whereto, e->where, length, e->what));
}

/* Reading may go on where nothing can be stored. */
static void check_writing(struct doctor *d)
{
    struct ct_error err = {0};
    if (ct_db_writable(d->c->db.p, &err) != CT_OK)
        blame(d, "writing", "no fetcher can store into ", &err);
}

static void check_database(struct doctor *d)
{
    struct ct_check look;
    struct ct_error err = {0};
    const char *path = d->c->db.p;
    enum ct_status status = ct_check_database(path, &look, &err);
    switch (status) {
    case CT_OK:
        find(d, GOOD, "database", "",
             SAY("%s: sound, layout %lld, %lld bytes and %lld in its log; SQLite %s", path,
                 (long long)look.schema, (long long)look.bytes, (long long)look.wal_bytes,
                 look.sqlite));
        check_writing(d);
        check_lease(d);
        break;
    case CT_ERR_NOT_FOUND:
        find(d, GOOD, "database", "", SAY("%s: none yet, the first fetch makes it", path));
        check_writing(d);
        break;
    case CT_ERR_NEWER:
        find(d, WARN, "database", "update this program; until then it only reads",
             SAY("%s: %s", path, err.what));
        break;
    default:
        blame(d, "database", "", &err);
    }
}

/* ---- programs and settings ---- */

static void check_programs(struct doctor *d)
{
    struct ct_buf path = CT_BUF_INIT;
    struct ct_error err = {0};
    bool found = ct_path_program(&path, "cloudtape-fetcher", &err) == CT_OK;
    find(d, found ? GOOD : BROKEN, "fetcher program",
         "install it, or name it in $CLOUDTAPE_FETCHER",
         found ? SAY("%s", path.p) : SAY("%s", err.what));
    found = ct_path_resource(&path, "themes/terminal.theme", &err) == CT_OK;
    find(d, found ? GOOD : WARN, "themes",
         "install them, or name their folder in $CLOUDTAPE_DATADIR",
         found ? SAY("%s", path.p) : SAY("%s", err.what));
    found = ct_path_resource(&path, "fetchers/reference/sources.tsv", &err) == CT_OK;
    find(d, found ? GOOD : BROKEN, "list of sources",
         "install it, or name its folder in $CLOUDTAPE_DATADIR",
         found ? SAY("%s", path.p) : SAY("%s", err.what));
    ct_buf_free(&path);
}

static void check_settings(struct doctor *d)
{
    const char *const *p = ct_settings_problems(d->c->settings);
    const char *file;
    bool there;
    for (size_t i = 0; (file = ct_settings_file(d->c->settings, i, &there)); i++)
        find(d, GOOD, "settings", "",
             SAY("%s: %s", file, there ? "read" : "not there, defaults hold"));
    for (; *p; p++)
        find(d, BROKEN, "settings", "correct that line; the rest holds", SAY("%s", *p));
}

/* Keys of sources, by name only. */
static void check_keys(struct doctor *d)
{
    const struct ct_setting_line *l;
    for (size_t i = 0; (l = ct_settings_at(d->c->settings, i)); i++) {
        if (strcmp(l->section, "source") != 0 || strcmp(l->key, "key_env") != 0)
            continue;
        const char *value = getenv(l->value);
        bool set = value && value[0];
        find(d, set ? GOOD : WARN, "key", "set it, or that source stays off",
             SAY("$%s for %s: %s", l->value, l->name, set ? "set" : "not set"));
    }
}

int ct_cmd_doctor(struct ct_call *c)
{
    static void (*const checks[])(struct doctor *) = {
        check_terminal, check_clock,    check_settings, check_keys,
        check_programs, check_file_system, check_database, check_modes};
    struct doctor d = {.c = c};
    bool broken = false;
    ct_check_keys(c);
    for (size_t i = 0; i < CT_LEN(checks); i++)
        checks[i](&d);
    for (size_t i = 0; i < d.found.n; i++)
        broken = broken || d.found.v[i].verdict == BROKEN;
    int code = ct_print_rows(c, &table, (struct ct_rows){d.found.v, d.found.n}, NULL, "", 0, NULL);
    return code ? code : broken ? 1 : 0;
}
