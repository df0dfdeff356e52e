/* A price list of AWS of any size, made up piece by piece: few machines with accelerators among
 * very many without, as in the real one. And how much memory reading it takes. */
#ifndef CT_PRICELIST_H
#define CT_PRICELIST_H

#include "db/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const pricelist_machines[] = {"p5.48xlarge", "p4d.24xlarge", "g6.xlarge",
                                                 "g6.12xlarge", "inf2.xlarge",  "g6.48xlarge"};
enum { PRICELIST_EVERY = 40, PRICELIST_ROWS = 3 * CT_LEN(pricelist_machines) };

/* What takes the bytes. */
typedef void pricelist_put(void *ctx, struct ct_span bytes);

/* Product I: a known machine now and then, until each had its turn. */
static inline const char *pricelist_machine(int i)
{
    size_t known = (size_t)i / PRICELIST_EVERY;
    return i % PRICELIST_EVERY == 7 && known < CT_LEN(pricelist_machines)
               ? pricelist_machines[known]
               : "m5.large";
}

static inline void pricelist_json(uint64_t bytes, pricelist_put *put, void *ctx)
{
    static const char *const options[] = {"No Upfront", "Partial Upfront", "All Upfront"};
    int products = (int)(bytes / 6080) + PRICELIST_EVERY * (int)CT_LEN(pricelist_machines);
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_adds(&b, "{\n  \"formatVersion\" : \"v1.0\",\n  \"offerCode\" : \"AmazonEC2\",\n"
                    "  \"publicationDate\" : \"2026-10-15T12:30:00Z\",\n  \"products\" : {");
    for (int i = 0; i < products; i++) {
        ct_buf_addf(
            &b,
            "%s\n    \"SKU%013d\" : {\n      \"sku\" : \"SKU%013d\",\n      \"productFamily\" : "
            "\"Compute Instance\",\n      \"attributes\" : {\n        \"servicecode\" : "
            "\"AmazonEC2\",\n        \"location\" : \"US East (N. Virginia)\",\n        "
            "\"instanceType\" : \"%s\",\n        \"currentGeneration\" : \"Yes\",\n        "
            "\"vcpu\" : \"2\",\n        \"memory\" : \"8 GiB\",\n        \"tenancy\" : "
            "\"Shared\",\n        \"operatingSystem\" : \"%s\",\n        \"usagetype\" : "
            "\"BoxUsage\",\n        \"operation\" : \"RunInstances\",\n        "
            "\"capacitystatus\" : \"Used\",\n        \"regionCode\" : \"us-east-1\",\n        "
            "\"preInstalledSw\" : \"NA\"\n      }\n    }",
            i ? "," : "", i, i, pricelist_machine(i),
            i % PRICELIST_EVERY != 7 && i % 3 ? "Windows" : "Linux");
        put(ctx, ct_buf_span(&b));
        ct_buf_clear(&b);
    }
    ct_buf_adds(&b, "\n  },\n  \"terms\" : {");
    for (int kind = 0; kind < 2; kind++) {
        ct_buf_addf(&b, "%s\n    \"%s\" : {", kind ? "," : "", kind ? "Reserved" : "OnDemand");
        for (int i = 0; i < products; i++) {
            ct_buf_addf(&b, "%s\n      \"SKU%013d\" : {", i ? "," : "", i);
            for (int t = 0; t < (kind ? 6 : 1); t++) {
                ct_buf_addf(
                    &b,
                    "%s\n        \"SKU%013d.TERM%d\" : {\n          \"offerTermCode\" : "
                    "\"TERM%d\",\n          \"sku\" : \"SKU%013d\",\n          "
                    "\"effectiveDate\" : \"2026-09-01T00:00:00Z\",\n          "
                    "\"priceDimensions\" : {\n            \"SKU%013d.TERM%d.RATE\" : {\n"
                    "              \"rateCode\" : \"SKU%013d.TERM%d.RATE\",\n              "
                    "\"description\" : \"Linux/UNIX, an instance-hour\",\n              "
                    "\"beginRange\" : \"0\",\n              \"endRange\" : \"Inf\",\n"
                    "              \"unit\" : \"Hrs\",\n              \"pricePerUnit\" : {\n"
                    "                \"USD\" : \"%d.0960000000\"\n              },\n"
                    "              \"appliesTo\" : [ ]\n            }\n          },\n          "
                    "\"termAttributes\" : {",
                    t ? "," : "", i, t, t, i, i, t, i, t, 1 + i % 90);
                if (kind)
                    ct_buf_addf(&b,
                                "\n            \"LeaseContractLength\" : \"%dyr\",\n            "
                                "\"OfferingClass\" : \"standard\",\n            "
                                "\"PurchaseOption\" : \"%s\"\n          ",
                                t < 3 ? 1 : 3, options[t % 3]);
                ct_buf_adds(&b, "}\n        }");
            }
            ct_buf_adds(&b, "\n      }");
            put(ctx, ct_buf_span(&b));
            ct_buf_clear(&b);
        }
        ct_buf_adds(&b, "\n    }");
    }
    ct_buf_adds(&b, "\n  },\n  \"attributesList\" : { }\n}\n");
    put(ctx, ct_buf_span(&b));
    ct_buf_free(&b);
}

