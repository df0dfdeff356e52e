/* skypilot-csv: a cloud's table in the SkyPilot catalogue (sources/prices.md section 4.1). Columns
 * are found by name; prices are dollars an hour for the whole machine, an empty one is not on
 * offer. The cloud is only in the address: the source's provider says it. */
#include "config.h"

#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"

#include <csv.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 64 };

enum { C_INSTANCE, C_NAME, C_COUNT, C_VCPUS, C_MEMORY, C_INFO, C_PRICE, C_SPOT, C_REGION, C_ZONE };

/* The name today and that of the catalogue's first version. */
static const struct {
    const char *name, *old;
} columns[] = {
    [C_INSTANCE] = {"InstanceType", NULL},
    [C_NAME] = {"AcceleratorName", "GpuName"},
    [C_COUNT] = {"AcceleratorCount", "GpuCount"},
    [C_VCPUS] = {"vCPUs", NULL},
    [C_MEMORY] = {"MemoryGiB", NULL},
    [C_INFO] = {"GpuInfo", NULL},
    [C_PRICE] = {"Price", "PricePerHour"},
    [C_SPOT] = {"SpotPrice", NULL},
    [C_REGION] = {"Region", NULL},
    [C_ZONE] = {"AvailabilityZone", NULL},
};

struct reader {
    struct ct_batch *out;
    const struct ct_parse_hint *hint;
    struct ct_error *err;
    enum ct_status status;
    struct ct_buf text; /* of the row being read */
    size_t end[COLUMNS_MAX];
    size_t n, width;            /* cells of this row; of the header, 0 before it */
    int place[CT_LEN(columns)]; /* column of the file, -1 without */
    long row;                   /* of the table, the header being 1 */
};

static struct ct_span cell_at(const struct reader *r, size_t i)
{
    size_t from = i ? r->end[i - 1] : 0;
    return i < r->n ? ct_span_trim((struct ct_span){r->text.p + from, r->end[i] - from})
                    : CT_SPAN_NONE;
}

static struct ct_span cell(const struct reader *r, int column)
{
    return r->place[column] < 0 ? CT_SPAN_NONE : cell_at(r, (size_t)r->place[column]);
}

/* ---- one machine ---- */

static int64_t figure(struct ct_span text)
{
    int64_t value;
    return ct_milli_parse(text, &value) == CT_OK && value > 0 ? value : CT_NONE;
}

/* Memory of one GPU: the first SizeInMiB of GpuInfo, which is JSON or looks like Python. */
static int64_t memory_of(struct ct_span info)
{
    static const char key[] = "SizeInMiB";
    const char *at = info.n ? memmem(info.p, info.n, key, sizeof key - 1) : NULL;
    if (!at)
        return CT_NONE;
    struct ct_span rest = {at + sizeof key - 1, (size_t)(info.p + info.n - at) - (sizeof key - 1)};
    while (rest.n && strchr("\"': ", rest.p[0])) {
        rest.p++;
        rest.n--;
    }
    size_t n = 0;
    while (n < rest.n && ((rest.p[n] >= '0' && rest.p[n] <= '9') || rest.p[n] == '.'))
        n++;
    int64_t mib = figure((struct ct_span){rest.p, n});
    return mib == CT_NONE ? CT_NONE : ct_muldiv(mib, 1, 1024);
}

/* Chips of a TPU slice "tpu-v5p-8": its number counts cores of two a chip before v5e and in v5p. */
static int64_t chips_of(struct ct_span name)
{
    int64_t n;
    struct ct_span last = name;
    if (!ct_span_istarts(name, "tpu-"))
        return 1;
    for (struct ct_span rest = name; rest.p;)
        last = ct_span_cut(&rest, '-');
    if (ct_span_int(last, &n) != CT_OK || n < 1 || n > 100000)
        return CT_NONE;
    bool chips = ct_span_ihas(name, CT_LIT("lite")) || ct_span_ihas(name, CT_LIT("v5e")) ||
                 ct_span_ihas(name, CT_LIT("v6e"));
    return chips ? n : n >= 2 ? n / 2 : 1;
}

