#include "demo/server.h"

#include "demo/wire.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct demo_server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* guards what follows: requests may come in at once */
    struct ct_world *world;
    struct wire_memory memory;
    int speed;
    bool awake; /* asked once: from then on its time runs */
};

static int source_of(const char *path)
{
    for (int i = 0; i < WORLD_SOURCES; i++) {
        if (!strcmp(wire_sources[i].path, path)) {
            return i;
        }
    }
    return -1;
}

/* The answer of PATH now, and its ETag: a page's own clock must not change it, so of the body's
 * hash. */
static int answer(struct demo_server *s, const char *path, struct ct_buf *body)
{
    int source = source_of(path);
    if (source < 0) {
        ct_buf_adds(body, "no such page\n");
        return MHD_HTTP_NOT_FOUND;
    }
    pthread_mutex_lock(&s->lock);
    /* Up to the first question is the end of the backlog, minutes at most: faster than the clock they were a day in
     * which every page has an outage. */
    int64_t now = ct_now_ms(), passed = now - s->world->now_ms;
    if (passed > 0) {
        ct_world_step(s->world, now, s->awake ? passed * s->speed : passed);
    }
    s->awake = true;
    int status = ct_wire_answer(s->world, source, &s->memory, body);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    static int seen;
    (void)method;
    (void)version;
    (void)upload;
    if (!*state) { /* headers first; a POST's body comes after and is not needed */
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    struct ct_buf body = CT_BUF_INIT;
    int status = answer(ctx, url, &body);
    char etag[32];
    snprintf(etag, sizeof etag, "\"%016llx\"", (unsigned long long)ct_hash(ct_buf_span(&body)));
    const char *sent = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    struct MHD_Response *r;
    if (status == 200 && sent && !strcmp(sent, etag)) {
        status = MHD_HTTP_NOT_MODIFIED;
        r = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    } else {
        r = MHD_create_response_from_buffer(body.n, body.p, MHD_RESPMEM_MUST_COPY);
    }
    ct_buf_free(&body);
    if (!r) {
        return MHD_NO;
    }
    MHD_add_response_header(r, "ETag", etag);
    enum MHD_Result ok = MHD_queue_response(connection, (unsigned)status, r);
    MHD_destroy_response(r);
    return ok;
}

enum ct_status demo_server_start(struct ct_world *w, int speed, struct demo_server **out,
                                 struct ct_error *err)
{
    struct demo_server *s = ct_xcalloc(1, sizeof *s);
    s->world = w;
    s->speed = speed;
    pthread_mutex_init(&s->lock, NULL);
    struct sockaddr_in loopback = {.sin_family = AF_INET};
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, s,
                                 MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&loopback,
                                 MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    if (!s->daemon) {
        demo_server_stop(s);
        return ct_fail(err, CT_ERR_NET, "demo", "no port on 127.0.0.1 can be opened");
    }
    *out = s;
    return CT_OK;
}

int demo_server_port(const struct demo_server *s)
{
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return i ? i->port : 0;
}

void demo_server_stop(struct demo_server *s)
{
    if (!s) {
        return;
    }
    if (s->daemon) {
        MHD_stop_daemon(s->daemon);
    }
    pthread_mutex_destroy(&s->lock);
    ct_wire_memory_free(&s->memory);
    free(s);
}
