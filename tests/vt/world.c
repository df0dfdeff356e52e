#include "config.h"

#include "tests/vt/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

char world_home[640], world_db[640], world_program[600];
static char folder[512];

int world_run(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int world_begin(void **state)
{
    (void)state;
    char command[4096];
    const char *build = getenv("CT_BUILDDIR");
    snprintf(folder, sizeof(folder), "%s/world-XXXXXX", build);
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(world_program, sizeof(world_program), "%s/cloudtape", build);
    snprintf(world_home, sizeof(world_home), "%s/home", folder);
    snprintf(world_db, sizeof(world_db), "%s/world.db", folder);
    snprintf(command, sizeof(command),
             "mkdir -p '%s' && HOME='%s' '%s-fetcher' demo --headless --days 2 --seed 1 --db '%s' >/dev/null 2>&1", world_home,
             world_home, world_program, world_db);
    return world_run(command);
}

int world_end(void **state)
{
    char command[700];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return world_run(command);
}

int world_fresh_home(void **state)
{
    char command[1600];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s' && mkdir -p '%s/cloudtape'", world_home, world_home);
    return world_run(command);
}

struct vt *world_open(int rows, int cols, const char *more)
{
    static char places[4][720];
    static const char *const names[] = {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"};
    const char *argv[] = {world_program, "--db", world_db, "--no-fetch", NULL};
    const char *env[] = {"CLOUDTAPE_NOW=" NOW, places[0], places[1], places[2], places[3], more, NULL};
    for (int i = 0; i < 4; i++) {
        snprintf(places[i], sizeof(places[i]), "%s=%s", names[i], world_home);
    }
    return vt_start(rows, cols, argv, env);
}

struct vt *world_start(int rows, int cols, const char *more)
{
    struct vt *v = world_open(rows, cols, more);
    vt_wait(v, "00:02"); /* and its seconds, on a wall */
    vt_wait(v, "CAP ");
    return v;
}

void world_leave(struct vt *v)
{
    vt_paste(v, "Q");
    assert_int_equal(vt_end(v, 5000), 0);
    assert_false(vt_alternate(v));
    vt_free(v);
}
