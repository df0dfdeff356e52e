/* The GPU price formats beside the first three: every field of every row over fixtures of the same
 * shape, their damaged twins, and the recorded answers beside the project when they are there. */
#include "config.h"

#include "db/base/paths.h"
#include "db/base/text.h"
#include "fetchers/families/all.h"
#include "fetchers/gunzip.h"
#include "fetchers/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/parse_fixture.h"

static const struct ct_family *const
    advisor = &ct_family_aws_spot_advisor,
    *const blocks = &ct_family_aws_capacity_blocks, *const spots = &ct_family_aws_spot_history,
    *const ovh = &ct_family_ovh_catalog, *const gcp = &ct_family_gcp_skus,
    *const oci = &ct_family_oci_products, *const lambda = &ct_family_lambda_types,
    *const runpod = &ct_family_runpod_gputypes, *const vultr = &ct_family_vultr_plans,
    *const ocean = &ct_family_digitalocean_sizes, *const verda = &ct_family_verda_types,
    *const scaleway = &ct_family_scaleway_servers, *const shadeform = &ct_family_shadeform_types,
    *const prime = &ct_family_primeintellect_availability,
    *const skypilot = &ct_family_skypilot_csv;
static const struct ct_family *const all[] = {
    &ct_family_aws_spot_advisor,   &ct_family_gcp_skus,
    &ct_family_oci_products,       &ct_family_lambda_types,
    &ct_family_runpod_gputypes,    &ct_family_vultr_plans,
    &ct_family_digitalocean_sizes, &ct_family_verda_types,
    &ct_family_scaleway_servers,   &ct_family_shadeform_types,
    &ct_family_skypilot_csv,       &ct_family_primeintellect_availability,
};

/* ---- helpers ---- */

static struct run parse_text(const struct ct_family *f, const char *text)
{
    return parse_span(f, ct_span(text));
}

static const char *good_file(const struct ct_family *f)
{
    return f == skypilot ? "good.csv" : "good.json";
}

/* Every field of an offer, '|' between them and '-' for one that is absent. */
static void write_offer(struct ct_buf *out, const struct ct_offer *o)
{
    const struct ct_span first[] = {o->cloud,    o->region, o->zone, o->sku,
                                    o->instance, o->gpu,    o->form};
    const int64_t sizes[] = {o->gpu_mem_milli, o->gpu_count_milli, o->vcpu_milli, o->mem_milli};
    const int64_t prices[] = {o->price_per_hour, o->price_per_gpu_hour};
    char number[CT_DECIMAL_MAX];
    for (size_t i = 0; i < CT_LEN(first); i++)
        ct_buf_addf(out, "%.*s|", CT_FMT(first[i].p ? first[i] : CT_LIT("-")));
    for (size_t i = 0; i < CT_LEN(sizes); i++) {
        ct_decimal_format(number, sizes[i], 3);
        ct_buf_addf(out, "%s|", number);
    }
    ct_buf_addf(out, "%s|%.*s|", ct_purchase_words[o->purchase],
                CT_FMT(o->currency.p ? o->currency : CT_LIT("-")));
    for (size_t i = 0; i < CT_LEN(prices); i++) {
        ct_decimal_format(number, prices[i], 9);
        ct_buf_addf(out, "%s|", number);
    }
    ct_buf_addf(out, "%s|%s",
                o->host_included < 0 ? "-"
                : o->host_included   ? "host"
                                     : "bare",
                ct_stock_words[o->stock]);
    if (o->interruption.p)
        ct_buf_addf(out, "|%.*s", CT_FMT(o->interruption));
    assert_int_equal(o->stock_count, CT_NONE);
    ct_buf_addc(out, '\n');
}

/* FILE gives exactly these offers and notes, in this order. */
static void gives(const struct ct_family *f, const char *file, const char *provider,
                  const char *query, const char *want)
{
    struct ct_buf got = CT_BUF_INIT;
    struct run r = fixture_asked(f, file, provider, query);
    if (r.status != CT_OK)
        print_error("%s/%s: %s: %s\n", f->name, file, r.err.where, r.err.what);
    assert_int_equal(r.status, CT_OK);
    for (size_t i = 0; i < r.rows.offers.n; i++)
        write_offer(&got, &r.rows.offers.v[i]);
    for (size_t i = 0; i < r.rows.notes.n; i++)
        ct_buf_addf(&got, "%d x %.*s\n", (int)r.rows.notes.v[i].count,
                    CT_FMT(r.rows.notes.v[i].what));
    if (!ct_span_is(ct_buf_span(&got), want))
        print_error("%s/%s gives\n%s\n", f->name, file, got.p);
    assert_true(ct_span_is(ct_buf_span(&got), want));
    assert_int_equal(ct_batch_rows(&r.rows), r.rows.offers.n);
    ct_buf_free(&got);
    done(&r);
}

static void next_page_is(const struct ct_family *f, const char *file, const char *want)
{
    struct run r = parse_fixture(f, file);
    assert_int_equal(r.status, CT_OK);
    assert_true(want ? ct_span_is(r.rows.next_page, want) : !r.rows.next_page.p);
    done(&r);
}

/* A row a line, however long. */
/* clang-format off */

/* ---- aws-spot-history, aws-capacity-blocks ---- */

/* The newest price of a type in a zone; the local zone is of the region its name begins with. */
static void aws_spot_history_keeps_the_newest_price_of_each_zone(void **state)
{
    (void)state;
    gives(spots, "good.xml", "", "",
          "aws|us-west-2|us-west-2-lax-1b|p4d.24xlarge|p4d.24xlarge|A100|SXM|40|8|96|1152|spot|USD|8|1|host|?\n"
          "aws|us-east-1|us-east-1a|p5.48xlarge|p5.48xlarge|H100|SXM|80|8|192|2048|spot|USD|28.8|3.6|host|?\n"
          "aws|us-east-1|us-east-1d|p5.48xlarge|p5.48xlarge|H100|SXM|80|8|192|2048|spot|USD|30.4|3.8|host|?\n"
          "1 x another system than Linux\n1 x an instance without a known accelerator\n"
          "1 x a price that is no number\n1 x an older price of the same type and zone\n");
    struct run r = parse_fixture(spots, "good.xml");
    for (size_t i = 0; i < r.rows.offers.n; i++) {
        const struct ct_offer *o = &r.rows.offers.v[i];
        if (ct_span_is(o->zone, "us-east-1a"))
            assert_int_equal(o->effective_ms, INT64_C(1788255000000)); /* 09:30, not 06:00 */
    }
    done(&r);
    next_page_is(spots, "good.xml", NULL);
    next_page_is(spots, "page1.xml", "&NextToken=%74%6F%6B%2F%65%6E%2B%32%3D%3D");
    refused_at(spots, "truncated.xml", CT_ERR_SYNTAX, "body", "not well-formed");
    refused_at(spots, "denied.xml", CT_ERR_SHAPE, "body", "wanted a DescribeSpotPriceHistoryResponse");
    refused_at(spots, "no_set.xml", CT_ERR_SHAPE, "Describe", "spotPriceHistorySet is missing");
    refused_at(spots, "doctype.xml", CT_ERR_SHAPE, "body", "DOCTYPE");
    gives(spots, "empty.xml", "", "", "");
}

