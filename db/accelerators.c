/* How fast an accelerator is, from fetchers/reference/accelerators.tsv. */
#include "db/base/paths.h"
#include "db/reader.h"

struct accelerator {
    struct ct_span gpu, form; /* form may be "SXM|PCIe": either */
    int64_t gb, mtflops;
};

enum { A_GPU, A_FORM, A_MEMORY, A_FLOPS, A_COLUMNS };

static struct accelerator read_line(struct ct_span line, const int *columns)
{
    struct accelerator out = {.gb = CT_NONE, .mtflops = CT_NONE};
    for (int i = 0; line.p; i++) {
        struct ct_span cell = ct_span_trim(ct_span_cut(&line, '\t'));
        if (i == columns[A_GPU])
            out.gpu = cell;
        if (i == columns[A_FORM])
            out.form = cell;
        if (i == columns[A_MEMORY] && ct_span_int(cell, &out.gb) != CT_OK)
            out.gb = CT_NONE;
        if (i == columns[A_FLOPS] && ct_milli_parse(cell, &out.mtflops) != CT_OK)
            out.mtflops = CT_NONE;
    }
    return out;
}

static void read_accelerators(struct ct_reader *r)
{
    static const char *const names[A_COLUMNS] = {"gpu", "form", "memory_gb", "bf16_dense_tflops"};
    int columns[A_COLUMNS] = {-1, -1, -1, -1};
    struct ct_buf path = CT_BUF_INIT, text = CT_BUF_INIT;
    CT_VEC(struct accelerator) list = {NULL, 0, 0};
    r->accel_arena = ct_arena_new(0);
    if (ct_path_resource(&path, "fetchers/reference/accelerators.tsv", NULL) != CT_OK ||
        ct_read_file(path.p, 1 << 20, &text, NULL) != CT_OK)
        goto out; /* the column stays empty; doctor reports what is missing */
    struct ct_span rest = ct_arena_dup(r->accel_arena, ct_buf_span(&text));
    bool headed = false;
    while (rest.p) {
        struct ct_span line = ct_span_cut(&rest, '\n');
        if (!line.n || line.p[0] == '#')
            continue;
        for (int i = 0; !headed && line.p; i++) {
            struct ct_span cell = ct_span_trim(ct_span_cut(&line, '\t'));
            for (int k = 0; k < A_COLUMNS; k++)
                columns[k] = ct_span_is(cell, names[k]) ? i : columns[k];
        }
        headed = true;
        struct accelerator found = read_line(line, columns);
        struct accelerator *place = found.gpu.n && found.mtflops != CT_NONE && found.mtflops > 0
                                        ? CT_VEC_PUSH(r->accel_arena, &list)
                                        : NULL;
        if (place)
            *place = found;
    }
    r->accel = list.v;
    r->n_accel = list.n;
out:
    ct_buf_free(&path);
    ct_buf_free(&text);
}

void ct_accelerators_free(struct ct_reader *r)
{
    ct_arena_free(r->accel_arena);
}

static bool has_form(struct ct_span forms, struct ct_span form)
{
    if (!form.n || !forms.n)
        return true; /* not said, or only one exists */
    while (forms.p)
        if (ct_span_ieq(ct_span_cut(&forms, '|'), form))
            return true;
    return false;
}

/* What all parts that the offer may mean agree on; its memory decides where name and form do not.
 */
int64_t ct_accelerator_mtflops(struct ct_reader *r, const struct ct_offer *o)
{
    int64_t any = CT_NONE, fitting = CT_NONE;
    bool any_differ = false, fitting_differ = false;
    int64_t gb = o->gpu_mem_milli == CT_NONE ? CT_NONE : (o->gpu_mem_milli + 500) / 1000;
    if (!r->accel_arena)
        read_accelerators(r);
    for (size_t i = 0; o->gpu.n && i < r->n_accel; i++) {
        const struct accelerator *a = &r->accel[i];
        if (!ct_span_ieq(a->gpu, o->gpu) || !has_form(a->form, o->form))
            continue;
        any_differ = any_differ || (any != CT_NONE && any != a->mtflops);
        any = a->mtflops;
        if (gb == CT_NONE || a->gb != gb)
            continue;
        fitting_differ = fitting_differ || (fitting != CT_NONE && fitting != a->mtflops);
        fitting = a->mtflops;
    }
    return !any_differ ? any : !fitting_differ ? fitting : CT_NONE;
}
