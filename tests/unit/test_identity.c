/* Which accelerator, which model, which region: the reference tables and the rules over them. */
#include "config.h"

#include "db/base/paths.h"
#include "fetchers/gpu.h"
#include "fetchers/modelid.h"
#include "fetchers/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void text_is(struct ct_span got, const char *want)
{
    if (want ? !ct_span_is(got, want) : got.p != NULL)
        print_error("got \"%.*s\", wanted \"%s\"\n", CT_FMT(got), want ? want : "(null)");
    assert_true(want ? ct_span_is(got, want) : got.p == NULL);
}

static int load(void **state)
{
    struct ct_error err = {0};
    (void)state;
    if (ct_reference_load(&err) == CT_OK)
        return 0;
    print_error("%s: %s\n", err.where, err.what);
    return -1;
}

static int unload(void **state)
{
    (void)state;
    ct_reference_free();
    return 0;
}

/* ---- accelerators ---- */

static void gpu_is(const char *text, int64_t mem_mib, const char *gpu, const char *form,
                   int64_t gib)
{
    struct ct_gpu got;
    int64_t milli = mem_mib > 0 ? mem_mib * 1000 / 1024 : CT_NONE;
    bool found = ct_gpu_identify(ct_span(text), milli, &got);
    if (!found || !ct_span_is(got.gpu, gpu) || got.mem_milli != (gib ? gib * 1000 : CT_NONE) ||
        (form ? !ct_span_is(got.form, form) : got.form.p != NULL))
        print_error("%s (%d MiB): %.*s %.*s %.1f\n", text, (int)mem_mib, CT_FMT(got.gpu),
                    CT_FMT(got.form), (double)got.mem_milli / 1000);
    assert_true(found);
    text_is(got.gpu, gpu);
    text_is(got.form, form);
    assert_int_equal(got.mem_milli, gib ? gib * 1000 : CT_NONE);
}

static void spellings_of_one_gpu_are_one_gpu(void **state)
{
    (void)state;
    gpu_is("NVIDIA H100 80GB HBM3", 0, "H100", "SXM", 80);
    gpu_is("H100 SXM", 81559, "H100", "SXM", 80);
    gpu_is("8x H100 SXM5 80GB", 0, "H100", "SXM", 80);
    gpu_is("gpu_8x_h100_sxm5", 0, "H100", "SXM", 80);
    gpu_is("H100-SXM-2-80G", 0, "H100", "SXM", 80);
    gpu_is("h100 pcie", 0, "H100", "PCIe", 80);
    gpu_is("NVIDIA H100 NVL", 0, "H100", "NVL", 94);
    gpu_is("H100NVL", 95830, "H100", "NVL", 94);
    gpu_is("Tesla V100-SXM2-16GB", 0, "V100", "SXM", 16);
    gpu_is("nvidia-tesla-t4", 0, "T4", NULL, 16);
    gpu_is("AMD Instinct MI300X OAM", 0, "MI300X", NULL, 192);
    gpu_is("GH200_480GB", 0, "GH200", NULL, 96);
    gpu_is("B200 SXM", 183359, "B200", NULL, 180);
    gpu_is("Trainium1", 0, "Trainium", NULL, 32);
}

static void what_a_name_does_not_say_stays_unknown(void **state)
{
    (void)state;
    gpu_is("H100", 0, "H100", NULL, 0);       /* SXM, PCIe or NVL */
    gpu_is("A100", 0, "A100", NULL, 0);       /* 40 or 80 GB */
    gpu_is("A100_80G", 0, "A100", NULL, 80);  /* SXM or PCIe */
    gpu_is("H100", 95830, "H100", "NVL", 94); /* only one has so much */
    gpu_is("H200", 143771, "H200", NULL, 141);
    gpu_is("Tesla V100", 32768, "V100", NULL, 32); /* SXM2 or PCIe */
}

static void memory_tells_parts_of_one_name_apart(void **state)
{
    (void)state;
    gpu_is("A100 SXM4", 40960, "A100", "SXM", 40);
    gpu_is("A100 SXM4", 81920, "A100", "SXM", 80);
    gpu_is("A100 PCIE", 40960, "A100", "PCIe", 40);
    gpu_is("A100 PCIE", 81920, "A100", "PCIe", 80);
    gpu_is("RTX 4090", 23028, "RTX-4090", NULL, 24);
    gpu_is("RTX 4090", 49140, "RTX-4090", NULL, 48);
}