/* What the machine holds: exactly where its type is known, else by the name and memory given. */
static void set_gpu(struct reader *r, struct ct_offer *row, struct ct_span name)
{
    struct ct_instance_type type;
    int64_t chips = chips_of(name), count = figure(cell(r, C_COUNT));
    row->gpu_count_milli = count == CT_NONE || chips == CT_NONE ? CT_NONE : count * chips;
    row->vcpu_milli = figure(cell(r, C_VCPUS));
    row->mem_milli = figure(cell(r, C_MEMORY));
    if (row->instance.n && ct_instance_find(row->cloud, row->instance, &type)) {
        ct_offer_set_gpu(row, &type.gpu);
        row->gpu_count_milli = type.gpu_count_milli;
        return;
    }
    struct ct_gpu gpu;
    int64_t memory = memory_of(cell(r, C_INFO));
    bool all = ct_gpu_identify(name, memory, &gpu) && gpu.odd_memory && count > 1000 &&
               ct_gpu_identify(name, ct_muldiv(memory, 1000, count), &gpu) && !gpu.odd_memory;
    ct_offer_identify(r->out, row, name, all ? ct_muldiv(memory, 1000, count) : memory);
}

/* An empty cell is not on offer; anything else must be a price above 0. */
static ct_nusd price_of(struct reader *r, int column, const char *missing)
{
    ct_nusd price = CT_NONE;
    struct ct_span text = cell(r, column);
    enum ct_status s = text.n ? ct_nusd_parse(text, 1, &price) : CT_OK;
    const char *why = s == CT_ERR_RANGE  ? "a price that is too large"
                      : s != CT_OK       ? "a price that is no number"
                      : price == CT_NONE ? missing
                      : price == 0       ? "a price of zero"
                      : price < 0        ? "a negative price"
                                         : NULL;
    if (!why)
        return price;
    if (why[0])
        ct_note_about(r->out, why, CT_SPAN_NONE);
    return CT_NONE;
}

static void read_row(struct reader *r)
{
    struct ct_arena *a = r->out->arena;
    struct ct_span name = cell(r, C_NAME);
    struct ct_offer row = ct_offer_new();
    if (!name.n) {
        ct_note_about(r->out, "a machine without an accelerator", CT_SPAN_NONE);
        return;
    }
    if (r->hint && r->hint->provider.n)
        row.cloud = ct_clean_id(a, r->hint->provider);
    struct ct_span instance = cell(r, C_INSTANCE), region = cell(r, C_REGION),
                   zone = cell(r, C_ZONE);
    if (region.n)
        row.region = ct_region_canonical(row.cloud, ct_clean_name(a, region));
    if (zone.n)
        row.zone = ct_clean_name(a, zone);
    if (instance.n)
        row.sku = row.instance = ct_clean_id(a, instance);
    set_gpu(r, &row, name);
    row.currency = CT_LIT("USD");
    row.host_included = instance.n ? 1 : 0; /* without one it is attached to some machine */
    row.stock = CT_STOCK_UNKNOWN;
    ct_offer_push(r->out, &row, CT_PURCHASE_OD, price_of(r, C_PRICE, "not on offer on demand"));
    ct_offer_push(r->out, &row, CT_PURCHASE_SPOT, price_of(r, C_SPOT, ""));
}

/* ---- the table ---- */

