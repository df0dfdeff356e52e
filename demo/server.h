/* The simulated market over HTTP on loopback: real requests, real answers, ETags and lies. The
 * world moves on while it is served, under the server's own lock and thread. */
#ifndef CT_DEMO_SERVER_H
#define CT_DEMO_SERVER_H

#include "demo/world.h"

#include "db/base/err.h"

struct demo_server;

/* Serves W (borrowed until stop) on 127.0.0.1, any free port. Each request first moves the world to
 * the clock, with SPEED times as much market time as passed on it. CT_ERR_NET says why it can't. */
CT_MUST_USE enum ct_status demo_server_start(struct ct_world *w, int speed,
                                             struct demo_server **out, struct ct_error *err);
int demo_server_port(const struct demo_server *s);
void demo_server_stop(struct demo_server *s); /* NULL is fine */

#endif
