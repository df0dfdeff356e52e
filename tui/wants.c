#include "config.h"

/* What a person wants to buy: `:cost`, `:mix`, and the panels that answer. */
#include "tui/ui.h"

#include "tui/views/views.h"

const struct ct_wants ct_wants_usual = {.gpus = 8, .hours = 720, .input_tokens = 10000000,
                                        .output_tokens = 2000000, .mix_input = 3, .mix_output = 1};

/* "NAME=AMOUNT ..." into W, by the N names; false: says why not. */
struct want {
    const char *name;
    int64_t least, most;
    int64_t *value;
};

static bool take_words(struct ct_ui *ui, struct ct_span args, const struct want *wants, size_t n)
{
    while (args.n) {
        struct ct_span value = ct_span_cut(&args, ' '), name = ct_span_cut(&value, '=');
        const struct want *w = NULL;
        int64_t amount = 0;
        for (size_t i = 0; i < n && !w; i++) {
            w = ct_span_is(name, wants[i].name) ? &wants[i] : NULL;
        }
        if (!w) {
            ui_say(ui, true, "NAME=AMOUNT with %s, %s ..., not \"%.*s\"", wants[0].name, wants[1].name,
                   CT_FMT(name));
            return false;
        }
        if (ct_amount_parse(value, &amount) != CT_OK || amount < w->least || amount > w->most) {
            ui_say(ui, true, "%s: no amount: \"%.*s\" (8, 500k, 10M)", w->name, CT_FMT(value));
            return false;
        }
        *w->value = amount;
        args = ct_span_trim(args);
    }
    return true;
}

void ui_run_cost(struct ct_ui *ui, struct ct_span args)
{
    const int64_t tokens = INT64_C(1000000000000000);
    struct ct_wants w = ui->wants;
    const struct want words[] = {{"gpus", 1, 1000000, &w.gpus}, {"hours", 1, 1000000, &w.hours},
                                 {"input", 0, tokens, &w.input_tokens},
                                 {"output", 0, tokens, &w.output_tokens}};
    if (!take_words(ui, ct_span_trim(args), words, CT_LEN(words))) {
        return;
    }
    ui->wants = w;
    ui_refill(ui, 0);
    if (!ui->detail || ui->detail->ops != &ct_panel_cost) {
        ui_open_about(ui, &ct_panel_cost);
    }
}

void ui_run_exit(struct ct_ui *ui, struct ct_span args)
{
    (void)args;
    ui_open_about(ui, &ct_panel_exit);
}

void ui_run_mix(struct ct_ui *ui, struct ct_span args)
{
    struct ct_wants w = ui->wants;
    const struct want words[] = {{"input", 0, 1000, &w.mix_input}, {"output", 0, 1000, &w.mix_output}};
    if (!take_words(ui, ct_span_trim(args), words, CT_LEN(words))) {
        return;
    }
    if (w.mix_input + w.mix_output == 0) {
        ui_say(ui, true, "a mix of nothing has no price");
        return;
    }
    ui->wants = w;
    ui_refill(ui, 0);
    ui_say(ui, false, "blended prices: %lld parts input, %lld output", (long long)w.mix_input,
           (long long)w.mix_output);
}