/* 2995.2 for two machines of 8 GPUs and 48 hours: 31.2 a machine, 3.9 a GPU. */
static void aws_blocks_cost_their_fee_over_hours_machines_and_gpus(void **state)
{
    (void)state;
    gives(blocks, "good.xml", "", "",
          "aws|us-east-1|us-east-1b|p5.48xlarge/24h|p5.48xlarge|H100|SXM|80|8|192|2048|block|USD|32|4|host|A\n"
          "aws|us-east-1|us-east-1b|p5.48xlarge/48h|p5.48xlarge|H100|SXM|80|8|192|2048|block|USD|31.2|3.9|host|A\n"
          "1 x a block without hours, machines or currency\n1 x a region not for sale to everybody\n"
          "1 x a dearer block of the same type, zone and length\n");
    refused_at(blocks, "truncated.xml", CT_ERR_SYNTAX, "body", "not well-formed");
}

/* ---- ovh-catalog ---- */

/* 5000000 of 1e-8 is 0.05 EUR a minute; a code without a count needs the one told beside it. */
static void ovh_prices_are_hundred_millionths_and_minutes_times_sixty(void **state)
{
    (void)state;
    gives(ovh, "good.json", "", "",
          "ovhcloud|-|-|ai-training.h100-1-gpu.minute.consumption|h100-1-gpu|H100|-|-|1|-|-|od|EUR|3|3|host|?\n"
          "ovhcloud|-|-|ai-notebook.l40s-4-gpu.hour.consumption|l40s-4-gpu|L40S|-|48|4|-|-|od|EUR|6.4|1.6|host|?\n"
          "ovhcloud|-|-|h100-760.consumption|h100-760|H100|-|-|2|-|-|od|EUR|5.6|2.8|host|?\n"
          "1 x a plan that does not tell how many GPUs\n2 x a plan that is not paid by use\n"
          "1 x a plan without a known GPU\n1 x a row without a price\n1 x a plan without a code\n");
    gives(ovh, "empty.json", "", "", "");
    refused_at(ovh, "no_currency.json", CT_ERR_SHAPE, "$.locale", "no currencyCode");
    refused_at(ovh, "truncated.json", CT_ERR_SYNTAX, "", "");
}

/* ---- runpod-gputypes ---- */

/* A type's lowestPrice was asked for 8 here: 20 = 8 x 2.5. Each price is its kind's; zero,
 * and any price of a kind that does not sell it, is none. */
static void runpod_prices_of_one_gpu_are_kept_apart_by_kind(void **state)
{
    (void)state;
    gives(runpod, "good.json", "runpod", "",
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|od|USD|3|3|host|?\n"
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|spot|USD|1.75|1.75|host|?\n"
          "runpod|community|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|od|USD|2.5|2.5|host|?\n"
          "runpod|-|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|8|-|-|od|USD|20|2.5|host|A\n"
          "runpod|-|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|8|-|-|spot|USD|12|1.5|host|A\n"
          "runpod|community|-|NVIDIA GeForce RTX 4090|RTX 4090|RTX-4090|-|24|1|-|-|od|USD|0.34|0.34|host|?\n"
          "runpod|community|-|NVIDIA GeForce RTX 4090|RTX 4090|RTX-4090|-|24|1|-|-|spot|USD|0.2|0.2|host|?\n"
          "runpod|secure|-|NVIDIA A100-SXM4-80GB|A100 SXM|A100|SXM|80|1|-|-|od|USD|1.5|1.5|host|?\n"
          "runpod|community|-|NVIDIA A100-SXM4-80GB|A100 SXM|A100|SXM|80|1|-|-|od|USD|1.25|1.25|host|?\n"
          "runpod|-|-|NVIDIA A100-SXM4-80GB|A100 SXM|A100|SXM|80|8|-|-|od|USD|12|1.5|host|L\n"
          "runpod|secure|-|NVIDIA L4|L4|L4|-|24|1|-|-|od|USD|0.4|0.4|host|?\n"
          "runpod|-|-|NVIDIA L4|L4|L4|-|24|8|-|-|od|USD|3.2|0.4|host|?\n"
          "runpod|secure|-|NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb|PRO 6000 MIG 24GB|RTX-PRO-6000-slice|-|24|1|-|-|od|USD|0.5|0.5|host|?\n"
          "runpod|secure|-|NVIDIA H200 NVL|H200 NVL|H200|NVL|141|1|-|-|od|USD|3.5|3.5|host|?\n"
          "runpod|secure|-|NVIDIA Martian 9000|Martian 9000|-|-|-|1|-|-|od|USD|1|1|host|?\n"
          "1 x not sold as secure\n"
          "1 x stock status Plenty\n"
          "4 x not sold as community\n"
          "1 x a part of a GPU NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb\n"
          "1 x unknown GPU NVIDIA Martian 9000\n"
          "1 x the type \"unknown\"\n");
}

/* What was asked is known: only the machine of 8, and nothing about single GPUs. */
static void runpod_machines_asked_for_are_not_one_gpu(void **state)
{
    (void)state;
    gives(runpod, "good.json", "runpod", "secure 8",
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|8|-|-|od|USD|20|2.5|host|A\n"
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|8|-|-|spot|USD|12|1.5|host|A\n"
          "runpod|secure|-|NVIDIA A100-SXM4-80GB|A100 SXM|A100|SXM|80|8|-|-|od|USD|12|1.5|host|L\n"
          "runpod|secure|-|NVIDIA L4|L4|L4|-|24|8|-|-|od|USD|3.2|0.4|host|?\n"
          "1 x stock status Plenty\n"
          "1 x a part of a GPU NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb\n"
          "1 x unknown GPU NVIDIA Martian 9000\n"
          "1 x the type \"unknown\"\n");
}

