/* `exit`: where the same is sold by a place that is well (contract.md section 1). */
#include "config.h"

#include "app/command.h"

#include <stdio.h>
#include <string.h>

/* What was left out, and why: a short list must not look like all there is. */
static void tell_left_out(const struct ct_call *c, const struct ct_exit *e, bool with_unknown)
{
    struct ct_buf text = CT_BUF_INIT;
    const struct {
        size_t n;
        const char *why;
    } parts[] = {{e->unwell, "not well"},
                 {with_unknown ? 0 : e->unknown, "in a state nobody knows (--unknown shows them)"},
                 {e->out, "sold out"},
                 {e->old, "with old facts only"}};
    for (size_t i = 0; i < CT_LEN(parts); i++)
        if (parts[i].n)
            ct_buf_addf(&text, "%s%zu %s", text.n ? ", " : "", parts[i].n, parts[i].why);
    if (text.n)
        ct_note(c, "exit", "left out: %s", text.p);
    ct_buf_free(&text);
}

int ct_cmd_exit(struct ct_call *c)
{
    static const char columns[] =
        "what cloud region purchase price output unit difference_pct stock age_s state uptime_90d "
        "incidents_90d";
    const char *gpu = c->flag[CT_FLAG_GPU], *model = c->flag[CT_FLAG_MODEL];
    bool unknown = c->flag[CT_FLAG_UNKNOWN] != NULL;
    struct ct_reader *r = NULL;
    struct ct_envelope e;
    struct ct_exit found = {.rows = {NULL, 0}};
    struct ct_query q = ct_call_query(c);
    struct ct_span region = ct_span(c->words[0]), provider = ct_span_cut(&region, '/'),
                   meant = ct_word_meant("provider", provider), from = ct_span(c->words[0]);
    if (meant.n)
        from = ct_arena_printf(c->arena, region.p ? "%.*s/%.*s" : "%.*s", CT_FMT(meant), CT_FMT(region));
    enum ct_status status = ct_call_reader(c, &r);
    bool none_yet = status == CT_ERR_NOT_FOUND;
    if (status == CT_OK)
        status = ct_read_exit(r, &q, from, gpu ? ct_span(gpu) : CT_SPAN_NONE,
                              model ? ct_span(model) : CT_SPAN_NONE, unknown, c->arena, &found,
                              &c->err);
    if (status == CT_OK || none_yet)
        status = ct_call_envelope(c, r, CT_KINDS_ALL, &e);
    ct_call_reader_close(c, r);
    if (status != CT_OK)
        return ct_report(&c->err);
    int code = ct_print_rows(c, &ct_exit_table, found.rows, columns, "", 1, &e);
    code = code == 0 && none_yet ? 3 : code;
    if (code == 3) /* told already: nothing is recorded at all */
        return code;
    if (found.things || gpu || model)
        tell_left_out(c, &found, unknown);
    else
        ct_note(c, "exit", "nothing recorded that %s sells; --gpu or --model names what to look for", c->words[0]);
    return code;
}
