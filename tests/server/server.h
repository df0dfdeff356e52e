/* A web server for tests, on loopback only, with two faces: a polite one (libmicrohttpd, HTTP and
 * HTTPS) that answers what a test tells it to, and a raw one that breaks the rules of HTTP on
 * purpose. Threads of its own; every function may be called from the test's thread at any time. */
#ifndef CT_TEST_SERVER_H
#define CT_TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ts;

/* The polite server. CERT and KEY are PEM files, NULL for plain HTTP. Ends the program when it
 * cannot start. */
struct ts *ts_new(const char *cert, const char *key);
void ts_free(struct ts *s);
int ts_port(const struct ts *s);

struct ts_answer {
    int status;
    const char *headers; /* "Name: value\n..." or NULL */
    const char *body;    /* NULL: ""; "%HIT%" in it becomes the request's number, five digits */
    size_t length;       /* of body; 0: up to its NUL */
    const char *etag;    /* with its quotes; sent, and 304 to an equal If-None-Match */
    int delay_ms;
};
/* What PATH (without query) answers from now on. Everything is copied. Other paths answer 404. */
void ts_set(struct ts *s, const char *path, const struct ts_answer *a);
/* Requests for PATH so far, how many of them were answered 304, and the milliseconds
 * (CLOCK_MONOTONIC) of request I. */
int ts_hits(struct ts *s, const char *path);
int ts_hits_304(struct ts *s, const char *path);
int64_t ts_hit_ms(struct ts *s, const char *path, int i);
/* The last request of PATH as text: "GET /path?query\nName: value\n...\n\nBODY". To be freed. */
char *ts_last(struct ts *s, const char *path);
char *ts_request(struct ts *s, const char *path, int i); /* request I, of the last 64 */

/* The raw server: a thread per connection, behaviour by path:
 *   /ok /slow /silent /close /garbage /endless /chunks /headers /continue /long-header /short /rst
 * /twice /cut-gzip /bad-gzip /bomb /no-output /stale (see server.c, one function each) */
struct ts_raw;
struct ts_raw *ts_raw_new(void);
void ts_raw_free(struct ts_raw *r);
int ts_raw_port(const struct ts_raw *r);
int ts_raw_connections(struct ts_raw *r);

/* A port on loopback at which nobody listens. */
int ts_closed_port(void);
/* Makes a CA and certificates in DIR with the openssl command (certs.sh): ca.pem, and NAME.pem with
 * NAME.key for good, wrong-host, expired, self-signed, unknown-ca. Ends the program when that
 * fails. */
void ts_make_certs(const char *dir);

#endif