/* No status is no stock for one secure GPU; the community's stays unknown. */
static void runpod_stock_is_that_of_what_was_asked(void **state)
{
    (void)state;
    gives(runpod, "one.json", "runpod", "secure 1",
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|od|USD|3|3|host|L\n"
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|spot|USD|1.8|1.8|host|L\n"
          "runpod|community|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|od|USD|2.5|2.5|host|?\n"
          "runpod|community|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|spot|USD|1.5|1.5|host|?\n"
          "runpod|secure|-|NVIDIA A40|A40|A40|-|48|1|-|-|od|USD|0.4|0.4|host|N\n"
          "runpod|community|-|NVIDIA A40|A40|A40|-|48|1|-|-|od|USD|0.35|0.35|host|?\n"
          "runpod|secure|-|NVIDIA L4|L4|L4|-|24|1|-|-|od|USD|0.4|0.4|host|A\n"
          "runpod|community|-|NVIDIA L4|L4|L4|-|24|1|-|-|od|USD|0.44|0.44|host|?\n");
}

static void runpod_archives_are_read_like_answers(void **state)
{
    (void)state;
    gives(runpod, "archive.json", "", "",
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|od|USD|3|3|host|?\n"
          "runpod|secure|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|spot|USD|1.75|1.75|host|?\n"
          "runpod|community|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|1|-|-|od|USD|2.5|2.5|host|?\n"
          "runpod|-|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|8|-|-|od|USD|20|2.5|host|A\n"
          "runpod|-|-|NVIDIA H100 80GB HBM3|H100 SXM|H100|SXM|80|8|-|-|spot|USD|12|1.5|host|A\n"
          "runpod|community|-|NVIDIA GeForce RTX 4090|RTX 4090|RTX-4090|-|24|1|-|-|od|USD|0.34|0.34|host|?\n"
          "runpod|community|-|NVIDIA GeForce RTX 4090|RTX 4090|RTX-4090|-|24|1|-|-|spot|USD|0.2|0.2|host|?\n"
          "1 x not sold as secure\n");
}

/* 2 x 0.4 and 4 x 0.5: nobody knows what was asked. */
static void runpod_prices_that_disagree_tell_no_count(void **state)
{
    (void)state;
    gives(runpod, "torn.json", "", "",
          "runpod|secure|-|NVIDIA L4|L4|L4|-|24|1|-|-|od|USD|0.4|0.4|host|?\n"
          "runpod|community|-|NVIDIA L4|L4|L4|-|24|1|-|-|od|USD|0.4|0.4|host|?\n"
          "runpod|secure|-|NVIDIA A40|A40|A40|-|48|1|-|-|od|USD|0.5|0.5|host|?\n"
          "runpod|community|-|NVIDIA A40|A40|A40|-|48|1|-|-|od|USD|0.5|0.5|host|?\n"
          "2 x lowestPrice of an unknown number of GPUs\n");
}

/* ---- verda-types ---- */

/* Memory is that of all GPUs; euro stays euro. */
static void verda_prices_are_text_and_the_machine_s(void **state)
{
    (void)state;
    gives(verda, "good.json", "verda", "",
          "verda|-|-|8H100.80S.176V|8H100.80S.176V|H100|SXM|80|8|176|1480|od|USD|18.4|2.3|host|?\n"
          "verda|-|-|8H100.80S.176V|8H100.80S.176V|H100|SXM|80|8|176|1480|spot|USD|6.44|0.805|host|?\n"
          "verda|-|-|1A100.40S.22V|1A100.40S.22V|A100|SXM|40|1|32|185|od|USD|0.72|0.72|host|?\n"
          "verda|-|-|2RTX6000ADA.20V|2RTX6000ADA.20V|RTX-6000-Ada|-|48|2|32|185|od|USD|2.38|1.19|host|?\n"
          "verda|-|-|1B200.30V|1B200.30V|B200|-|180|1|32|185|od|EUR|3.99|3.99|host|?\n"
          "verda|-|-|1B200.30V|1B200.30V|B200|-|180|1|32|185|spot|EUR|1.2|1.2|host|?\n"
          "verda|-|-|1WARP.4V|1WARP.4V|-|-|-|1|32|185|od|USD|0.5|0.5|host|?\n"
          "verda|-|-|4L40S.80V|4L40S.80V|L40S|-|48|4|32|185|spot|USD|1.6|0.4|host|?\n"
          "1 x a price of zero\n"
          "1 x unknown GPU 1x Warp Drive 9\n"
          "1 x a row without a price\n"
          "1 x a machine without a GPU\n"
          "1 x a price that is no number\n");
    gives(verda, "one.json", "", "",
          "verda|-|-|8H100.80S.176V|8H100.80S.176V|H100|SXM|80|8|176|1480|od|USD|18.4|2.3|host|?\n"
          "verda|-|-|8H100.80S.176V|8H100.80S.176V|H100|SXM|80|8|176|1480|spot|USD|6.44|0.805|host|?\n");
}

/* ---- shadeform-types ---- */

static void shadeform_prices_are_cents_and_each_region_says_yes_or_no(void **state)
{
    (void)state;
    gives(shadeform, "good.json", "shadeform", "",
          "hyperstack|canada-1|-|A100_80G|n3-A100x1|A100|PCIe|80|1|30|225|od|USD|1.35|1.35|host|A\n"
          "hyperstack|norway-1|-|A100_80G|n3-A100x1|A100|PCIe|80|1|30|225|od|USD|1.35|1.35|host|N\n"
          "lambda|us-east-1|-|H100x8|gpu_8x_h100_sxm5|H100|SXM|80|8|30|225|od|USD|23.92|2.99|host|N\n"
          "lambda|us-west-1|-|H100x8|gpu_8x_h100_sxm5|H100|SXM|80|8|30|225|od|USD|23.92|2.99|host|?\n"
          "verda|-|-|L40S|1L40S.20V|L40S|-|48|1|30|225|od|USD|0.915|0.915|host|?\n"
          "imwt|kansascity-usa-2|-|WARP|warp1|-|-|-|1|30|225|od|USD|0.5|0.5|host|A\n"
          "1 x unknown GPU WARP_9 pcie\n"
          "1 x a price of zero\n"
          "1 x a machine without a GPU\n");
}

