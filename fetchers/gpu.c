#include "fetchers/gpu.h"

#include "db/base/arena.h"
#include "fetchers/reference.h"

#include <stdlib.h>
#include <string.h>

/* A text as words: lower case, runs of letters and digits between single blanks, one blank at each
 * end, so that a name is found whole by looking for " name ". */
#define WORDS_MAX 256

struct part {
    struct ct_span canonical, gpu, form; /* form may be "SXM|PCIe": either */
    int64_t mem_milli;
};

/* A name in that form. PART is -1 for one that names the GPU only, not which of its parts. */
struct name {
    struct ct_span words, gpu;
    ptrdiff_t part;
};

struct instance {
    struct ct_span cloud;
    size_t part;
    int64_t count_milli, vcpu_milli, mem_milli;
};

static struct ct_tsv accelerators, instance_rows;
static struct ct_tsv_key *instance_keys; /* key: "cloud/instance" */
static struct part *parts;
static struct instance *instances;
static struct {
    struct name *v;
    size_t n, cap;
} names;

/* ---- words ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct ct_span to_words(struct ct_span text, char out[WORDS_MAX])
{
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; i < text.n && n < WORDS_MAX - 2; i++) {
        char c = text.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (is_digit(c) || (c >= 'a' && c <= 'z'))
            out[n++] = c;
        else if (out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    return (struct ct_span){out, n};
}

/* Where NEEDLE begins in TEXT, or -1. */
static ptrdiff_t find(struct ct_span text, struct ct_span needle)
{
    for (size_t i = 0; i + needle.n <= text.n; i++)
        if (memcmp(text.p + i, needle.p, needle.n) == 0)
            return (ptrdiff_t)i;
    return -1;
}

static bool has_word(struct ct_span words, const char *word)
{
    char padded[16];
    size_t n = strlen(word);
    padded[0] = ' ';
    memcpy(padded + 1, word, n);
    padded[n + 1] = ' ';
    return find(words, (struct ct_span){padded, n + 2}) >= 0;
}

/* ---- tables ---- */

static enum ct_status add_name(struct ct_span text, struct ct_span gpu, ptrdiff_t part, size_t row,
                               struct ct_error *err)
{
    char buffer[WORDS_MAX];
    struct ct_span words = to_words(text, buffer);
    if (words.n < 3)
        return ct_tsv_fail(&accelerators, row, err, "a name without letters: \"%s\"", text.p);
    for (size_t i = 0; i < names.n; i++) {
        if (!ct_span_eq(names.v[i].words, words))
            continue;
        /* A GPU of one part only bears the part's name: no conflict. */
        if (names.v[i].part == part || (part < 0 && ct_span_eq(names.v[i].gpu, gpu)))
            return CT_OK;
        if (names.v[i].part < 0 && ct_span_eq(names.v[i].gpu, gpu))
            return ct_tsv_fail(&accelerators, row, err, "\"%s\" names the GPU, not one part of it",
                               text.p);
        return ct_tsv_fail(&accelerators, row, err, "\"%s\" already names another part", text.p);
    }
    struct name *name = CT_VEC_PUSH(accelerators.arena, &names);
    *name = (struct name){ct_arena_dup(accelerators.arena, words), gpu, part};
    return CT_OK;
}

static int longest_first(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    return x->words.n != y->words.n ? (x->words.n < y->words.n) - (x->words.n > y->words.n)
                                    : ct_span_cmp(x->words, y->words);
}

enum { A_CANONICAL, A_GPU, A_FORM, A_MEMORY, A_ALIASES };

