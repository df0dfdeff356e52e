/* The panels there are; screens.c arranges them. */
#ifndef CT_VIEWS_H
#define CT_VIEWS_H

#include "tui/view.h"

/* What needs me; the tape of all events, newest first. */
extern const struct ct_panel_ops ct_panel_now, ct_panel_tape;
/* Offers and token prices followed, or the cheapest of the big accelerators while nothing is followed; stock
 * of GPU types by cloud. */
extern const struct ct_panel_ops ct_panel_watchlist, ct_panel_capacity;
/* Side by side: what is followed but token prices; those, or what the most places sell. */
extern const struct ct_panel_ops ct_panel_watched, ct_panel_tokenwatch;
/* Providers; components and incidents of the provider named by the subject, or all. */
extern const struct ct_panel_ops ct_panel_status, ct_panel_components, ct_panel_incidents;
/* Models by clouds; who sells the model named by the subject (LAB/MODEL); labs and how exclusive they are. */
extern const struct ct_panel_ops ct_panel_models, ct_panel_sellers, ct_panel_labs;
/* GPU offers one by one; grouped by type; types by clouds, with price and stock. Token prices,
 * a row a model and host. */
extern const struct ct_panel_ops ct_panel_offers, ct_panel_gpus, ct_panel_matrix, ct_panel_tokens;
/* Articles of vendors and the press. */
extern const struct ct_panel_ops ct_panel_news;
/* Series over time. */
extern const struct ct_panel_ops ct_panel_history;
/* What Enter opens. The subject is "incident/PROVIDER/ID", "status/PROVIDER",
 * "article/SOURCE/ID" or a series name ("gpu/...",
 * "token/..."). */
extern const struct ct_panel_ops ct_panel_detail;
/* The model of the price selected at every host; who moved its price first and who followed; providers in figures. */
extern const struct ct_panel_ops ct_panel_quotes, ct_panel_moves, ct_panel_scores;
/* Of what Enter would open: the healthy places that sell the same; what a job would cost at each place. */
extern const struct ct_panel_ops ct_panel_exit, ct_panel_cost;
/* Where data comes from and how that goes; the last tries of the source named by the subject. */
extern const struct ct_panel_ops ct_panel_sources, ct_panel_attempts;
/* What fired and who has it; what is silenced; one alert: the one named by the subject, else the first. */
extern const struct ct_panel_ops ct_panel_alerts, ct_panel_silences, ct_panel_alert;

#endif
