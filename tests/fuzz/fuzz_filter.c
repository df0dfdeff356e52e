/* Any bytes as a filter over every table of parser rows: compile, match an empty row, sort by it.
 */
#include "db/table.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ct_offer offer = ct_offer_new();
    struct ct_incident incident = ct_incident_new();
    struct ct_span text = {(const char *)data, size};
    for (int i = 0; i < CT_N_ROW_TABLES; i++) {
        const struct ct_table *t = ct_row_tables[i];
        struct ct_arena *arena = ct_arena_new(1 << 20);
        struct ct_filter *f = NULL;
        struct ct_error err;
        if (ct_filter_compile(t, text, 1795357930000, arena, &f, &err) == CT_OK) {
            if (!strcmp(t->name, "offer"))
                (void)ct_filter_match(f, &offer);
            if (!strcmp(t->name, "incident"))
                (void)ct_filter_match(f, &incident);
        }
        ct_arena_free(arena);
    }
    return 0;
}
