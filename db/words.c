/* What people type for what is recorded: one table for filters, series and commands. */
#include "db/table.h"

#include <string.h>

/* FIELD is the column's name that it is about. */
static const struct {
    const char *field, *typed, *means;
} words[] = {
    {"cloud", "alicloud", "alibaba"},
    {"cloud", "aliyun", "alibaba"},
    {"cloud", "amazon", "aws"},
    {"cloud", "core-weave", "coreweave"},
    {"cloud", "digital-ocean", "digitalocean"},
    {"cloud", "gcloud", "gcp"},
    {"cloud", "google-cloud", "gcp"},
    {"cloud", "lambda-labs", "lambda"},
    {"cloud", "lambdalabs", "lambda"},
    {"cloud", "microsoft", "azure"},
    {"cloud", "oci", "oracle"},
    {"cloud", "ovh", "ovhcloud"},
    {"cloud", "run-pod", "runpod"},
    {"cloud", "runpod.io", "runpod"},
    {"cloud", "together.ai", "together"},
    {"cloud", "vast", "vastai"},
    {"cloud", "vast-ai", "vastai"},
    {"cloud", "vast.ai", "vastai"},
    {"form", "nvlink", "NVL"},
    {"form", "pci", "PCIe"},
    {"form", "pci-e", "PCIe"},
    {"form", "sxm2", "SXM"},
    {"form", "sxm3", "SXM"},
    {"form", "sxm4", "SXM"},
    {"form", "sxm5", "SXM"},
    {"form", "sxm6", "SXM"},
    {"purchase", "1y", "reserved_1y"},
    {"purchase", "3y", "reserved_3y"},
    {"purchase", "bid", "spot"},
    {"purchase", "interruptible", "spot"},
    {"purchase", "on-demand", "od"},
    {"purchase", "on_demand", "od"},
    {"purchase", "ondemand", "od"},
    {"purchase", "preemptible", "spot"},
};

static const char *const forms[] = {"SXM", "PCIe", "NVL", "OAM"};

/* Hosts and providers are clouds, too. */
static bool about(const char *field, const char *column)
{
    bool cloud = strcmp(column, "host") == 0 || strcmp(column, "provider") == 0;
    return strcmp(field, cloud ? "cloud" : column) == 0;
}

struct ct_span ct_word_meant(const char *column, struct ct_span typed)
{
    for (size_t i = 0; i < CT_LEN(words); i++)
        if ((!column || about(words[i].field, column)) && ct_span_ieq(typed, ct_span(words[i].typed)))
            return ct_span(words[i].means);
    return CT_SPAN_NONE;
}

bool ct_gpu_split(struct ct_span typed, struct ct_span *gpu, struct ct_span *form)
{
    for (size_t n = typed.n; n-- > 1;) {
        struct ct_span tail = {typed.p + n + 1, typed.n - n - 1}, meant;
        if (typed.p[n] != '-' || !tail.n)
            continue;
        meant = ct_word_meant("form", tail);
        tail = meant.n ? meant : tail;
        for (size_t i = 0; i < CT_LEN(forms); i++) {
            if (ct_span_ieq(tail, ct_span(forms[i]))) {
                *gpu = (struct ct_span){typed.p, n};
                *form = ct_span(forms[i]);
                return true;
            }
        }
    }
    return false;
}
