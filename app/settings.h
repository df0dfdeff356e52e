/* What people set: one table of options, read from INI files and the environment (ux.md section
 * 14), for both executables. A wrong line is a problem with file:line and the nearest name; the
 * rest still counts. (Not config.h: that name is taken by what configure writes.) Main thread. */
#ifndef CT_SETTINGS_H
#define CT_SETTINGS_H

#include "db/base/arena.h"
#include "db/base/err.h"
#include "db/base/str.h"

enum ct_setting_type {
    CT_SET_BOOL,    /* yes, no */
    CT_SET_INT,     /* MIN to MAX */
    CT_SET_TIME,    /* a length such as 5m; MIN, MAX and its number in ms */
    CT_SET_PERCENT, /* "10%"; MIN, MAX and its number in thousandths of a percent */
    CT_SET_WORD,    /* one of WORDS */
    CT_SET_TEXT,
    CT_SET_LIST, /* words separated by commas */
    CT_SET_ZONE, /* a time zone */
};

struct ct_setting_def {
    const char *section; /* "" for the top; "source" stands for every [source NAME] */
    const char *name;
    enum ct_setting_type type;
    int64_t min, max;
    const char *fallback; /* as a file would say it; NULL: unset */
    const char *const *words;
    const char *help;
};
/* Ends with name == NULL; in the order of the manual. */
extern const struct ct_setting_def ct_setting_defs[];

struct ct_section_def {
    const char *name;
    int named;    /* 1: needs a second word; 0: takes none; -1: may have one */
    bool any_key; /* keys are checked elsewhere: [keys], [alert] */
    const char *help, *example;
};
extern const struct ct_section_def ct_section_defs[]; /* ends with name == NULL; the first is "" */

/* One accepted line. */
struct ct_setting_line {
    const char *section, *name, *key, *value; /* NAME is "" where a section has none */
    const char *where;                        /* "config.ini:12", "$CLOUDTAPE_THEME" */
};

struct ct_settings;

/* Reads FILE, or with NULL the default config.ini and conf.d in name order (a file that is not
 * there is fine), then $CLOUDTAPE_<OPTION> for options at the top. Always fills *OUT;
 * CT_ERR_NOT_FOUND or CT_ERR_IO when FILE was named and can not be read: *OUT then holds the
 * defaults. */
CT_MUST_USE enum ct_status ct_settings_load(const char *file, struct ct_settings **out,
                                            struct ct_error *err);
void ct_settings_free(struct ct_settings *s); /* NULL is fine */

/* The value of an option outside named sections; its fallback when nobody set it. Text: may be
 * NULL. */
const char *ct_setting(const struct ct_settings *s, const char *section, const char *key);
int64_t ct_setting_number(const struct ct_settings *s, const char *section, const char *key);
bool ct_setting_is_set(const struct ct_settings *s, const char *section, const char *key);

/* All accepted lines, in order; NULL behind the last. */
const struct ct_setting_line *ct_settings_at(const struct ct_settings *s, size_t i);
/* What was wrong, "config.ini:3: unknown option ..."; NULL-terminated. */
const char *const *ct_settings_problems(const struct ct_settings *s);
/* For what only a caller can check: key names, values of a source. */
void ct_settings_complain(struct ct_settings *s, const char *where, const char *what);
/* The files that were looked for, in order, and whether each was there. NULL behind the last. */
const char *ct_settings_file(const struct ct_settings *s, size_t i, bool *found);

/* Reads TEXT as a value of D: CT_ERR_CONFIG with what was wanted. *NUMBER (may be NULL) as above.
 */
CT_MUST_USE enum ct_status ct_setting_check(const struct ct_setting_def *d, const char *text,
                                            int64_t *number, struct ct_error *err);
/* A config file with every option at its default, as comments. */
void ct_settings_example(struct ct_buf *out);
/* "Local" is what the settings say, from here to the end of the process. */
void ct_settings_zone(const struct ct_settings *s);
/* What is followed, by hand in the UI (kept in the state folder) and by [watch]: names of series,
 * globs, filters of offers; NULL-terminated, in A. */
const char *const *ct_watch_items(const struct ct_settings *s, struct ct_arena *a);

#endif
