#include "config.h"

#include "tui/layout.h"
#include "tui/views/views.h"

/* {panel, column, weight, least rows with the frame, drop order}, in one band, in band B, or as N rows of the strip. A new
 * panel is one line here. */
#define ALL CT_COLUMN_ALL
#define AT(...) {__VA_ARGS__, 0, 0}
#define IN(b, ...) {__VA_ARGS__, b, 0}
#define LINES(n, ...) {__VA_ARGS__, 0, n}

static const struct ct_screen now = {
    .number = 1, .letter = 'o', .name = "now", .title = "Now",
    .question = "what needs me, and how are the things I follow",
    .layouts = {
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_now, 0, 9, 5, 0),
                    AT(&ct_panel_watchlist, 0, 7, 5, 1),
                    LINES(1, &ct_panel_capacity, 0, 1, 5, 2)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_now, ALL, 2, 10, 0),
                    AT(&ct_panel_watched, 0, 12, 6, 1),
                    AT(&ct_panel_history, 0, 11, 9, 4),
                    AT(&ct_panel_tokenwatch, 1, 1, 9, 1),
                    AT(&ct_panel_capacity, 1, 20, 6, 2),
                    AT(&ct_panel_tape, 1, 1, 4, 3)}},
        {.column_weights = {{3, 2}, {33, 36, 31}, {17, 8}},
         .places = {IN(0, &ct_panel_now, 0, 12, 8, 0),
                    IN(0, &ct_panel_detail, 1, 12, 8, 1),
                    IN(1, &ct_panel_status, 0, 17, 6, 0),
                    IN(1, &ct_panel_watchlist, 1, 17, 6, 0),
                    IN(1, &ct_panel_models, 2, 17, 6, 0),
                    IN(2, &ct_panel_history, 0, 23, 9, 0),
                    IN(2, &ct_panel_capacity, 1, 11, 6, 1),
                    IN(2, &ct_panel_tape, 1, 12, 5, 2)}},
    },
};

static const struct ct_screen status = {
    .number = 2, .letter = 's', .name = "status", .title = "Status",
    .question = "which providers, components and regions are unwell, and since when",
    .layouts = {
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_status, 0, 10, 6, 0),
                    AT(&ct_panel_incidents, 0, 7, 5, 1),
                    AT(&ct_panel_components, 0, 5, 5, 2),
                    AT(&ct_panel_scores, 0, 4, 6, 3),
                    AT(&ct_panel_news, 0, 3, 9, 4)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_status, 0, 14, 8, 0),
                    AT(&ct_panel_incidents, 0, 10, 6, 1),
                    AT(&ct_panel_detail, 1, 12, 8, 2),
                    AT(&ct_panel_scores, 1, 7, 6, 3),
                    AT(&ct_panel_news, 1, 5, 5, 4)}},
        {.column_weights = {{4, 4, 3}},
         .places = {AT(&ct_panel_status, 0, 20, 8, 0),
                    AT(&ct_panel_incidents, 0, 12, 6, 1),
                    AT(&ct_panel_detail, 1, 14, 8, 3),
                    AT(&ct_panel_scores, 1, 14, 6, 5),
                    AT(&ct_panel_components, 2, 14, 6, 2),
                    AT(&ct_panel_news, 2, 10, 5, 4)}},
    },
};

static const struct ct_screen gpus = {
    .number = 3, .letter = 'p', .name = "gpus", .title = "GPUs",
    .question = "who rents which GPU, at what price, and is there any",
    .layouts = {
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_offers, 0, 12, 8, 0),
                    AT(&ct_panel_gpus, 0, 5, 6, 2),
                    AT(&ct_panel_matrix, 0, 5, 6, 1)}},
        {.column_weights = {{1, 1}},
         .places = {AT(&ct_panel_offers, ALL, 14, 8, 0),
                    AT(&ct_panel_gpus, 0, 9, 6, 1),
                    AT(&ct_panel_matrix, 1, 9, 6, 2)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_offers, 0, 1, 8, 0),
                    AT(&ct_panel_gpus, 1, 11, 6, 1),
                    AT(&ct_panel_matrix, 1, 11, 6, 2),
                    AT(&ct_panel_detail, 1, 13, 8, 3)}},
    },
};