static void memory_within_seven_percent_is_the_nominal_one(void **state)
{
    struct ct_gpu got;
    (void)state;
    gpu_is("L4", 22888, "L4", NULL, 24);
    gpu_is("L40S", 45776, "L40S", NULL, 48);
    gpu_is("B300", 275040, "B300", NULL, 288);
    assert_true(ct_gpu_identify(CT_LIT("A40"), 48000 - 48000 * 7 / 100, &got));
    assert_false(got.odd_memory);
    assert_true(ct_gpu_identify(CT_LIT("A40"), 48000 - 48000 * 7 / 100 - 1, &got));
    assert_true(got.odd_memory);
    assert_int_equal(got.mem_milli, 45000); /* as reported */
    assert_false(got.slice);
}

static void a_longer_name_wins(void **state)
{
    (void)state;
    gpu_is("L40S", 0, "L40S", NULL, 48);
    gpu_is("NVIDIA L40", 0, "L40", NULL, 48);
    gpu_is("RTX 6000", 0, "Quadro-RTX-6000", NULL, 24);
    gpu_is("RTX 6000Ada", 0, "RTX-6000-Ada", NULL, 48);
    gpu_is("RTX 6000 Ada Generation", 0, "RTX-6000-Ada", NULL, 48);
    gpu_is("RTX PRO 6000 WS", 97887, "RTX-PRO-6000", NULL, 96);
    gpu_is("NVIDIA GB200", 0, "GB200", NULL, 186);
    gpu_is("Gaudi 3", 0, "Gaudi3", NULL, 128);
}

static void slices_are_not_whole_gpus(void **state)
{
    struct ct_gpu got;
    (void)state;
    assert_true(ct_gpu_identify(CT_LIT("A100 MIG 1g.10gb"), CT_NONE, &got));
    assert_true(got.slice);
    assert_int_equal(got.mem_milli, 10000);
    assert_true(ct_gpu_identify(CT_LIT("NVIDIA A100 3g.20gb"), CT_NONE, &got));
    assert_true(got.slice);
    assert_int_equal(got.mem_milli, 20000);
    assert_true(ct_gpu_identify(CT_LIT("RTX PRO 6000 S"), 24000, &got));
    assert_true(got.slice);
    assert_true(got.odd_memory);
    assert_true(ct_gpu_identify(CT_LIT("RTX PRO 6000 S"), 95593, &got));
    assert_false(got.slice);
}

static void unknown_gpus_are_nothing(void **state)
{
    static const char *const names[] = {
        "",           "A100X",       "RTX 5070", "RTX 3070 Ti", "RTX 5090 Laptop",
        "GTX 1080",   "Matrix 9000", "H1000",    "RTX 4090D",   "RTX 4090 D",
        "\xff\xfe\n", "---"};
    struct ct_gpu got;
    (void)state;
    for (size_t i = 0; i < CT_LEN(names); i++) {
        assert_false(ct_gpu_identify(ct_span(names[i]), 80000, &got));
        assert_null(got.gpu.p);
        assert_int_equal(got.mem_milli, CT_NONE);
    }
    assert_false(ct_gpu_identify(CT_SPAN_NONE, CT_NONE, &got));
}

static void long_texts_are_cut_not_overrun(void **state)
{
    char text[4096];
    struct ct_gpu got;
    (void)state;
    memset(text, 'h', sizeof text);
    assert_false(ct_gpu_identify((struct ct_span){text, sizeof text}, CT_NONE, &got));
    memset(text, ' ', sizeof text);
    memcpy(text + 2000, "H100", 4); /* blanks count as one */
    assert_true(ct_gpu_identify((struct ct_span){text, sizeof text}, CT_NONE, &got));
}

