/* Rules of alerting: read from [alert NAME] sections, compiled once, asked about rows
 * (ux.md section 10.1). What a rule is about is one table of the reader; `when` is the filter
 * language and a few words of its own:
 *
 *   when  = TABLE { "watch" | filter term | FIELD:A->B | change OP N% [over SPAN] | low(SPAN)
 *                   | retires<SPAN | stale }
 *   TABLE = status | components | incidents | gpus | tokens | models | sources
 *
 * One thread. */
#ifndef CT_RULES_H
#define CT_RULES_H

#include "alerts/machine.h"

/* One line of an [alert NAME] section. */
struct ct_rule_line {
    const char *name, *key, *value, *where /* "file:line" */;
};

/* What rules mean by "watch". */
struct ct_rule_scope {
    const char *const *providers; /* [scope] providers, NULL-terminated; NULL: all */
    const char *const *watch;     /* series names, globs, or filters of offers; NULL-terminated */
};

struct ct_rule;
struct ct_rules;

enum ct_rule_builtin {
    CT_RULE_OF_USER,
    CT_RULE_SOURCE_STALE,
    CT_RULE_ALL_FAILING, /* holds the alerts of all other rules */
    CT_RULE_DISK,
    CT_RULE_FETCHER_GONE,
    CT_RULE_CLOCK_JUMP,
};

struct ct_rule_view { /* a rule's settings, as they count */
    const char *id, *where, *when;
    enum ct_rule_builtin builtin;
    struct ct_alert_policy policy;
    int severity;
    const char *group;      /* label that groups messages; "" the rule alone */
    int64_t remind_ms;      /* 0: never */
    int quiet_from, quiet_to; /* minutes of the local day; -1: none */
    const char *channels;   /* separated by 0x1f */
    bool enabled;
};

/* Compiles LINES and the built-in rules. PROBLEM hears of every line that is wrong ("file:line",
 * words); such a rule is left out whole. Always fills *OUT. TEXT of the scope is copied. */
void ct_rules_load(const struct ct_rule_line *lines, size_t n, const struct ct_rule_scope *scope,
                   void (*problem)(void *ctx, const char *where, const char *what), void *ctx,
                   struct ct_rules **out);
void ct_rules_free(struct ct_rules *r); /* NULL is fine */
size_t ct_rules_count(const struct ct_rules *r);
const struct ct_rule *ct_rules_at(const struct ct_rules *r, size_t i);
const struct ct_rule *ct_rules_find(const struct ct_rules *r, struct ct_span id);
const struct ct_rule_view *ct_rule_view(const struct ct_rule *r);
/* Is it about rows that sources of KIND bring? */
bool ct_rule_reads(const struct ct_rule *r, enum ct_source_kind kind);
/* Does it speak of "watch" while nothing is watched? Then it can never fire. */
bool ct_rule_watches_nothing(const struct ct_rule *r);
/* The rule in a sentence; into A. */
struct ct_span ct_rule_sentence(const struct ct_rule *r, struct ct_arena *a);
/* One rule from its `when` alone (for check): CT_ERR_USAGE says what is wrong. */
CT_MUST_USE enum ct_status ct_rule_of_when(const char *when, const struct ct_rule_scope *scope,
                                           struct ct_rules **out, struct ct_error *err);

/* ---- inhibition ---- */

/* One line of an [inhibit NAME] section: `source` and `target` are matchers as silences take them
 * (rule=X severity=critical), `equal` lists labels whose values must be the same in both. */
enum ct_status ct_rules_inhibit(struct ct_rules *r, const struct ct_rule_line *line,
                                struct ct_error *err);
/* Does an alert with labels SOURCE, firing, explain one with labels TARGET away? One that is both
 * kinds explains nothing. */
bool ct_rules_explains(const struct ct_rules *r, struct ct_span source, struct ct_span target);

/* ---- asking ---- */

/* One row of a rule's table, judged. Text lives in the arena of the look. */
struct ct_judged {
    int64_t id; /* of the instance */
    struct ct_span subject, labels, provider, text, url, series;
    struct ct_alert_fact fact; /* silenced and inhibited are the engine's */
    bool early;       /* nothing can be said yet, whatever is asked */
    int64_t tracked;  /* the value A->B looks at; CT_NONE: none */
    int64_t value;    /* the number a threshold looks at (check's performance data); CT_NONE */
    int value_digits;
    const char *value_name;
};

/* Tables as of one moment, read when first asked for and kept until the look ends. */
struct ct_look;
struct ct_look *ct_look_new(struct ct_reader *r, int64_t at_ms, int64_t now_ms);
void ct_look_free(struct ct_look *l);

/* All rows of RULE's table that it is about, true or not; a known instance without a row here is
 * unknown. MEMORY gives last value and latch of an instance for A->B (CT_NONE: not known). */
typedef void ct_rule_memory(void *ctx, int64_t id, int64_t *value, int *latch);
CT_MUST_USE enum ct_status ct_rule_judge(const struct ct_rule *rule, struct ct_look *l,
                                         ct_rule_memory *memory, void *ctx, struct ct_judged **out,
                                         size_t *n, struct ct_error *err);
/* What A->B makes of a fresh value: the new latch. */
int ct_rule_latch(const struct ct_rule *rule, int64_t was, int latch, int64_t now);

#endif