/* ---- vultr-plans ---- */

/* 40 GB are half of the A100 that Vultr has, 1 GB is 1/48 of an A40. */
static void vultr_plans_may_hold_a_fraction_of_a_gpu(void **state)
{
    (void)state;
    gives(vultr, "good.json", "vultr", "",
          "vultr|ewr|-|vcg-a100-12c-120g-80vram|vcg-a100-12c-120g-80vram|A100|-|80|1|12|120|od|USD|2.397|2.397|host|A\n"
          "vultr|ord|-|vcg-a100-12c-120g-80vram|vcg-a100-12c-120g-80vram|A100|-|80|1|12|120|od|USD|2.397|2.397|host|A\n"
          "vultr|-|-|vcg-a100-6c-60g-40vram|vcg-a100-6c-60g-40vram|A100|-|80|0.5|12|120|od|USD|1.2|2.4|host|N\n"
          "vultr|lax|-|vcg-a40-1c-5g-1vram|vcg-a40-1c-5g-1vram|A40|-|48|0.021|1|5|od|USD|0.05|2.4|host|A\n"
          "vultr|sjc|-|vcg-a16-24c-256g-64vram|vcg-a16-24c-256g-64vram|A16|-|16|4|12|120|od|USD|1.88|0.47|host|A\n"
          "vultr|sjc|-|vcg-l40s-x|vcg-l40s-x|L40S|-|48|-|12|120|od|USD|1.7|-|host|A\n"
          "vultr|sjc|-|vcg-warp|vcg-warp|-|-|-|-|12|120|od|USD|0.5|-|host|A\n"
          "1 x memory that is no number of GPUs: vcg-l40s-x\n"
          "1 x unknown GPU NVIDIA_WARP\n"
          "1 x a price of zero\n"
          "1 x a plan without a GPU\n");
}

static void vultr_metal_tells_its_gpus_in_the_id(void **state)
{
    (void)state;
    gives(vultr, "metal.json", "vultr", "",
          "vultr|sea|-|vbm-112c-2048gb-8-h100-gpu|vbm-112c-2048gb-8-h100-gpu|H100|-|80|8|224|2048|od|USD|23.92|2.99|host|A\n"
          "vultr|sea|-|vbm-112c-2048gb-8-h100-gpu|vbm-112c-2048gb-8-h100-gpu|H100|-|80|8|224|2048|spot|USD|18.4|2.3|host|A\n"
          "vultr|atl|-|vbm-72c-480gb-gh200-gpu|vbm-72c-480gb-gh200-gpu|GH200|-|96|1|224|2048|od|USD|1.99|1.99|host|A\n"
          "vultr|-|-|vbm-48c-1024gb-4-a100-gpu|vbm-48c-1024gb-4-a100-gpu|A100|-|80|4|224|2048|od|USD|9.2|2.3|host|N\n"
          "vultr|ewr|-|vbm-8c-64gb-2-warp-gpu|vbm-8c-64gb-2-warp-gpu|-|-|-|2|224|2048|od|USD|3|1.5|host|A\n"
          "1 x a plan without a GPU\n"
          "1 x unknown GPU warp\n");
}

/* ---- scaleway-servers ---- */

static void scaleway_prices_are_euro_in_the_zone_asked(void **state)
{
    (void)state;
    gives(scaleway, "good.json", "scaleway", "fr-par-2",
          "scaleway|fr-par|fr-par-2|L4-1-24G|L4-1-24G|L4|-|24|1|8|48|od|EUR|0.75|0.75|host|?\n"
          "scaleway|fr-par|fr-par-2|H100-1-80G|H100-1-80G|H100|PCIe|80|1|24|240|od|EUR|2.73|2.73|host|?\n"
          "scaleway|fr-par|fr-par-2|H100-SXM-2-80G|H100-SXM-2-80G|H100|SXM|80|2|32|240|od|EUR|6.018|3.009|host|?\n"
          "scaleway|fr-par|fr-par-2|L40S-4-48G|L40S-4-48G|L40S|-|48|4|32|384|od|EUR|5.6|1.4|host|?\n"
          "scaleway|fr-par|fr-par-2|RENDER-S|RENDER-S|P100|-|16|1|10|42|od|EUR|1.2426|1.2426|host|?\n"
          "scaleway|fr-par|fr-par-2|WARP-1|WARP-1|-|-|-|1|8|48|od|EUR|1|1|host|?\n"
          "1 x unknown GPU WARP\n"
          "1 x a row without a price\n"
          "2 x a machine without a GPU\n");
}

/* ---- aws-spot-advisor ---- */

static void advisor_gives_bands_and_no_prices(void **state)
{
    (void)state;
    gives(advisor, "good.json", "", "",
          "aws|us-east-1|-|p5.48xlarge|p5.48xlarge|H100|SXM|80|8|192|2048|spot|-|-|-|host|?|>20%\n"
          "aws|us-east-1|-|g5.xlarge|g5.xlarge|A10G|-|24|1|4|16|spot|-|-|-|host|?|5-10%\n"
          "aws|eu-west-1|-|g5.xlarge|g5.xlarge|A10G|-|24|1|4|16|spot|-|-|-|host|?\n"
          "1 x an instance without a known accelerator\n"
          "1 x an index outside ranges\n"
          "1 x a region not for sale to everybody: us-gov-west-1\n"
          "1 x a machine with another system than Linux\n");
}

/* ---- skypilot-csv ---- */

/* 98304 MiB are both L40S; CRLF ends the lines. */
static void skypilot_columns_are_found_by_name_and_empty_prices_are_no_offer(void **state)
{
    (void)state;
    gives(skypilot, "good.csv", "verda", "",
          "verda|FIN-02|-|8H100.80S.176V|8H100.80S.176V|H100|-|80|8|176|1480|od|USD|18.4|2.3|host|?\n"
          "verda|FIN-02|-|8H100.80S.176V|8H100.80S.176V|H100|-|80|8|176|1480|spot|USD|6.44|0.805|host|?\n"
          "verda|FIN-03|-|2B200.60V|2B200.60V|B200|-|180|2|60|368|spot|USD|3.423|1.7115|host|?\n"
          "verda|FIN-01|-|1A100.22V|1A100.22V|A100|-|80|1|22|120|od|USD|1.29|1.29|host|?\n"
          "verda|FIN-01|-|1WARP.4V|1WARP.4V|-|-|-|1|4|16|od|USD|0.5|0.5|host|?\n"
          "verda|FIN-01|-|2L40S.40V|2L40S.40V|L40S|-|48|2|40|120|od|USD|2.2|1.1|host|?\n"
          "verda|FIN-01|-|2L40S.40V|2L40S.40V|L40S|-|48|2|40|120|spot|USD|0.77|0.385|host|?\n"
          "1 x not on offer on demand\n"
          "1 x unknown GPU WARP\n"
          "1 x a machine without an accelerator\n"
          "1 x a price of zero\n"
          "1 x a negative price\n"
          "1 x a price that is no number\n");
}