static void instance_types_say_what_they_hold(void **state)
{
    struct ct_instance_type t;
    (void)state;
    assert_true(ct_instance_find(CT_LIT("aws"), CT_LIT("p5.48xlarge"), &t));
    text_is(t.gpu.gpu, "H100");
    text_is(t.gpu.form, "SXM");
    assert_int_equal(t.gpu.mem_milli, 80000);
    assert_int_equal(t.gpu_count_milli, 8000);
    assert_int_equal(t.vcpu_milli, 192000);
    assert_int_equal(t.mem_milli, 2048000);
    assert_true(ct_instance_find(CT_LIT("azure"), CT_LIT("STANDARD_nd96asr_V4"), &t));
    text_is(t.gpu.gpu, "A100");
    assert_int_equal(t.gpu.mem_milli, 40000); /* though the meter says A100 v4 */
    assert_true(ct_instance_find(CT_LIT("azure"), CT_LIT("Standard_NC40ads_H100_v5"), &t));
    text_is(t.gpu.form, "NVL");
    assert_true(ct_instance_find(CT_LIT("aws"), CT_LIT("g6f.large"), &t));
    assert_int_equal(t.gpu_count_milli, 125);
    assert_true(t.gpu.slice);
    assert_true(ct_instance_find(CT_LIT("aws"), CT_LIT("p2.16xlarge"), &t));
    assert_int_equal(t.gpu_count_milli, 16000); /* dies of 12 GB, not boards of 24 */
    assert_int_equal(t.gpu.mem_milli, 12000);
    assert_false(ct_instance_find(CT_LIT("aws"), CT_LIT("m5.large"), &t));
    assert_int_equal(t.gpu_count_milli, CT_NONE);
    assert_false(ct_instance_find(CT_LIT("gcp"), CT_LIT("p5.48xlarge"), &t));
    assert_false(ct_instance_find(CT_LIT("aws"), CT_SPAN_NONE, &t));
}

/* ---- models ---- */

enum { A_SOURCE, A_ID, A_HINT, A_LAB, A_MODEL, A_VARIANT, A_HOST, A_REGION };

/* What the models.dev rows call a provider, in LiteLLM's words. */
static struct ct_span provider_of(struct ct_span source, struct ct_span hint)
{
    if (ct_span_is(source, "openrouter"))
        return CT_LIT("openrouter");
    if (ct_span_is(source, "modelsdev"))
        return ct_span_is(hint, "aws")   ? CT_LIT("bedrock")
               : ct_span_is(hint, "gcp") ? CT_LIT("vertex_ai")
                                         : hint;
    return hint;
}

static bool same(struct ct_span got, struct ct_span want)
{
    return want.n ? ct_span_eq(got, want) : got.p == NULL;
}

static void every_hard_case_of_the_table_gets_its_answer(void **state)
{
    static const char *const columns[] = {"source",  "id",   "hint",   "lab", "model",
                                          "variant", "host", "region", NULL};
    struct ct_tsv t;
    struct ct_error err = {0};
    size_t wrong = 0;
    (void)state;
    assert_int_equal(ct_tsv_load(&t, "model_aliases.tsv", columns, &err), CT_OK);
    assert_true(t.rows >= 135);
    for (size_t r = 0; r < t.rows; r++) {
        struct ct_model_id id;
        struct ct_span text = ct_tsv_cell(&t, r, A_ID);
        ct_model_identify(t.arena, text,
                          provider_of(ct_tsv_cell(&t, r, A_SOURCE), ct_tsv_cell(&t, r, A_HINT)),
                          &id);
        bool right = same(id.lab, ct_tsv_cell(&t, r, A_LAB)) &&
                     same(id.model, ct_tsv_cell(&t, r, A_MODEL)) &&
                     same(id.variant, ct_tsv_cell(&t, r, A_VARIANT)) &&
                     same(id.host, ct_tsv_cell(&t, r, A_HOST)) &&
                     same(id.region, ct_tsv_cell(&t, r, A_REGION));
        if (!right)
            print_error("line %d: %.*s: %.*s | %.*s | %.*s | %.*s | %.*s\n", t.lines[r],
                        CT_FMT(text), CT_FMT(id.lab), CT_FMT(id.model), CT_FMT(id.variant),
                        CT_FMT(id.host), CT_FMT(id.region));
        wrong += !right;
    }
    ct_tsv_free(&t);
    assert_int_equal(wrong, 0);
}

static struct ct_model_id identify(struct ct_arena *a, const char *id, const char *provider)
{
    struct ct_model_id out;
    ct_model_identify(a, ct_span(id), ct_span(provider), &out);
    return out;
}

