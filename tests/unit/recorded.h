/* Real recorded answers lie beside the project on some machines ($CT_SHARED, else ../shared). Where they do not,
 * tests whose names begin with "recorded_" or hold "_recorded_" are left out of the plan, and said to be: a test
 * that read nothing must not count as passed. Where they do, a missing file is a failure. */
#ifndef CT_RECORDED_H
#define CT_RECORDED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* PATH of data/REST; "" is the folder itself. */
static inline const char *recorded_path(char *path, size_t n, const char *rest)
{
    const char *shared = getenv("CT_SHARED"), *top = getenv("CT_SRCDIR");
    if (shared)
        snprintf(path, n, "%s/data/%s", shared, rest);
    else
        snprintf(path, n, "%s/../shared/data/%s", top ? top : ".", rest);
    return path;
}

/* Before cmocka_run_group_tests. */
static inline void recorded_or_left_out(void)
{
    char path[700];
    if (access(recorded_path(path, sizeof path, ""), R_OK) == 0)
        return;
    cmocka_set_skip_filter("*recorded_*");
    print_message("# no recorded answers at %s: the tests over them are left out\n", path);
}

#endif
