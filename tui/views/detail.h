/* What the detail panel is made of: lines of text about one subject, built by the loader. */
#ifndef CT_VIEWS_DETAIL_H
#define CT_VIEWS_DETAIL_H

#include "tui/views/common.h"

struct detail_line {
    struct ct_span head, text; /* HEAD stands in a column of its own, TEXT is wrapped behind it */
    enum ct_role head_role, role;
    char sign; /* 0, or a state's sign before TEXT */
};

struct detail_model {
    struct ct_span subject, url, series;
    const void *alert; /* ct_panel_alert's model, when the subject is one; NULL */
    struct ct_span summary; /* one line, fit for chat */
    int head;               /* columns of the head column */
    CT_VEC(struct detail_line) lines;
};

/* What `o` opens of a model of ct_panel_alert; null. */
struct ct_span ct_alert_link(const void *model);

struct detail_builder {
    struct ct_reader *reader;
    const struct ct_panel_query *q;
    int64_t now_ms;
    struct ct_arena *a;
    struct detail_model *m;
    struct ct_error *err;
    struct detail_line lost; /* where lines go once the arena is full; that is reported at the end */
};

/* Never NULL. */
struct detail_line *detail_add(struct detail_builder *b, struct ct_span head, enum ct_role role,
                               struct ct_span text);
void detail_blank(struct detail_builder *b);
/* A labelled line when there is something to say. */
void detail_field(struct detail_builder *b, const char *name, struct ct_span text);
void detail_field_buf(struct detail_builder *b, const char *name, struct ct_buf *text);
void detail_field_time(struct detail_builder *b, const char *name, int64_t at_ms);
void detail_field_list(struct detail_builder *b, const char *name, const struct ct_list *list);
void detail_state_line(struct detail_builder *b, const char *head, int state, struct ct_span text);

/* What is known of an incident "PROVIDER/ID" and of a provider. */
enum ct_status detail_incident(struct detail_builder *b, struct ct_span subject);
enum ct_status detail_provider(struct detail_builder *b, struct ct_span provider);
/* Of what is sold: an offer, the prices of a model; of an article SOURCE/ID and of a lab. */
enum ct_status detail_offer(struct detail_builder *b, struct ct_span series);
enum ct_status detail_token(struct detail_builder *b, struct ct_span series);
/* The events that one row told of together. */
enum ct_status detail_alike(struct detail_builder *b, struct ct_span subject);
enum ct_status detail_article(struct detail_builder *b, struct ct_span name);
enum ct_status detail_lab(struct detail_builder *b, struct ct_span series, struct ct_span lab);

#endif