static void names_beyond_the_table_follow_the_rules(void **state)
{
    static const struct {
        const char *id, *provider, *lab, *model, *variant;
    } cases[] = {
        {"perplexity/r1-1776", "perplexity", "perplexity", "r1-1776", NULL},
        {"anthropic.claude-v1", "bedrock", "anthropic", "claude-1", NULL},
        {"cohere.command-light-text-v14:7:4k", "bedrock", "cohere", "command-light", "4k"},
        {"claude-opus-4.6-fast", "anthropic", "anthropic", "claude-opus-4.6", "fast"},
        {"claude-3-7-sonnet-thinking", "anthropic", "anthropic", "claude-sonnet-3.7", "thinking"},
        {"azure/mistral-medium-2508", "azure_ai", "mistral", "mistral-medium-3.1", "2508"},
        {"xai/grok-4-20-beta-0309-reasoning", "xai", "xai", "grok-4.20", "0309,beta,reasoning"},
        {"mistralai/Mistral-7B-Instruct-v0.3", "together_ai", "mistral", "mistral-7b", NULL},
        {"watsonx/meta-llama/llama-3-2-11b-vision-instruct", "watsonx", "meta", "llama-3.2-11b",
         "instruct,vision"},
        {"fireworks_ai/accounts/fireworks/models/qwen2p5-72b-instruct", "fireworks_ai", "alibaba",
         "qwen2.5-72b", "instruct"},
        {"novita/Sao10K/L3-8B-Stheno-v3.2", "novita", "sao10k", "l3-8b-stheno-v3.2", NULL},
        {"featherless_ai/featherless-ai/Qwerky-72B", "featherless_ai", NULL, "qwerky-72b", NULL},
        {"GPT_4  O", "openai", "openai", "gpt-4-o", NULL},
    };
    struct ct_arena *a = ct_arena_new(0);
    (void)state;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_model_id id = identify(a, cases[i].id, cases[i].provider);
        text_is(id.lab, cases[i].lab);
        text_is(id.model, cases[i].model);
        text_is(id.variant, cases[i].variant);
    }
    ct_arena_free(a);
}

static void routers_and_price_classes_are_no_models(void **state)
{
    static const char *const cases[][2] = {
        {"azure/container", "azure"},
        {"azure_ai/model_router", "azure_ai"},
        {"openrouter/openrouter/free", "openrouter"},
        {"together-ai-up-to-4b", "together_ai"},
        {"perplexity/preset/pro-search", "perplexity"},
    };
    struct ct_arena *a = ct_arena_new(0);
    (void)state;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_model_id id = identify(a, cases[i][0], cases[i][1]);
        assert_true(id.pseudo);
        text_is(id.model, NULL);
        text_is(id.lab, NULL);
        assert_non_null(id.host.p);
    }
    ct_arena_free(a);
}

static void open_and_closed_weights_are_kept_apart(void **state)
{
    static const struct {
        const char *id, *provider;
        int open;
    } cases[] = {
        {"openai.gpt-oss-120b-1:0", "bedrock", 1},
        {"gpt-4o", "openai", 0},
        {"o3-mini", "openai", 0},
        {"azure_ai/Llama-3.3-70B-Instruct", "azure_ai", 1},
        {"claude-opus-4-6", "anthropic", 0},
        {"gemini-2.5-pro", "vertex_ai", 0},
        {"google.gemma-3-27b-it", "bedrock", 1},
        {"us.deepseek.r1-v1:0", "bedrock", 1},
        {"deepseek/deepseek-chat", "deepseek", -1}, /* floats */
        {"mistral/mistral-small-latest", "mistral", -1},
        {"novita/sao10k/llama-3-lunaris-8b", "novita", 1},
        {"nvidia/llama-3.1-nemotron-70b-instruct", "openrouter", 1},
        {"somebody/weights", "novita", -1},
    };
    struct ct_arena *a = ct_arena_new(0);
    (void)state;
    for (size_t i = 0; i < CT_LEN(cases); i++) {
        struct ct_model_id id = identify(a, cases[i].id, cases[i].provider);
        if (id.open_weights != cases[i].open)
            print_error("%s: %d\n", cases[i].id, id.open_weights);
        assert_int_equal(id.open_weights, cases[i].open);
    }
    ct_arena_free(a);
}

