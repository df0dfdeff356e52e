/* Shared by rules.c (settings), when.c (the condition) and judge.c (rows). */
#ifndef CT_RULES_PRIV_H
#define CT_RULES_PRIV_H

#include "alerts/rules.h"

enum ct_target { CT_ON_STATUS, CT_ON_COMPONENTS, CT_ON_GPUS, CT_ON_TOKENS, CT_ON_MODELS, CT_ON_SOURCES };
enum { CT_N_TARGETS = CT_ON_SOURCES + 1 };

/* What a table means to alerts. */
struct ct_target_ops {
    const char *word;
    const struct ct_table *table;
    ct_load_fn *load;
    const char *one; /* "a GPU offer" */
    /* Fills everything but the truth; fact.truth becomes CT_TRUTH_UNKNOWN when the row cannot be
     * believed. */
    void (*describe)(const void *row, struct ct_arena *a, struct ct_judged *out);
    struct ct_span (*series)(const void *row); /* identity across time; null: none */
    int64_t (*price)(const void *row);         /* CT_NONE: none */
};
extern const struct ct_target_ops ct_targets[CT_N_TARGETS];

enum ct_change_way { CT_CHANGE_NONE, CT_CHANGE_EITHER, CT_CHANGE_UP, CT_CHANGE_DOWN };

/* A compiled `when`. Filters are kept as text: ages in them count from each look's own moment. */
struct ct_when {
    enum ct_target target;
    bool watch, stale;
    bool on_unknown; /* asks about not knowing itself: state:unknown, stale */
    char *scope;     /* terms about what a row is */
    char *full;      /* all filter terms */
    char *relaxed;   /* the same with easier limits */
    /* FIELD:A->B */
    const struct ct_column *from_column;
    uint64_t from, to; /* words, a bit each */
    char *from_text;
    /* change>N% over SPAN */
    enum ct_change_way change;
    int64_t change_milli, change_relaxed, change_over_ms;
    int64_t low_ms, retires_ms; /* 0: not asked */
};

struct ct_rule {
    struct ct_rule_view view;
    struct ct_when when;
    struct ct_rules *all;
};

struct ct_inhibit {
    const char *name, *source, *target, *equal; /* NULL: not given */
};

struct ct_rules {
    struct ct_arena *arena;
    CT_VEC(struct ct_inhibit) inhibits;
    CT_VEC(struct ct_rule) v;
    CT_VEC(const char *) providers; /* last NULL; n 0: all */
    CT_VEC(const char *) watch;
};

/* Compiles TEXT into W, its text in A. REARM in thousandths of a percent. */
CT_MUST_USE enum ct_status ct_when_compile(const char *text, int64_t rearm_milli,
                                           struct ct_arena *a, struct ct_when *w,
                                           struct ct_error *err);

#endif
