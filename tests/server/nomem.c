/* Preloaded into a program under test: its allocation number CT_NOMEM fails, and with CT_NOMEM_ALL all after it do.
 * With CT_NOMEM_COUNT the file of that name gets how many there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_long calls;
static long first = -1;
static int all;
static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t), *(*next_realloc)(void *, size_t);

__attribute__((constructor)) static void find(void)
{
    const char *at = getenv("CT_NOMEM");
    next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
    next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    first = at ? atol(at) : -1;
    all = getenv("CT_NOMEM_ALL") != NULL;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("CT_NOMEM_COUNT");
    FILE *f = path ? fopen(path, "w") : NULL;
    if (f) {
        fprintf(f, "%ld\n", atomic_load(&calls));
        fclose(f);
    }
}

static int fails(void)
{
    long n = atomic_fetch_add(&calls, 1);
    if (first < 0 || (all ? n < first : n != first))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n)
{
    if (!next_malloc)
        find();
    return fails() ? NULL : next_malloc(n);
}

void *calloc(size_t n, size_t each)
{
    if (!next_calloc)
        find();
    return fails() ? NULL : next_calloc(n, each);
}

void *realloc(void *p, size_t n)
{
    if (!next_realloc)
        find();
    return fails() ? NULL : next_realloc(p, n);
}