static void an_unknown_provider_keeps_its_name_and_has_no_class(void **state)
{
    struct ct_arena *a = ct_arena_new(0);
    struct ct_model_id id = identify(a, "newcloud/gpt-oss-20b", "newcloud");
    (void)state;
    text_is(id.host, "newcloud");
    text_is(id.host_class, NULL);
    text_is(id.lab, "openai");
    id = identify(a, "vertex_ai/gemini-9", "vertex_ai-something_new");
    text_is(id.host, "gcp");
    text_is(id.host_class, "cloud");
    ct_arena_free(a);
}

/* Something that a rule looks for, or a byte that none does. */
static struct ct_span piece(uint64_t n)
{
    struct ct_span rest = CT_LIT("claude-,-v,3,-,:,@,/,.,llama,us.,anthropic.,-instruct,2024,-41,p,"
                                 "-20250929,grok-4-20,\xc3\xa9,v0.,mistral-medium,-2505,meta-llama,"
                                 "ft:,_, ,~,command-text,gpt-35,qwen-,-3-,databricks-,openrouter/");
    struct ct_span one = CT_SPAN_NONE;
    for (uint64_t i = 0; i <= n % 32 && rest.p; i++)
        one = ct_span_cut(&rest, ',');
    return one;
}

static void any_bytes_may_be_an_id(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (int n = 0; n < 20000; n++) {
        struct ct_arena *a = ct_arena_new(0);
        struct ct_buf id = CT_BUF_INIT;
        struct ct_model_id out;
        for (int k = (int)(seed >> 60); k >= 0; k--) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            ct_buf_add(&id, piece(seed >> 33));
            if (n % 50 == 0) /* some are far too long */
                for (int z = 0; z < 60; z++)
                    ct_buf_addc(&id, (char)(seed >> (z % 50)));
        }
        char *exact = malloc(id.n);
        memcpy(exact, id.p, id.n);
        ct_model_identify(a, (struct ct_span){exact, id.n},
                          n % 2 ? CT_LIT("bedrock") : CT_LIT("azure"), &out);
        free(exact);
        assert_true(out.model.p == NULL || out.model.n > 0);
        assert_true(out.lab.p == NULL || out.model.p != NULL);
        ct_buf_free(&id);
        ct_arena_free(a);
    }
}

/* ---- regions and tables ---- */

static void old_region_names_are_mapped_and_governments_known(void **state)
{
    (void)state;
    text_is(ct_region_canonical(CT_LIT("aws"), CT_LIT("us-east")), "us-east-1");
    text_is(ct_region_canonical(CT_LIT("aws"), CT_LIT("apac-syd")), "ap-southeast-2");
    text_is(ct_region_canonical(CT_LIT("aws"), CT_LIT("us-east-2")), "us-east-2");
    text_is(ct_region_canonical(CT_LIT("azure"), CT_LIT("us-east")), "us-east");
    assert_true(ct_region_is_sovereign(CT_LIT("azure"), CT_LIT("usgovvirginia")));
    assert_true(ct_region_is_sovereign(CT_LIT("azure"), CT_LIT("chinaeast2")));
    assert_false(ct_region_is_sovereign(CT_LIT("azure"), CT_LIT("eastus")));
    assert_true(ct_region_is_sovereign(CT_LIT("aws"), CT_LIT("us-gov-west-1")));
}