static enum ct_status load_names(struct ct_error *err)
{
    enum ct_status s = CT_OK;
    for (size_t r = 0; s == CT_OK && r < accelerators.rows; r++)
        s = add_name(parts[r].gpu, parts[r].gpu, -1, r, err);
    for (size_t r = 0; s == CT_OK && r < accelerators.rows; r++) {
        if (!ct_span_eq(parts[r].canonical, parts[r].gpu))
            s = add_name(parts[r].canonical, parts[r].gpu, (ptrdiff_t)r, r, err);
        struct ct_span rest = ct_tsv_cell(&accelerators, r, A_ALIASES);
        while (s == CT_OK && rest.n) {
            struct ct_span alias = ct_arena_dup(accelerators.arena, ct_span_cut(&rest, '|'));
            s = add_name(alias, parts[r].gpu, (ptrdiff_t)r, r, err);
        }
    }
    if (s == CT_OK)
        qsort(names.v, names.n, sizeof *names.v, longest_first);
    return s;
}

static enum ct_status load_accelerators(struct ct_error *err)
{
    static const char *const columns[] = {"canonical", "gpu", "form", "memory_gb", "aliases", NULL};
    struct ct_tsv_key *unique;
    enum ct_status s = ct_tsv_load(&accelerators, "accelerators.tsv", columns, err);
    if (s == CT_OK)
        s = ct_tsv_index(&accelerators, A_CANONICAL, &unique, err);
    if (s != CT_OK)
        return s;
    parts = ct_arena_alloc(accelerators.arena, (accelerators.rows + 1) * sizeof *parts);
    for (size_t r = 0; r < accelerators.rows; r++) {
        parts[r] = (struct part){.canonical = ct_tsv_cell(&accelerators, r, A_CANONICAL),
                                 .gpu = ct_tsv_cell(&accelerators, r, A_GPU),
                                 .form = ct_tsv_cell(&accelerators, r, A_FORM)};
        if (!parts[r].gpu.n)
            return ct_tsv_fail(&accelerators, r, err, "gpu is empty");
        if (ct_milli_parse(ct_tsv_cell(&accelerators, r, A_MEMORY), &parts[r].mem_milli) != CT_OK ||
            parts[r].mem_milli <= 0)
            return ct_tsv_fail(&accelerators, r, err, "memory_gb is no number above 0");
    }
    return load_names(err);
}

enum { I_CLOUD, I_TYPE, I_ACCELERATOR, I_COUNT, I_VCPUS, I_MEMORY };

/* A number above 0, or CT_NONE for an empty cell. */
static bool read_size(size_t row, size_t column, int64_t *out)
{
    struct ct_span cell = ct_tsv_cell(&instance_rows, row, column);
    *out = CT_NONE;
    return cell.n == 0 || (ct_milli_parse(cell, out) == CT_OK && *out > 0);
}

static enum ct_status load_instance(size_t r, struct ct_error *err)
{
    struct instance *in = &instances[r];
    struct ct_span part = ct_tsv_cell(&instance_rows, r, I_ACCELERATOR);
    in->cloud = ct_tsv_cell(&instance_rows, r, I_CLOUD);
    for (in->part = 0; in->part < accelerators.rows; in->part++)
        if (ct_span_eq(parts[in->part].canonical, part))
            break;
    if (in->part == accelerators.rows)
        return ct_tsv_fail(&instance_rows, r, err, "no accelerator is called \"%s\"", part.p);
    if (!read_size(r, I_COUNT, &in->count_milli) || !read_size(r, I_VCPUS, &in->vcpu_milli) ||
        !read_size(r, I_MEMORY, &in->mem_milli) || in->count_milli == CT_NONE)
        return ct_tsv_fail(&instance_rows, r, err, "a count or size is no number above 0");
    return CT_OK;
}

/* "cloud/instance", the key of the index, in the place of the instance's name. */
static void join_key(size_t r)
{
    struct ct_span *cell = &instance_rows.cells[r * instance_rows.columns + I_TYPE];
    struct ct_span cloud = ct_tsv_cell(&instance_rows, r, I_CLOUD);
    *cell = ct_arena_printf(instance_rows.arena, "%.*s/%.*s", CT_FMT(cloud), CT_FMT(*cell));
}