/* Attached GPUs come without a host; TPU slices count cores or chips. */
static void skypilot_machines_of_large_clouds_are_known_by_their_type(void **state)
{
    (void)state;
    gives(skypilot, "gcp.csv", "gcp", "",
          "gcp|us-central1|us-central1-a|a3-highgpu-8g|a3-highgpu-8g|H100|SXM|80|8|208|1872|od|USD|88.25|11.03125|host|?\n"
          "gcp|us-central1|us-central1-a|a3-highgpu-8g|a3-highgpu-8g|H100|SXM|80|8|208|1872|spot|USD|25.4|3.175|host|?\n"
          "gcp|us-central1|us-central1-b|-|-|T4|-|16|4|-|-|od|USD|1.4|0.35|bare|?\n"
          "gcp|us-central1|us-central1-b|-|-|T4|-|16|4|-|-|spot|USD|0.56|0.14|bare|?\n"
          "gcp|us-east5|us-east5-a|TPU-VM|TPU-VM|TPU-v5p|-|95|4|-|-|od|USD|16.8|4.2|host|?\n"
          "gcp|us-east5|us-east5-a|TPU-VM|TPU-VM|TPU-v5p|-|95|4|-|-|spot|USD|7.56|1.89|host|?\n"
          "gcp|us-west4|us-west4-a|TPU-VM|TPU-VM|TPU-v5e|-|16|8|-|-|od|USD|9.6|1.2|host|?\n"
          "gcp|us-west4|us-west4-a|TPU-VM|TPU-VM|TPU-v6e|-|32|4|-|-|od|USD|10.8|2.7|host|?\n"
          "gcp|us-west4|us-west4-a|TPU-VM|TPU-VM|TPU-v5p|-|95|-|-|-|od|USD|10.8|-|host|?\n");
    gives(skypilot, "aws.csv", "aws", "",
          "aws|us-east-1|us-east-1a|g5.xlarge|g5.xlarge|A10G|-|24|1|4|16|od|USD|1.006|1.006|host|?\n"
          "aws|us-east-1|us-east-1a|g5.xlarge|g5.xlarge|A10G|-|24|1|4|16|spot|USD|0.41|0.41|host|?\n"
          "aws|us-east-1|us-east-1b|g6f.xlarge|g6f.xlarge|L4|-|24|0.125|4|16|od|USD|0.24|1.92|host|?\n"
          "aws|eu-west-1|-|p6.metal|p6.metal|A100|-|-|0.5|4|16|od|USD|2|4|host|?\n");
}

static void skypilot_tables_of_the_first_version_are_read(void **state)
{
    (void)state;
    gives(skypilot, "old.csv", "aws", "",
          "aws|us-east-1|-|p3.16xlarge|p3.16xlarge|V100|-|16|8|-|-|od|USD|24.48|3.06|host|?\n");
}

/* ---- lambda-types ---- */

static void lambda_prices_are_cents_and_no_region_is_sold_out(void **state)
{
    (void)state;
    gives(lambda, "good.json", "lambda", "",
          "lambda|us-west-3|-|gpu_8x_h100_sxm5|gpu_8x_h100_sxm5|H100|SXM|80|8|208|1800|od|USD|23.92|2.99|host|A\n"
          "lambda|us-east-1|-|gpu_8x_h100_sxm5|gpu_8x_h100_sxm5|H100|SXM|80|8|208|1800|od|USD|23.92|2.99|host|A\n"
          "lambda|-|-|gpu_1x_h100_pcie|gpu_1x_h100_pcie|H100|PCIe|80|1|26|200|od|USD|2.49|2.49|host|N\n"
          "lambda|us-west-2|-|gpu_1x_a100_sxm4|gpu_1x_a100_sxm4|A100|SXM|40|1|30|200|od|USD|1.29|1.29|host|A\n"
          "lambda|-|-|gpu_1x_rtx6000|gpu_1x_rtx6000|Quadro-RTX-6000|-|24|1|26|200|od|USD|0.5|0.5|host|N\n"
          "lambda|us-west-2|-|gpu_1x_warp|gpu_1x_warp|-|-|-|1|26|200|od|USD|0.99|0.99|host|A\n"
          "1 x unknown GPU Warp (9 GB)\n"
          "1 x a row without a price\n"
          "1 x a machine without a GPU\n");
}

/* ---- oci-products ---- */

static void oci_prices_are_those_of_one_gpu_under_misleading_names(void **state)
{
    (void)state;
    gives(oci, "good.json", "oracle", "",
          "oracle|-|-|B88518|-|P100|-|16|1|-|-|od|USD|-|1.275|-|?\n"
          "oracle|-|-|B89734|-|V100|-|16|1|-|-|od|USD|-|2.95|-|?\n"
          "oracle|-|-|B92740|-|A100|SXM|40|1|-|-|od|USD|-|3.05|-|?\n"
          "oracle|-|-|B95907|-|A100|SXM|80|1|-|-|od|USD|-|4|-|?\n"
          "oracle|-|-|B95909|-|A10|-|24|1|-|-|od|USD|-|2|-|?\n"
          "oracle|-|-|B98415|-|H100|SXM|80|1|-|-|od|USD|-|10|-|?\n"
          "oracle|-|-|B00001|-|-|-|-|1|-|-|od|USD|-|1|-|?\n"
          "oracle|-|-|B00004|-|B200|-|180|1|-|-|od|EUR|-|12.5|-|?\n"
          "1 x unknown GPU OCI - Compute - GPU - Warp\n"
          "1 x a price of zero\n"
          "1 x price model MONTHLY_COMMIT\n"
          "1 x a part that is no GPU\n"
          "1 x a part in another unit than GPU Per Hour\n"
          "1 x a row without a price\n");
}

/* ---- gcp-skus ---- */