static void tables_are_checked_line_by_line(void **state)
{
    static const char *const columns[] = {"b", "a", NULL};
    static const struct {
        const char *text, *where, *what;
    } bad[] = {
        {"", "t.tsv:1", "empty table"},
        {"# only a comment\n\n", "t.tsv:1", "empty table"},
        {"a\tc\n", "t.tsv:1", "no column b"},
        {"a\tb\ta\n", "t.tsv:1", "two columns a"},
        {"a\tb\n1\t2\n\n1\t2\t3\n", "t.tsv:4", "another number of columns"},
        {"a\tb\n1\n", "t.tsv:2", "another number of columns"},
        {"# x\na\tb\n1\t\x1b[2J\n", "t.tsv:3", "not clean"},
        {"a\tb\n1\t\xff\n", "t.tsv:2", "not clean"},
    };
    struct ct_tsv t;
    struct ct_error err;
    struct ct_tsv_key *index;
    (void)state;
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        assert_int_equal(ct_tsv_read(&t, "t.tsv", ct_span(bad[i].text), columns, &err),
                         CT_ERR_CONFIG);
        assert_string_equal(err.where, bad[i].where);
        assert_non_null(strstr(err.what, bad[i].what));
    }
    assert_int_equal(
        ct_tsv_read(&t, "t.tsv", CT_LIT("# c\r\na\tx\tb\r\n 1 \t\t2\r\n\r\nB\t\tq"), columns, &err),
        CT_OK);
    assert_int_equal(t.rows, 2);
    text_is(ct_tsv_cell(&t, 0, 0), "2");
    text_is(ct_tsv_cell(&t, 0, 1), "1");
    assert_int_equal(t.lines[1], 5);
    assert_int_equal(ct_tsv_index(&t, 1, &index, &err), CT_OK);
    assert_int_equal(ct_tsv_find(&t, index, CT_LIT("b")), 1);
    assert_int_equal(ct_tsv_find(&t, index, CT_LIT("c")), -1);
    ct_tsv_free(&t);
    assert_int_equal(ct_tsv_read(&t, "t.tsv", CT_LIT("a\tb\nX\t1\nx\t2\n"), columns, &err), CT_OK);
    assert_int_equal(ct_tsv_index(&t, 1, &index, &err), CT_ERR_CONFIG);
    assert_string_equal(err.where, "t.tsv:3");
    ct_tsv_free(&t);
}

/* Loads the tables with LINE put behind FILE's last one, from a folder of their own. */
static enum ct_status load_with(const char *file, const char *line, struct ct_error *err)
{
    static const char *const files[] = {"accelerators.tsv",       "instance_types.tsv",
                                        "model_hosts.tsv",        "model_lab_orgs.tsv",
                                        "model_lab_prefixes.tsv", "regions.tsv"};
    const char *top = getenv("CT_SRCDIR"), *build = getenv("CT_BUILDDIR"),
               *was = getenv("CLOUDTAPE_DATADIR");
    char folder[512], path[700], *before = was ? ct_xstrdup(was) : NULL;
    snprintf(folder, sizeof folder, "%s/tables-XXXXXX", build ? build : ".");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fetchers/reference", folder);
    assert_int_equal(ct_mkdirs(path, err), CT_OK);
    for (size_t i = 0; i < CT_LEN(files); i++) {
        struct ct_buf text = CT_BUF_INIT;
        snprintf(path, sizeof path, "%s/fetchers/reference/%s", top ? top : ".", files[i]);
        assert_int_equal(ct_read_file(path, 1u << 20, &text, err), CT_OK);
        if (strcmp(files[i], file) == 0)
            ct_buf_addf(&text, "%s\n", line);
        snprintf(path, sizeof path, "%s/fetchers/reference/%s", folder, files[i]);
        assert_int_equal(ct_write_file(path, ct_buf_span(&text), err), CT_OK);
        ct_buf_free(&text);
    }
    ct_reference_free();
    setenv("CLOUDTAPE_DATADIR", folder, 1);
    enum ct_status s = ct_reference_load(err);
    if (before)
        setenv("CLOUDTAPE_DATADIR", before, 1);
    else
        unsetenv("CLOUDTAPE_DATADIR");
    free(before);
    for (size_t i = 0; i < CT_LEN(files); i++) {
        snprintf(path, sizeof path, "%s/fetchers/reference/%s", folder, files[i]);
        unlink(path);
    }
    static const char *const folders[] = {"/fetchers/reference", "/fetchers", ""};
    for (size_t i = 0; i < CT_LEN(folders); i++) {
        snprintf(path, sizeof path, "%s%s", folder, folders[i]);
        rmdir(path);
    }
    return s;
}

/* An accelerator row: canonical, gpu, form, ..., memory_gb, ..., aliases. */
#define ROW(name, gpu, memory, aliases)                                                            \
    name "\t" gpu "\t\tX\tgpu\tX\t" memory "\t\t\t\t\tlow\ttest\t\t" aliases

