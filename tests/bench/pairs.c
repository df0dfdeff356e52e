/* Times two commands in turn, A B A B ..., so that a drifting machine drifts for both.
 *
 *   pairs RUNS A... --vs B...    prints the median us of A and of B
 *
 * Standard output is thrown away; any exit status but 0 ends it with 1. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RUNS = 1001 };

static double once(char **argv)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (status != 0) {
        fprintf(stderr, "pairs: %s failed\n", argv[0]);
        exit(1);
    }
    return (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 0, vs = 0;
    for (int i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "--vs")) {
            vs = i;
        }
    }
    if (runs < 1 || runs > MAX_RUNS || vs < 3 || vs + 1 >= argc) {
        fputs("usage: pairs RUNS A... --vs B...\n", stderr);
        return 2;
    }
    argv[vs] = NULL;
    static double a[MAX_RUNS], b[MAX_RUNS];
    once(argv + 2);
    once(argv + vs + 1);
    for (int i = 0; i < runs; i++) {
        a[i] = once(argv + 2);
        b[i] = once(argv + vs + 1);
    }
    qsort(a, (size_t)runs, sizeof a[0], by_value);
    qsort(b, (size_t)runs, sizeof b[0], by_value);
    printf("%.1f %.1f\n", a[runs / 2], b[runs / 2]);
    return 0;
}