static enum ct_status load_instances(struct ct_error *err)
{
    static const char *const columns[] = {
        "cloud", "instance_type", "accelerator", "accelerator_count", "vcpus", "memory_gib", NULL};
    enum ct_status s = ct_tsv_load(&instance_rows, "instance_types.tsv", columns, err);
    if (s != CT_OK)
        return s;
    instances = ct_arena_alloc(instance_rows.arena, (instance_rows.rows + 1) * sizeof *instances);
    for (size_t r = 0; s == CT_OK && r < instance_rows.rows; r++) {
        s = load_instance(r, err);
        join_key(r);
    }
    return s == CT_OK ? ct_tsv_index(&instance_rows, I_TYPE, &instance_keys, err) : s;
}

enum ct_status ct_gpu_load(struct ct_error *err)
{
    enum ct_status s = load_accelerators(err);
    return s == CT_OK ? load_instances(err) : s;
}

void ct_gpu_free(void)
{
    ct_tsv_free(&accelerators);
    ct_tsv_free(&instance_rows);
    memset(&names, 0, sizeof names);
    parts = NULL;
    instances = NULL;
    instance_keys = NULL;
}

/* ---- what a text says ---- */

/* FORMS is "SXM|PCIe" or one of them. */
static bool form_is_one_of(struct ct_span form, struct ct_span forms)
{
    while (forms.n) {
        if (ct_span_eq(ct_span_cut(&forms, '|'), form))
            return true;
    }
    return false;
}