static void no_alias_may_name_two_parts(void **state)
{
    static const struct {
        const char *file, *line, *what;
    } bad[] = {
        {"accelerators.tsv", ROW("Z9", "Z9", "8", "Tesla-T4"), "already names another part"},
        {"accelerators.tsv", ROW("Z9", "Z9", "8", "nvidia_l4"), "already names another part"},
        {"accelerators.tsv", ROW("Z9", "Z9", "8", "H100"), "already names another part"},
        {"accelerators.tsv", ROW("A100-90GB", "A100", "90", "A100"), "names the GPU, not one part"},
        {"accelerators.tsv", ROW("h100-sxm", "Z9", "8", ""), "stands in line"},
        {"accelerators.tsv", ROW("Z9", "Z9", "lots", ""), "memory_gb"},
        {"accelerators.tsv", ROW("Z9", "", "8", ""), "gpu is empty"},
        {"instance_types.tsv", "aws\tz9.large\tZ9\t1\t2\t3\ttest\t",
         "no accelerator is called \"Z9\""},
        {"instance_types.tsv", "aws\tz9.large\tT4\t0\t2\t3\ttest\t", "no number above 0"},
        {"instance_types.tsv", "aws\tP5.48XLARGE\tT4\t1\t2\t3\ttest\t", "stands in line"},
        {"model_hosts.tsv", "OpenAI\tx\tdirect\ttest", "stands in line"},
        {"model_lab_orgs.tsv", "openai\tx\ttest", "stands in line"},
        {"model_lab_prefixes.tsv", "zz\tlab\tperhaps\ttest", "open_weights is yes, no or empty"},
        {"model_lab_prefixes.tsv", "zz\t\t\ttest", "lab is empty"},
        {"model_lab_prefixes.tsv", "Zz\tlab\t\ttest", "lower case"},
        {"regions.tsv", "aws\tmars\t\tmaybe\ttest", "sovereign is yes or empty"},
    };
    struct ct_error err;
    (void)state;
    for (size_t i = 0; i < CT_LEN(bad); i++) {
        memset(&err, 0, sizeof err);
        assert_int_equal(load_with(bad[i].file, bad[i].line, &err), CT_ERR_CONFIG);
        if (!strstr(err.what, bad[i].what))
            print_error("%s: %s: wanted %s\n", err.where, err.what, bad[i].what);
        assert_non_null(strstr(err.what, bad[i].what));
        assert_int_equal(strncmp(err.where, bad[i].file, strlen(bad[i].file)), 0);
        assert_int_equal(ct_reference_need(&err), CT_ERR_CONFIG);
    }
    assert_int_equal(load_with("accelerators.tsv", ROW("Z9", "Z9", "8", "Zed Nine|ZN"), &err),
                     CT_OK);
    gpu_is("my zed-nine", 0, "Z9", NULL, 8);
    ct_reference_free();
    assert_int_equal(ct_reference_load(&err), CT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_gpu_are_one_gpu),
        cmocka_unit_test(what_a_name_does_not_say_stays_unknown),
        cmocka_unit_test(memory_tells_parts_of_one_name_apart),
        cmocka_unit_test(memory_within_seven_percent_is_the_nominal_one),
        cmocka_unit_test(a_longer_name_wins),
        cmocka_unit_test(slices_are_not_whole_gpus),
        cmocka_unit_test(unknown_gpus_are_nothing),
        cmocka_unit_test(long_texts_are_cut_not_overrun),
        cmocka_unit_test(instance_types_say_what_they_hold),
        cmocka_unit_test(every_hard_case_of_the_table_gets_its_answer),
        cmocka_unit_test(names_beyond_the_table_follow_the_rules),
        cmocka_unit_test(routers_and_price_classes_are_no_models),
        cmocka_unit_test(open_and_closed_weights_are_kept_apart),
        cmocka_unit_test(an_unknown_provider_keeps_its_name_and_has_no_class),
        cmocka_unit_test(any_bytes_may_be_an_id),
        cmocka_unit_test(old_region_names_are_mapped_and_governments_known),
        cmocka_unit_test(tables_are_checked_line_by_line),
        cmocka_unit_test(no_alias_may_name_two_parts),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
