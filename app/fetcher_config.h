/* What of the configuration concerns fetching: [fetch], [history] and [source NAME]. Main thread. */
#ifndef CT_FETCHER_CONFIG_H
#define CT_FETCHER_CONFIG_H

#include "fetchers/family.h"
#include "fetchers/http.h"

struct ct_fetch_config {
    bool allow_private, unsafe_fs;
    struct ct_buf ca_file, proxy; /* "" unset */
    int64_t timeout_ms;           /* 0 unset */
    int jitter_percent, concurrency;
    int64_t raw_ms, hourly_ms; /* [history] */
};

/* Reads FILE, or with NULL config.ini and conf.d/NAME.ini of the config folder in name order, into
 * OUT (zeroed first) and REG. ALLOW_PRIVATE is the flag of that name: as if [fetch] said so. What is
 * wrong with a line is said on stderr with file:line; the rest still counts. Fails only when FILE was
 * named and cannot be read. */
CT_MUST_USE enum ct_status ct_fetch_config_load(const char *file, bool allow_private,
                                                struct ct_registry *reg,
                                                struct ct_fetch_config *out, struct ct_error *err);
/* Says on stderr what is wrong with the sources of FILE, and nothing else: how many things. Settings that
 * cannot be read at all are the viewer's to report. WHOLE: all that is wrong in the settings. */
int ct_fetch_config_check(const char *file, struct ct_registry *reg, bool whole);
/* How all of this program reach the network. CA (a flag's) wins over the settings; NULL: not given. The
 * text stays C's. */
struct ct_http_options ct_fetch_config_http(const struct ct_fetch_config *c, const char *ca);
void ct_fetch_config_free(struct ct_fetch_config *c);

#endif
