/* Which accelerator a text names, and what a cloud's instance type holds
 * (reference/accelerators.tsv, reference/instance_types.tsv, loaded by ct_reference_load). Any
 * thread after that. */
#ifndef CT_GPU_H
#define CT_GPU_H

#include "db/base/err.h"
#include "db/base/money.h"
#include "db/base/str.h"

#include <stdbool.h>

/* Reporters differ by this much about the memory of one part (sources/prices.md section 7). */
#define CT_GPU_TOLERANCE_PERCENT 7

struct ct_gpu {
    struct ct_span gpu;  /* "H100", without form and memory; null when no known name is there */
    struct ct_span form; /* "SXM", "PCIe", "NVL"; null when not said or only one exists */
    int64_t mem_milli;   /* GiB x 1000 of one: nominal where a known part fits, else as reported */
    bool slice;          /* a part of a GPU: MIG, a fraction */
    bool odd_memory;     /* the reported memory is that of no known part of this name */
};

/* The part that TEXT names in any spelling ("8x H100 SXM5 80GB", "nvidia-tesla-v100"), the longest
 * name in it winning. MEM_MILLI is the memory of one as reported (CT_NONE: unknown, then what TEXT
 * says counts) and tells parts of one name apart. False, and OUT empty, when no known name is in
 * it. */
bool ct_gpu_identify(struct ct_span text, int64_t mem_milli, struct ct_gpu *out);

/* What INSTANCE (ASCII case-blind) of CLOUD ("aws", "azure", "gcp", "oracle") holds. Counts and
 * sizes in thousandths, CT_NONE when the table does not say. */
struct ct_instance_type {
    struct ct_gpu gpu;
    int64_t gpu_count_milli, vcpu_milli, mem_milli;
};
bool ct_instance_find(struct ct_span cloud, struct ct_span instance, struct ct_instance_type *out);

/* Called by ct_reference_load and ct_reference_free. */
CT_MUST_USE enum ct_status ct_gpu_load(struct ct_error *err);
void ct_gpu_free(void);

#endif