static inline void pricelist_csv(uint64_t bytes, pricelist_put *put, void *ctx)
{
    static const char *const options[] = {"No Upfront", "Partial Upfront", "All Upfront"};
    int products = (int)(bytes / 2730) + PRICELIST_EVERY * (int)CT_LEN(pricelist_machines);
    struct ct_buf b = CT_BUF_INIT;
    ct_buf_adds(&b, "\"FormatVersion\",\"v1.0\"\n\"Publication Date\",\"2026-10-15T12:30:00Z\"\n"
                    "\"OfferCode\",\"AmazonEC2\"\n"
                    "\"SKU\",\"OfferTermCode\",\"RateCode\",\"TermType\",\"PriceDescription\","
                    "\"EffectiveDate\",\"StartingRange\",\"EndingRange\",\"Unit\",\"PricePerUnit\","
                    "\"Currency\",\"LeaseContractLength\",\"PurchaseOption\",\"OfferingClass\","
                    "\"Product Family\",\"serviceCode\",\"Location\",\"Location Type\","
                    "\"Instance Type\",\"vCPU\",\"Memory\",\"Volume Type\",\"Tenancy\","
                    "\"Operating System\",\"License Model\",\"usageType\",\"operation\","
                    "\"CapacityStatus\",\"GPU\",\"MarketOption\",\"Pre Installed S/W\","
                    "\"Region Code\",\"serviceName\"\n");
    for (int i = 0; i < products; i++) {
        for (int t = -1; t < 6; t++)
            ct_buf_addf(
                &b,
                "\"SKU%013d\",\"TERM%d\",\"SKU%013d.TERM%d.RATE\",\"%s\",\"Linux/UNIX, an "
                "instance-hour\",\"2026-09-01\",\"0\",\"Inf\",\"Hrs\",\"%d.0960000000\",\"USD\","
                "\"%s\",\"%s\",\"%s\",\"Compute Instance\",\"AmazonEC2\",\"US East (N. "
                "Virginia)\",\"AWS Region\",\"%s\",\"2\",\"8 GiB\",\"\",\"Shared\",\"%s\",\"No "
                "License required\",\"BoxUsage\",\"RunInstances\",\"Used\",\"\",\"OnDemand\","
                "\"NA\",\"us-east-1\",\"Amazon Elastic Compute Cloud\"\n",
                i, t, i, t, t < 0 ? "OnDemand" : "Reserved", 1 + i % 90,
                t < 0   ? ""
                : t < 3 ? "1yr"
                        : "3yr",
                t < 0 ? "" : options[t % 3], t < 0 ? "" : "standard", pricelist_machine(i),
                i % PRICELIST_EVERY != 7 && i % 3 ? "Windows" : "Linux");
        put(ctx, ct_buf_span(&b));
        ct_buf_clear(&b);
    }
    ct_buf_free(&b);
}

/* ---- through a pipe into `parse`, which must not grow ---- */

static inline void pricelist_write(void *ctx, struct ct_span bytes)
{
    int *fd = ctx;
    while (*fd >= 0 && bytes.n) {
        ssize_t n = write(*fd, bytes.p, bytes.n);
        if (n < 0) { /* the reader left */
            close(*fd);
            *fd = -1;
        } else {
            bytes = (struct ct_span){bytes.p + n, bytes.n - (size_t)n};
        }
    }
}

/* The most memory PID had so far, in KiB; 0: it cannot be told here. */
static inline long pricelist_peak(pid_t pid)
{
    char path[64], line[128];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

/* What `FETCHER parse FAMILY -` took at most for BYTES of a list, in KiB, measured when it had read
 * all of them; *OFFERS rows came out of it. */
static inline long pricelist_memory(const char *fetcher, const char *family, uint64_t bytes,
                                    int *offers)
{
    int in[2], out[2], left = 0, status = 0;
    char text[65536];
    size_t n = 0;
    ssize_t got;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(fetcher, fetcher, "parse", family, "-", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    int to = in[1];
    (strcmp(family, "aws-offer") == 0 ? pricelist_json : pricelist_csv)(bytes, pricelist_write,
                                                                        &to);
    for (int i = 0; to >= 0 && i < 6000 && ioctl(to, FIONREAD, &left) == 0 && left > 0; i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    long kib = pricelist_peak(pid);
    if (to >= 0)
        close(to);
    while (n + 1 < sizeof text && (got = read(out[0], text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    close(out[0]);
    waitpid(pid, &status, 0);
    *offers = 0;
    for (const char *p = text; (p = strstr(p, "{\"row\":\"offer\"")) != NULL; p++)
        ++*offers;
    return status == 0 ? kib : -1;
}

#endif