static void gcp_prices_are_those_of_one_gpu_without_a_host(void **state)
{
    (void)state;
    gives(gcp, "good.json", "", "",
          "gcp|us-central1|-|0001-A|-|H100|SXM|80|1|-|-|od|USD|-|9.796552585|bare|?\n"
          "gcp|us-west1|-|0001-A|-|H100|SXM|80|1|-|-|od|USD|-|9.796552585|bare|?\n"
          "gcp|europe-west1|-|0002-A|mega|H100|SXM|80|1|-|-|spot|USD|-|2|bare|?\n"
          "gcp|us-central1|-|0003-A|-|A100|SXM|40|1|-|-|od|USD|-|2.933908|bare|?\n"
          "gcp|us-central1|-|0004-A|-|A100|SXM|80|1|-|-|od|USD|-|3.92813|bare|?\n"
          "gcp|us-central1|-|0012-A|-|-|-|-|1|-|-|od|USD|-|1|bare|?\n"
          "1 x Commitment\n"
          "1 x Reserved\n"
          "1 x DWS\n"
          "1 x Licensing Fee\n"
          "1 x a price of zero\n"
          "1 x a unit other than h\n"
          "1 x no GPU\n"
          "1 x unknown GPU Nvidia Warp\n"
          "1 x another usage type\n");
    gives(gcp, "archive.json", "", "",
          "gcp|Belgium|-|0002-A|mega|H100|SXM|80|1|-|-|spot|USD|-|2|bare|?\n"
          "gcp|Iowa|-|0003-A|-|A100|SXM|40|1|-|-|od|USD|-|2.933908|bare|?\n");
}

/* ---- digitalocean-sizes ---- */

/* Memory is that of all GPUs. */
static void digitalocean_prices_are_the_machine_s(void **state)
{
    (void)state;
    gives(ocean, "good.json", "digitalocean", "",
          "digitalocean|nyc2|-|gpu-h100x8-640gb|gpu-h100x8-640gb|H100|-|80|8|20|240|od|USD|23.92|2.99|host|A\n"
          "digitalocean|tor1|-|gpu-h100x8-640gb|gpu-h100x8-640gb|H100|-|80|8|20|240|od|USD|23.92|2.99|host|A\n"
          "digitalocean|atl1|-|gpu-mi300x1-192gb|gpu-mi300x1-192gb|MI300X|-|192|1|20|240|od|USD|1.99|1.99|host|N\n"
          "digitalocean|-|-|gpu-l40sx1-48gb|gpu-l40sx1-48gb|L40S|-|48|1|20|240|od|USD|1.57|1.57|host|N\n"
          "digitalocean|tor1|-|gpu-4000adax1-20gb|gpu-4000adax1-20gb|RTX-4000-Ada|-|20|1|20|240|od|USD|0.76|0.76|host|A\n"
          "digitalocean|tor1|-|gpu-6000adax1-48gb|gpu-6000adax1-48gb|RTX-6000-Ada|-|48|1|20|240|od|USD|1.57|1.57|host|?\n"
          "digitalocean|nyc2|-|gpu-h200x1-141gb|gpu-h200x1-141gb|H200|-|141|-|20|240|od|USD|3.44|-|host|A\n"
          "1 x a machine without a GPU\n");
}

/* ---- primeintellect-availability ---- */

static void primeintellect_names_the_cloud_behind(void **state)
{
    (void)state;
    gives(prime, "good.json", "primeintellect", "",
          "lambda|united_states|us-east-2|8x_H100_80GB_SXM5|8x_H100_80GB_SXM5|H100|SXM|80|8|-|-|od|USD|23.92|2.99|host|L\n"
          "hyperstack|united_states|us-east-2|n3-A100x1|n3-A100x1|A100|PCIe|80|1|-|-|od|USD|1.35|1.35|host|A\n"
          "runpod|united_states|-|77|77|H100|PCIe|80|1|-|-|spot|USD|1.25|1.25|host|A\n"
          "runpod|-|us-east-2|78|78|RTX-4090|-|24|2|-|-|od|USD|0.68|0.34|host|N\n"
          "runpod|united_states|us-east-2|79|79|-|-|-|1|-|-|od|USD|1|1|host|?\n"
          "1 x unknown GPU WARP_9GB PCIe\n"
          "1 x stock status Plenty\n"
          "1 x a row without a price\n");
    gives(prime, "map.json", "", "",
          "lambda|united_states|us-east-2|8x_H100_80GB_SXM5|8x_H100_80GB_SXM5|H100|SXM|80|8|-|-|od|USD|23.92|2.99|host|L\n"
          "runpod|united_states|-|77|77|H100|PCIe|80|1|-|-|spot|USD|1.25|1.25|host|A\n"
          "hyperstack|united_states|us-east-2|n3-A100x1|n3-A100x1|A100|PCIe|80|1|-|-|od|USD|1.35|1.35|host|A\n");
}

/* clang-format on */

/* ---- pages ---- */

static void next_pages_are_given_out(void **state)
{
    (void)state;
    next_page_is(ocean, "good.json", NULL);
    next_page_is(ocean, "page1.json", "https://api.digitalocean.com/v2/sizes?page=2&per_page=500");
    next_page_is(vultr, "good.json", NULL);
    next_page_is(vultr, "page1.json", "?type=vcg&per_page=500&cursor=bmV4dF9fMTA%3D");
    next_page_is(gcp, "good.json", NULL);
    struct run r = parse_fixture(gcp, "page1.json"); /* its address holds the key */
    assert_true(ct_span_starts(r.rows.next_page, "?key={key}&pageSize=5000&pageToken=%"));
    done(&r);
}

/* ---- all of them ---- */

