/* skypilot-csv: a cloud's table in the SkyPilot catalogue (sources/prices.md section 4.1). Columns
 * are found by name; prices are dollars an hour for the whole machine, an empty one is not on
 * offer. The cloud is only in the address: the source's provider says it. */
#include "config.h"

#include "db/base/text.h"
#include "fetchers/csvtable.h"
#include "fetchers/families/all.h"
#include "fetchers/families/prices.h"
#include "fetchers/reference.h"
#include "fetchers/rows.h"
#include "fetchers/stream.h"

#include <string.h>

enum { C_INSTANCE, C_NAME, C_COUNT, C_VCPUS, C_MEMORY, C_INFO, C_PRICE, C_SPOT, C_REGION, C_ZONE };

/* The name today and that of the catalogue's first version. */
static const struct ct_csv_column columns[] = {
    [C_INSTANCE] = {"InstanceType", NULL, true},
    [C_NAME] = {"AcceleratorName", "GpuName", true},
    [C_COUNT] = {"AcceleratorCount", "GpuCount", true},
    [C_VCPUS] = {"vCPUs", NULL, false},
    [C_MEMORY] = {"MemoryGiB", NULL, false},
    [C_INFO] = {"GpuInfo", NULL, false},
    [C_PRICE] = {"Price", "PricePerHour", true},
    [C_SPOT] = {"SpotPrice", NULL, false},
    [C_REGION] = {"Region", NULL, true},
    [C_ZONE] = {"AvailabilityZone", NULL, false},
};

struct reader {
    struct ct_batch *out;
    struct ct_span cloud;
    struct ct_csv_table table;
    size_t bare; /* the note of machines without an accelerator, from 1; 0: none yet */
};

static struct ct_span cell(const struct reader *r, size_t column)
{
    return ct_csv_text(&r->table, column);
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

static void read_row(void *ctx)
{
    struct reader *r = ctx;
    struct ct_arena *a = r->out->arena;
    struct ct_span name = cell(r, C_NAME);
    if (!name.n && r->bare) { /* most rows of the large clouds */
        r->out->notes.v[r->bare - 1].count++;
        return;
    }
    if (!name.n) {
        ct_note_about(r->out, "a machine without an accelerator", CT_SPAN_NONE);
        r->bare = r->out->notes.n;
        return;
    }
    ct_nusd price = ct_offer_price_text(r->out, cell(r, C_PRICE), "not on offer on demand"),
            spot = ct_offer_price_text(r->out, cell(r, C_SPOT), NULL);
    if (ct_rows_too_many(r->out) || (price == CT_NONE && spot == CT_NONE))
        return; /* takes no memory: there may be millions */
    struct ct_offer row = ct_offer_new();
    struct ct_span instance = cell(r, C_INSTANCE), region = cell(r, C_REGION),
                   zone = cell(r, C_ZONE);
    row.cloud = r->cloud;
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
    ct_offer_push(r->out, &row, CT_PURCHASE_OD, price);
    ct_offer_push(r->out, &row, CT_PURCHASE_SPOT, spot);
}

/* ---- the table ---- */

static enum ct_status begin(void *reader, const struct ct_parse_hint *hint, struct ct_batch *out,
                            struct ct_error *err)
{
    struct reader *r = reader;
    enum ct_status s = ct_reference_need(err);
    *r = (struct reader){.out = out,
                         .cloud = hint && hint->provider.n ? ct_clean_id(out->arena, hint->provider)
                                                           : CT_SPAN_NONE,
                         .table = {.columns = columns,
                                   .wanted = CT_LEN(columns),
                                   .anchor = columns[C_INSTANCE].name,
                                   .max_columns = 64,
                                   .row = read_row,
                                   .ctx = r}};
    return s == CT_OK ? ct_csv_begin(&r->table, err) : s;
}

static enum ct_status feed(void *reader, struct ct_span bytes, uint64_t *found,
                           struct ct_error *err)
{
    struct reader *r = reader;
    return ct_csv_feed(&r->table, bytes, found, err);
}

static enum ct_status end(void *reader, struct ct_error *err)
{
    struct reader *r = reader;
    return ct_csv_end(&r->table, err);
}

static void drop(void *reader)
{
    struct reader *r = reader;
    ct_csv_drop(&r->table);
}

static const struct ct_stream_ops stream = {sizeof(struct reader), begin, feed, end, drop};

static enum ct_status parse(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err)
{
    return ct_stream_whole(&ct_family_skypilot_csv, body, hint, out, err);
}

const struct ct_family ct_family_skypilot_csv = {
    .name = "skypilot-csv",
    .kind = CT_SOURCE_PRICES,
    .version = 1,
    .url_pattern = "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/"
                   "catalogs/v8/{cloud}/vms.csv",
    .parse = parse,
    .stream = &stream,
};