static bool read_header(struct reader *r)
{
    r->width = r->n;
    for (size_t c = 0; c < CT_LEN(columns); c++) {
        r->place[c] = -1;
        for (size_t i = r->n; i-- > 0;)
            if (ct_span_is(cell_at(r, i), columns[c].name) ||
                (columns[c].old && ct_span_is(cell_at(r, i), columns[c].old)))
                r->place[c] = (int)i;
    }
    static const int needed[] = {C_INSTANCE, C_NAME, C_COUNT, C_PRICE, C_REGION};
    for (size_t i = 0; i < CT_LEN(needed); i++)
        if (r->place[needed[i]] < 0) {
            r->status =
                ct_fail(r->err, CT_ERR_SHAPE, "row 1", "no column %s", columns[needed[i]].name);
            return false;
        }
    return true;
}

static void on_cell(void *data, size_t n, void *ctx)
{
    struct reader *r = ctx;
    if (r->n < COLUMNS_MAX) {
        ct_buf_add(&r->text, (struct ct_span){data ? data : "", n});
        r->end[r->n] = r->text.n;
    }
    r->n++;
}

static void on_row(int end, void *ctx)
{
    struct reader *r = ctx;
    char where[40];
    (void)end;
    if (r->status == CT_OK && ++r->row && !ct_rows_too_many(r->out)) {
        snprintf(where, sizeof where, "row %ld", r->row);
        if (r->n > COLUMNS_MAX)
            r->status = ct_fail(r->err, CT_ERR_LIMIT, where, "more than %d columns", COLUMNS_MAX);
        else if (r->width == 0)
            (void)read_header(r);
        else if (r->n != r->width)
            r->status = ct_fail(r->err, CT_ERR_SYNTAX, where, "%zu cells under %zu columns", r->n,
                                r->width);
        else
            read_row(r);
    }
    ct_buf_clear(&r->text);
    r->n = 0;
}

static enum ct_status read_table(struct reader *r, struct ct_span body)
{
    struct csv_parser p;
    if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return ct_fail(r->err, CT_ERR_LIMIT, "body", "no memory for the reader of tables");
    size_t step = 1 << 16;
    for (size_t at = 0; r->status == CT_OK && at < body.n; at += step) {
        size_t n = body.n - at < step ? body.n - at : step;
        if (csv_parse(&p, body.p + at, n, on_cell, on_row, r) != n)
            r->status = ct_fail(r->err, CT_ERR_SYNTAX, "body", "damaged behind row %ld: %s", r->row,
                                csv_strerror(csv_error(&p)));
    }
    if (r->status == CT_OK && csv_fini(&p, on_cell, on_row, r) != 0)
        r->status = ct_fail(r->err, CT_ERR_SYNTAX, "body", "cut off behind row %ld", r->row);
    csv_free(&p);
    return r->status;
}

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    struct reader r = {.out = out, .hint = hint, .err = err, .text = CT_BUF_INIT};
    enum ct_status s = ct_reference_need(err);
    if (ct_span_starts(body, "\xEF\xBB\xBF"))
        body = (struct ct_span){body.p + 3, body.n - 3};
    /* Only what begins like a header of the catalogue is read as a table at all. */
    const char *eol = s == CT_OK && body.n ? memchr(body.p, '\n', body.n) : NULL;
    struct ct_span first = {body.p, eol ? (size_t)(eol - body.p) : body.n};
    if (s == CT_OK &&
        (!ct_span_ihas(first, CT_LIT("InstanceType")) || !memchr(first.p, ',', first.n)))
        s = ct_fail(err, CT_ERR_SHAPE, "body", "no column InstanceType; this looks like %s",
                    ct_family_guess(body));
    if (s == CT_OK)
        s = read_table(&r, body);
    if (s == CT_OK && body.p[body.n - 1] != '\n')
        s = ct_fail(err, CT_ERR_SYNTAX, "body", "cut off in row %ld", r.row);
    ct_buf_free(&r.text);
    return ct_rows_finish(out, s, err);
}

const struct ct_family ct_family_skypilot_csv = {
    .name = "skypilot-csv",
    .kind = CT_SOURCE_PRICES,
    .url_pattern = "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/"
                   "catalogs/v8/{cloud}/vms.csv",
    .parse = parse,
};
