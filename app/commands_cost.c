/* `cost`: what a job would cost, at every place that sells it. */
#include "config.h"

#include "app/command.h"

#include <stdio.h>
#include <string.h>

/* "8", "10M", "500k": whole numbers from LEAST to MOST; STANDARD when the flag is not given. */
static enum ct_status amount(struct ct_call *c, enum ct_flag flag, int64_t standard, int64_t least,
                             int64_t *out)
{
    const int64_t most = INT64_C(1000000000000000);
    const char *text = c->flag[flag];
    int64_t n = 0;
    *out = standard;
    if (!text)
        return CT_OK;
    if (ct_amount_parse(ct_span(text), &n) != CT_OK || n < least || n > most)
        return ct_fail(&c->err, CT_ERR_USAGE, "cost", "--%s: no amount: \"%s\" (8, 500k, 10M)",
                       ct_flag_defs[flag].word, text);
    *out = n;
    return CT_OK;
}

static enum ct_status read_job(struct ct_call *c, struct ct_cost_job *job)
{
    const char *gpu = c->flag[CT_FLAG_GPU], *model = c->flag[CT_FLAG_MODEL];
    const char *terms = c->flag[CT_FLAG_PURCHASE];
    struct ct_span meant = ct_word_meant("purchase", ct_span(terms));
    *job = (struct ct_cost_job){.gpu = ct_span(gpu ? gpu : ""), .model = ct_span(model ? model : ""),
                           .purchase = terms ? ct_word(ct_purchase_words, meant.n ? meant : ct_span(terms)) : -1};
    if (!job->gpu.n == !job->model.n)
        return ct_fail(&c->err, CT_ERR_USAGE, "cost", "needs either --gpu or --model");
    if (terms && job->purchase < 0)
        return ct_fail(&c->err, CT_ERR_USAGE, "cost", "--purchase: no terms: \"%s\" (od, spot)", terms);
    enum ct_status status = amount(c, CT_FLAG_GPUS, 1, 1, &job->gpus);
    if (status == CT_OK)
        status = amount(c, CT_FLAG_HOURS, 1, 1, &job->hours);
    if (status == CT_OK)
        status = amount(c, CT_FLAG_INPUT, 0, 0, &job->input_tokens);
    if (status == CT_OK)
        status = amount(c, CT_FLAG_OUTPUT, 0, 0, &job->output_tokens);
    if (status == CT_OK && job->model.n && !job->input_tokens && !job->output_tokens)
        return ct_fail(&c->err, CT_ERR_USAGE, "cost", "--model needs --input or --output tokens");
    return status;
}

int ct_cmd_cost(struct ct_call *c)
{
    static const char gpus[] =
        "what cloud region instance purchase units gpus total_usd price stock evidence age_s";
    static const char models[] = "what cloud region total_usd price output evidence age_s";
    struct ct_reader *r = NULL;
    struct ct_envelope e;
    struct ct_cost_job job;
    struct ct_rows rows = {NULL, 0};
    struct ct_query q = ct_call_query(c);
    enum ct_status status = read_job(c, &job);
    if (status != CT_OK)
        return ct_report(&c->err);
    status = ct_call_reader(c, &r);
    if (status == CT_OK)
        status = ct_read_cost(r, &q, &job, c->arena, &rows, &c->err);
    else if (status == CT_ERR_NOT_FOUND)
        status = CT_OK;
    if (status == CT_OK)
        status = ct_call_envelope(
            c, r, job.gpu.n ? 1u << CT_SOURCE_PRICES : 1u << CT_SOURCE_MODELS, &e);
    ct_call_reader_close(c, r);
    if (status != CT_OK)
        return ct_report(&c->err);
    int code = ct_print_rows(c, &ct_cost_table, rows, job.gpu.n ? gpus : models, "", 0, &e);
    if (!rows.n && code != 3)
        ct_note(c, "cost", "nothing on record sells %s \"%s\" so", job.gpu.n ? "the accelerator" : "the model",
                job.gpu.n ? c->flag[CT_FLAG_GPU] : c->flag[CT_FLAG_MODEL]);
    return code;
}