static const struct ct_screen tokens = {
    .number = 4, .letter = 't', .name = "tokens", .title = "Tokens",
    .question = "what does a model cost, by provider and by price kind",
    .layouts = {
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_tokens, 0, 11, 8, 0),
                    AT(&ct_panel_quotes, 0, 6, 5, 1),
                    AT(&ct_panel_moves, 0, 4, 5, 2)}},
        {.column_weights = {{1, 1}},
         .places = {AT(&ct_panel_tokens, ALL, 14, 8, 0),
                    AT(&ct_panel_quotes, 0, 9, 6, 1),
                    AT(&ct_panel_moves, 1, 9, 6, 2)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_tokens, 0, 1, 8, 0),
                    AT(&ct_panel_quotes, 1, 10, 6, 1),
                    AT(&ct_panel_moves, 1, 9, 6, 2),
                    AT(&ct_panel_detail, 1, 9, 8, 3)}},
    },
};

static const struct ct_screen models = {
    .number = 5, .letter = 'm', .name = "models", .title = "Models",
    .question = "which model is on which cloud, how exclusive, and what came and went",
    .layouts = {
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_models, 0, 10, 8, 0), AT(&ct_panel_labs, 0, 6, 5, 1)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_models, ALL, 14, 8, 0),
                    AT(&ct_panel_sellers, 0, 8, 6, 1),
                    AT(&ct_panel_labs, 1, 8, 6, 2)}},
        {.column_weights = {{6, 3}},
         .places = {AT(&ct_panel_models, 0, 1, 8, 0),
                    AT(&ct_panel_sellers, 1, 10, 6, 1),
                    AT(&ct_panel_labs, 1, 12, 6, 2)}},
    },
};

static const struct ct_screen history = {
    .number = 6, .letter = 'h', .name = "history", .title = "History",
    .question = "how did these series move, and what happened then",
    .layouts = {
        {.column_weights = {{1}}, .places = {AT(&ct_panel_history, 0, 1, 8, 0)}},
        {.column_weights = {{1}}, .places = {AT(&ct_panel_history, 0, 1, 8, 0)}},
        {.column_weights = {{4, 1}},
         .places = {AT(&ct_panel_history, 0, 1, 12, 0), AT(&ct_panel_detail, 1, 1, 8, 1)}},
    },
};

static const struct ct_screen alerts = {
    .number = 7, .letter = 'a', .name = "alerts", .title = "Alerts",
    .question = "what fired, who has it, what is silenced, what was sent",
    .layouts = {
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_alerts, 0, 8, 5, 0),
                    AT(&ct_panel_silences, 0, 5, 5, 2),
                    AT(&ct_panel_alert, 0, 6, 6, 1)}},
        {.column_weights = {{1}},
         .places = {AT(&ct_panel_alerts, 0, 14, 6, 0),
                    AT(&ct_panel_silences, 0, 6, 5, 2),
                    AT(&ct_panel_alert, 0, 6, 9, 1)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_alerts, 0, 1, 8, 0),
                    AT(&ct_panel_alert, 1, 3, 9, 1),
                    AT(&ct_panel_silences, 1, 4, 5, 2)}},
    },
};

static const struct ct_screen sources = {
    .number = 8, .letter = 'd', .name = "sources", .title = "Sources",
    .question = "which data can I trust right now",
    .layouts = {
        {.column_weights = {{1}}, .places = {AT(&ct_panel_sources, 0, 1, 6, 0)}},
        {.column_weights = {{1}}, .places = {AT(&ct_panel_sources, 0, 1, 6, 0)}},
        {.column_weights = {{3, 2}},
         .places = {AT(&ct_panel_sources, 0, 1, 8, 0), AT(&ct_panel_attempts, 1, 1, 8, 1)}},
    },
};

const struct ct_screen *const ct_screens[] = AT(&now, &status, &gpus, &tokens, &models, &history, &alerts, &sources, NULL);
