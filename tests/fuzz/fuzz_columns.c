/* Any bytes as a record of somebody's table (`import rows --as`): the first byte chooses the names for its columns, the
 * rest is the record, once as JSON and once as cells. An error says something; what becomes a row is valid UTF-8. */
#include "db/base/text.h"
#include "db/table.h"
#include "fetchers/columns.h"
#include "fetchers/reference.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"aws-daily", "gcp-machines", "gcp-regions", "gpu-rental", "gpurentalprices",
                                    "primeintellect"};
static struct ct_columns *columns[CT_LEN(names)];

static void load(void)
{
    struct ct_error err;
    if (columns[0])
        return;
    if (ct_reference_load(&err) != CT_OK)
        abort();
    for (size_t i = 0; i < CT_LEN(names); i++)
        if (ct_columns_load(names[i], &columns[i], &err) != CT_OK)
            abort();
}

static void once(const struct ct_columns *c, const struct ct_list *header, const struct ct_list *cells,
                 struct ct_span text)
{
    struct ct_arena *arena = ct_arena_new(64u << 20);
    struct ct_batch b;
    struct ct_buf rows = CT_BUF_INIT;
    struct ct_error err = {0};
    int64_t at_ms;
    ct_batch_init(&b, arena);
    enum ct_status st = ct_columns_add(c, &b, header, cells, text, &at_ms, &err);
    if (st != CT_OK && (err.status != st || !err.what[0]))
        abort();
    ct_batch_ndjson(&b, &rows);
    if (!ct_utf8_valid(ct_buf_span(&rows)))
        abort();
    ct_buf_free(&rows);
    ct_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const heads[] = {
        "timestamp", "instance",  "price_usd",   "generated_epoch",    "date",          "region",
        "provider",  "location",  "machine_type", "ondemand_usd_hour", "spot_usd_hour", "cud_1y_usd_month",
        "event",     "gpu",       "gpu_count",   "gpu_model",          "gpu_type",      "cud_3y_usd_month",
        "kind",      "rental_type", "socket_type", "price_min_usd",    "usd_hr",        "vram_gb", "epoch"};
    struct ct_span head[CT_LEN(heads)], cell[CT_LEN(heads)];
    struct ct_list header = {head, CT_LEN(heads)}, cells = {cell, CT_LEN(heads)};
    if (size == 0)
        return 0;
    load();
    const struct ct_columns *c = columns[data[0] % CT_LEN(columns)];
    struct ct_span text = {(const char *)data + 1, size - 1}, rest = text;
    for (size_t i = 0; i < CT_LEN(heads); i++) {
        head[i] = ct_span(heads[i]);
        cell[i] = ct_span_cut(&rest, '\n');
    }
    once(c, NULL, &cells, text);
    once(c, &header, &cells, text);
    return 0;
}