static void damaged_answers_are_refused_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        refused_at(all[i], "page.html", CT_ERR_SHAPE, "body", "HTML page");
        if (all[i] != skypilot)
            refused_at(all[i], "cut.json", CT_ERR_SYNTAX, "line ", "cut off");
        struct run r = parse_text(all[i], "");
        assert_int_equal(r.status, CT_ERR_SHAPE);
        assert_non_null(strstr(r.err.what, "an empty body"));
        assert_true(is_empty(&r.rows));
        done(&r);
    }
    refused_at(advisor, "wrong.json", CT_ERR_SHAPE, "$.spot_advisor", "by operating system");
    refused_at(advisor, "no_label.json", CT_ERR_SHAPE, "$.ranges[0].label", "wanted a string");
    refused_at(gcp, "wrong.json", CT_ERR_SHAPE, "$.skus[1]", "found a number");
    refused_at(oci, "wrong.json", CT_ERR_SHAPE, "$.items[1]", "an object with partNumber");
    refused_at(lambda, "wrong.json", CT_ERR_SHAPE, "$.data.*", "wanted an object with an instance_type");
    refused_at(runpod, "wrong.json", CT_ERR_SHAPE, "$.data.gpuTypes[1]", "id and memoryInGb");
    refused_at(vultr, "wrong.json", CT_ERR_SHAPE, "$.plans[1]", "found a string");
    refused_at(ocean, "wrong.json", CT_ERR_SHAPE, "$.sizes", "wanted an array, found an object");
    refused_at(verda, "wrong.json", CT_ERR_SHAPE, "$", "price_per_hour");
    refused_at(verda, "availability.json", CT_ERR_SHAPE, "$", "price_per_hour");
    refused_at(scaleway, "wrong.json", CT_ERR_SHAPE, "$.servers",
               "wanted an object, found an array");
    refused_at(shadeform, "wrong.json", CT_ERR_SHAPE, "$.instance_types[1]", "shade_instance_type");
    refused_at(prime, "wrong.json", CT_ERR_SHAPE, "$.items[1]", "an object with cloudId");
    refused_at(skypilot, "wrong.csv", CT_ERR_SHAPE, "row 1", "no column AcceleratorName");
    refused_at(skypilot, "cut.csv", CT_ERR_SYNTAX, "body", "cut off");
    refused_at(skypilot, "cut_cell.csv", CT_ERR_SYNTAX, "body", "cut off");
    refused_at(skypilot, "cut_row.csv", CT_ERR_SYNTAX, "row 4", "3 cells under 10 columns");
}

static void refusals_of_a_server_are_no_answers(void **state)
{
    (void)state;
    refused_at(runpod, "error.json", CT_ERR_SHAPE, "$.data", "a JSON error answer");
    refused_at(lambda, "denied.json", CT_ERR_SHAPE, "$.data", "a JSON error answer");
    refused_at(ocean, "denied.json", CT_ERR_SHAPE, "$.sizes", "a JSON error answer");
    refused_at(gcp, "denied.json", CT_ERR_SHAPE, "$.skus", "a JSON error answer");
    refused_at(prime, "denied.json", CT_ERR_SHAPE, "$", "offers by GPU");
}

static void empty_answers_are_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < CT_LEN(all); i++) {
        struct run r = parse_fixture(all[i], all[i] == skypilot ? "empty.csv" : "empty.json");
        assert_int_equal(r.status, CT_OK);
        assert_true(is_empty(&r.rows));
        done(&r);
    }
}

static void hostile_text_reaches_rows_clean(void **state)
{
    (void)state;
    struct run r = parse_text(
        lambda, "{\"data\":{\"\\u001b[2J\":{\"instance_type\":{\"gpu_description\":"
                "\"\\u202eH100\\u001b[2J\",\"price_cents_per_hour\":100,\"specs\":{\"gpus\":1}},"
                "\"regions_with_capacity_available\":[{\"name\":\"a\\u009b\\u0000\\nb\"}]}}}");
    assert_int_equal(r.status, CT_OK);
    assert_int_equal(r.rows.offers.n, 1);
    check_rows(&r);
    assert_true(ct_span_is(r.rows.offers.v[0].region, "a b"));
    done(&r);
    r = parse_text(skypilot, "InstanceType,AcceleratorName,AcceleratorCount,Price,Region\n"
                             "a\x1b[2J,T4,1,1,\"x\x9b\x01\n y\"\n");
    assert_int_equal(r.status, CT_OK);
    check_rows(&r);
    done(&r);
}

static void amounts_beyond_all_reason_are_notes(void **state)
{
    (void)state;
    struct run r = parse_text(verda, "[{\"instance_type\":\"a\",\"price_per_hour\":\"1e300\","
                                     "\"gpu\":{\"description\":\"1x T4\",\"number_of_gpus\":1}}]");
    assert_int_equal(r.rows.offers.n, 0);
    assert_int_equal(note(&r, "a price that is too large"), 1);
    done(&r);
    r = parse_text(gcp,
                   "[{\"skuId\":\"a\",\"description\":\"Nvidia T4 GPU\",\"pricingInfo\":[{"
                   "\"pricingExpression\":{\"usageUnit\":\"h\",\"tieredRates\":[{\"unitPrice\":"
                   "{\"units\":\"9223372036854775807\",\"nanos\":-5}}]}}]}]");
    assert_int_equal(r.rows.offers.n, 0);
    assert_int_equal(note(&r, "a price that is no number"), 1);
    done(&r);
}

