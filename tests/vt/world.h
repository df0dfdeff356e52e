/* The real program over two simulated days, with its files in a home of their own: what tests of it share. */
#ifndef CT_VT_WORLD_H
#define CT_VT_WORLD_H

#include "tests/vt/harness.h"

#define NOW "2026-11-01T00:02:00Z" /* where its clock stands */

extern char world_home[640], world_db[640], world_program[600];

/* COMMAND by the shell: its exit status, or -1. */
int world_run(const char *command);

/* Before and after a group of tests. */
int world_begin(void **state);
int world_end(void **state);
/* Each test begins with an empty home. */
int world_fresh_home(void **state);
/* The viewer; MORE: one "NAME=VALUE" of its environment, "NAME" unsets one, or NULL. */
struct vt *world_open(int rows, int cols, const char *more);
/* The same once it shows its data and the clock stands at NOW. */
struct vt *world_start(int rows, int cols, const char *more);
void world_leave(struct vt *v);

#endif