static struct ct_span stated_form(struct ct_span words)
{
    static const char *const sxm[] = {"sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "hgx"};
    for (size_t i = 0; i < CT_LEN(sxm); i++)
        if (has_word(words, sxm[i]))
            return CT_LIT("SXM");
    if (has_word(words, "nvl"))
        return CT_LIT("NVL");
    if (has_word(words, "pcie"))
        return CT_LIT("PCIe");
    return CT_SPAN_NONE;
}

/* The last "80gb", "80g", "80gib" or "80 gb" of WORDS in thousandths of a GiB, or CT_NONE. *MIG:
 * one of another size stands right before it, as in "1g.10gb". */
static int64_t stated_memory(struct ct_span words, bool *mig)
{
    int64_t found = CT_NONE, n;
    bool after_memory = false;
    struct ct_span rest = {words.p + 1, words.n - 1};
    *mig = has_word(words, "mig");
    while (rest.n) {
        struct ct_span word = ct_span_cut(&rest, ' ');
        size_t digits = 0;
        while (digits < word.n && is_digit(word.p[digits]))
            digits++;
        struct ct_span unit = {word.p + digits, word.n - digits};
        if (digits == word.n && rest.p && ct_span_starts(rest, "gb "))
            unit = CT_LIT("gb");
        bool memory = digits > 0 && digits < 5 &&
                      (ct_span_is(unit, "gb") || ct_span_is(unit, "g") || ct_span_is(unit, "gib"));
        if (memory && ct_span_int((struct ct_span){word.p, digits}, &n) == CT_OK && n > 0) {
            *mig = *mig || after_memory;
            found = n * 1000;
        }
        after_memory = memory;
    }
    return found;
}

/* The longest known name in WORDS, which becomes blank there; NULL when there is none. A word
 * behind it that makes it another product ("RTX 3090 Ti") counts as none. */
static const struct name *take_name(struct ct_span words, char *text)
{
    static const char *const others[] = {"ti", "super", "d", "laptop", "mobile"};
    for (size_t i = 0; i < names.n; i++) {
        ptrdiff_t at = find(words, names.v[i].words);
        if (at < 0)
            continue;
        struct ct_span after = {words.p + at + names.v[i].words.n,
                                words.n - (size_t)at - names.v[i].words.n};
        struct ct_span next = ct_span_cut(&after, ' ');
        for (size_t o = 0; o < CT_LEN(others); o++)
            if (ct_span_is(next, others[o]))
                return NULL;
        if (names.v[i].part >= 0) /* its own "80gb" or "480gb" is no statement about the offer */
            memset(text + at + 1, ' ', names.v[i].words.n - 2);
        return &names.v[i];
    }
    return NULL;
}

static bool near(int64_t reported, int64_t nominal)
{
    int64_t off = reported > nominal ? reported - nominal : nominal - reported;
    return off * 100 <= nominal * CT_GPU_TOLERANCE_PERCENT;
}

/* Fills form and memory from the parts of OUT->gpu that agree with FORM and MEM (each may be
 * unknown). */
static void settle(struct ct_span form, int64_t mem, struct ct_gpu *out)
{
    const struct part *only = NULL;
    bool listed = false, one_form = true, one_memory = true;
    int64_t smallest = INT64_MAX;
    for (size_t i = 0; i < accelerators.rows; i++) {
        const struct part *p = &parts[i];
        if (!ct_span_eq(p->gpu, out->gpu))
            continue;
        listed = listed || form_is_one_of(form, p->form);
        smallest = p->mem_milli < smallest ? p->mem_milli : smallest;
        if ((form.p && p->form.n && !form_is_one_of(form, p->form)) ||
            (mem != CT_NONE && !near(mem, p->mem_milli)))
            continue;
        one_form = one_form && (!only || ct_span_eq(only->form, p->form));
        one_memory = one_memory && (!only || only->mem_milli == p->mem_milli);
        only = p;
    }
    if (listed)
        out->form = form;
    else if (only && one_form && only->form.n && !memchr(only->form.p, '|', only->form.n))
        out->form = only->form;
    if (only && one_memory)
        out->mem_milli = only->mem_milli;
    else if (mem != CT_NONE) /* in whole GiB: reporters leave a little out */
        out->mem_milli = (mem + 500) / 1000 > 0 ? (mem + 500) / 1000 * 1000 : mem;
    out->odd_memory = mem != CT_NONE && !only;
    out->slice = out->slice || (out->odd_memory && mem < smallest * 3 / 4);
}

bool ct_gpu_identify(struct ct_span text, int64_t mem_milli, struct ct_gpu *out)
{
    char buffer[WORDS_MAX];
    *out = (struct ct_gpu){.mem_milli = CT_NONE};
    struct ct_span words = to_words(text, buffer);
    struct ct_span form = stated_form(words);
    const struct name *name = take_name(words, buffer);
    if (!name)
        return false;
    int64_t said = stated_memory(words, &out->slice);
    int64_t mem = mem_milli > 0 ? mem_milli : said;
    out->gpu = name->gpu;
    if (name->part >= 0) {
        const struct part *part = &parts[name->part];
        if (!form.p && part->form.n && !memchr(part->form.p, '|', part->form.n))
            form = part->form;
        if (mem == CT_NONE)
            mem = part->mem_milli;
    }
    settle(form, mem, out);
    return true;
}

bool ct_instance_find(struct ct_span cloud, struct ct_span instance, struct ct_instance_type *out)
{
    char key[160];
    *out = (struct ct_instance_type){.gpu = {.mem_milli = CT_NONE},
                                     .gpu_count_milli = CT_NONE,
                                     .vcpu_milli = CT_NONE,
                                     .mem_milli = CT_NONE};
    size_t n = cloud.n + 1 + instance.n;
    if (!cloud.p || !instance.p || n > sizeof key)
        return false;
    memcpy(key, cloud.p, cloud.n);
    key[cloud.n] = '/';
    memcpy(key + cloud.n + 1, instance.p, instance.n);
    ptrdiff_t row = ct_tsv_find(&instance_rows, instance_keys, (struct ct_span){key, n});
    if (row < 0)
        return false;
    const struct instance *in = &instances[row];
    const struct part *part = &parts[in->part];
    out->gpu.gpu = part->gpu;
    if (part->form.n && !memchr(part->form.p, '|', part->form.n))
        out->gpu.form = part->form;
    out->gpu.mem_milli = part->mem_milli;
    out->gpu.slice = in->count_milli < 1000;
    out->gpu_count_milli = in->count_milli;
    out->vcpu_milli = in->vcpu_milli;
    out->mem_milli = in->mem_milli;
    return true;
}