static void an_answer_without_end_meets_a_limit(void **state)
{
    struct ct_buf b = CT_BUF_INIT;
    (void)state;
    ct_buf_adds(&b, "InstanceType,AcceleratorName,AcceleratorCount,Price,Region\n");
    for (int i = 0; i < 20001; i++)
        ct_buf_addf(&b, "m%d,T4,1,1,x\n", i);
    struct run r = parse_span(skypilot, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    assert_true(is_empty(&r.rows));
    done(&r);
    ct_buf_clear(&b);
    for (int i = 0; i < 100; i++)
        ct_buf_addf(&b, "InstanceType,");
    ct_buf_adds(&b, "\n");
    r = parse_span(skypilot, ct_buf_span(&b));
    assert_int_equal(r.status, CT_ERR_LIMIT);
    done(&r);
    ct_buf_free(&b);
}

static void without_tables_nothing_is_guessed(void **state)
{
    struct ct_error err;
    (void)state;
    ct_reference_free();
    for (size_t i = 0; i < CT_LEN(all); i++)
        refused_at(all[i], good_file(all[i]), CT_ERR_CONFIG, "reference", "not loaded");
    assert_int_equal(ct_reference_load(&err), CT_OK);
}

/* ---- recorded answers ---- */

/* The row of SKU bought as PURCHASE, of COUNT GPUs. */
static const struct ct_offer *offer(const struct run *r, const char *sku, int purchase, int count)
{
    for (size_t i = 0; i < r->rows.offers.n; i++) {
        const struct ct_offer *o = &r->rows.offers.v[i];
        if (ct_span_is(o->sku, sku) && o->purchase == purchase &&
            o->gpu_count_milli == count * 1000)
            return o;
    }
    fail_msg("no %s of %d %s", ct_purchase_words[purchase], count, sku);
    return NULL;
}

static void recorded_price_answers_say_what_a_reader_sees(void **state)
{
    static const struct {
        const struct ct_family *const *f;
        const char *file, *provider;
        size_t offers;
        const char *sku;
        int purchase, count;
        int64_t gpu_hour; /* nano */
    } want[] = {
        {&runpod, "prices/runpod_gputypes_graphql_2026-08.json", "", 73, "NVIDIA A100-SXM4-80GB",
         CT_PURCHASE_OD, 8, 1390000000},
        {&runpod, "prices/runpod_gputypes_prices_2025-06-21.json", "", 103, "NVIDIA H100 NVL",
         CT_PURCHASE_SPOT, 1, 1650000000},
        {&verda, "prices/verda_two_gpu_testliteral.json", "", 2, "2A6000.20V", CT_PURCHASE_OD, 2,
         990000000},
        {&verda, "prices/verda_cpu_instance_testliteral.json", "", 0, NULL, 0, 0, 0},
        {&vultr, "prices/vultr_bare_metal_testliteral.json", "", 4, "vbm-112c-2048gb-8-h100-gpu",
         CT_PURCHASE_SPOT, 8, 2300000000},
        {&vultr, "prices/vultr_vm_instances_testliteral.json", "", 3, "vcg-a100-12c-120g-80vram",
         CT_PURCHASE_OD, 1, 2397000000},
        {&ocean, "prices/digitalocean_sizes_response_testliteral.json", "", 2, "gpu-mi300x8-1536gb",
         CT_PURCHASE_OD, 8, 1990000000},
        {&scaleway, "prices/scaleway_products_servers_fr-par-1_page1_2025-07.json", "", 4,
         "L4-8-24G", CT_PURCHASE_OD, 8, 750000000},
        {&advisor, "prices/aws_spot_advisor_2025-07.json", "", 824, "p5.48xlarge", CT_PURCHASE_SPOT,
         8, CT_NONE},
        {&skypilot, "prices/skypilot_verda_vms_v8.csv", "verda", 33, "1H100.80S.32V",
         CT_PURCHASE_SPOT, 1, 801500000},
        {&skypilot, "prices/skypilot_shadeform_vms_2025-10.csv", "shadeform", 244,
         "excesssupply_H200-sxm5x8-NVLINK", CT_PURCHASE_OD, 8, 2450000000},
        {&skypilot, "prices/skypilot_aws_2021-11.csv.gz", "aws", 89, "dl1.24xlarge", CT_PURCHASE_OD,
         8, 1638630000},
        {&oci, "prices/oci_products_usd_2024-01.json", "", 7, "B92740", CT_PURCHASE_OD, 1,
         3050000000},
        {&gcp, "prices/gcp_billing_skus_gpu_2025-06-17.json", "", 572, "0008-F633-76AA",
         CT_PURCHASE_SPOT, 1, 235032100},
    };
    struct run r;
    (void)state;
    for (size_t i = 0; i < CT_LEN(want); i++) {
        r = recorded_asked(*want[i].f, want[i].file, want[i].provider);
        if (r.status != CT_OK || r.rows.offers.n != want[i].offers)
            print_error("%s: %zu offers %s\n", want[i].file, r.rows.offers.n, r.err.what);
        assert_int_equal(r.status, CT_OK);
        assert_int_equal(r.rows.offers.n, want[i].offers);
        if (want[i].sku)
            assert_int_equal(
                offer(&r, want[i].sku, want[i].purchase, want[i].count)->price_per_gpu_hour,
                want[i].gpu_hour);
        done(&r);
    }
    r = recorded_asked(verda, "prices/verda_data_testliteral.json", NULL); /* another question's */
    assert_int_equal(r.status, CT_ERR_SHAPE);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_spot_history_keeps_the_newest_price_of_each_zone),
        cmocka_unit_test(aws_blocks_cost_their_fee_over_hours_machines_and_gpus),
        cmocka_unit_test(ovh_prices_are_hundred_millionths_and_minutes_times_sixty),
        cmocka_unit_test(runpod_prices_of_one_gpu_are_kept_apart_by_kind),
        cmocka_unit_test(runpod_machines_asked_for_are_not_one_gpu),
        cmocka_unit_test(runpod_stock_is_that_of_what_was_asked),
        cmocka_unit_test(runpod_archives_are_read_like_answers),
        cmocka_unit_test(runpod_prices_that_disagree_tell_no_count),
        cmocka_unit_test(verda_prices_are_text_and_the_machine_s),
        cmocka_unit_test(shadeform_prices_are_cents_and_each_region_says_yes_or_no),
        cmocka_unit_test(vultr_plans_may_hold_a_fraction_of_a_gpu),
        cmocka_unit_test(vultr_metal_tells_its_gpus_in_the_id),
        cmocka_unit_test(scaleway_prices_are_euro_in_the_zone_asked),
        cmocka_unit_test(advisor_gives_bands_and_no_prices),
        cmocka_unit_test(skypilot_columns_are_found_by_name_and_empty_prices_are_no_offer),
        cmocka_unit_test(skypilot_machines_of_large_clouds_are_known_by_their_type),
        cmocka_unit_test(skypilot_tables_of_the_first_version_are_read),
        cmocka_unit_test(lambda_prices_are_cents_and_no_region_is_sold_out),
        cmocka_unit_test(oci_prices_are_those_of_one_gpu_under_misleading_names),
        cmocka_unit_test(gcp_prices_are_those_of_one_gpu_without_a_host),
        cmocka_unit_test(digitalocean_prices_are_the_machine_s),
        cmocka_unit_test(primeintellect_names_the_cloud_behind),
        cmocka_unit_test(next_pages_are_given_out),
        cmocka_unit_test(damaged_answers_are_refused_with_the_place),
        cmocka_unit_test(refusals_of_a_server_are_no_answers),
        cmocka_unit_test(empty_answers_are_answers),
        cmocka_unit_test(hostile_text_reaches_rows_clean),
        cmocka_unit_test(amounts_beyond_all_reason_are_notes),
        cmocka_unit_test(an_answer_without_end_meets_a_limit),
        cmocka_unit_test(without_tables_nothing_is_guessed),
        cmocka_unit_test(recorded_price_answers_say_what_a_reader_sees),
    };
    recorded_or_left_out();
    return cmocka_run_group_tests(tests, load_tables, unload_tables);
}
