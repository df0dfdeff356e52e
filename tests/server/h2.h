/* An HTTPS server for tests that speaks HTTP/2, on loopback, as most public sources do: polite, or breaking off in the
 * ways only HTTP/2 has. Over HTTP/1.1 it knows no more than bodies. A thread a connection; every function may be called
 * at any time. */
#ifndef CT_TEST_H2_H
#define CT_TEST_H2_H

struct ts_h2;

/* CERT and KEY are PEM files. Ends the program when it cannot start. */
struct ts_h2 *ts_h2_new(const char *cert, const char *key);
void ts_h2_free(struct ts_h2 *s);
int ts_h2_port(const struct ts_h2 *s);
int ts_h2_connections(struct ts_h2 *s); /* accepted so far */
int ts_h2_hits(struct ts_h2 *s, const char *path);

/* What it answers, by path; other paths have 404.
 *   /whole     {"a":1} with the ETag "v1"; 304 to a request that names it
 *   /large     300,000 bytes: more than the windows of a stream and a connection hold
 *   /gzip      a packed {"a":1}
 *   /endless   bytes without end
 *   /headers   some 200 KB of headers
 *   /short     says 1000 bytes, sends 10 and ends the stream
 *   /reset     says 1000 bytes, sends 10 and resets the stream
 *   /stall     says 1000 bytes, sends 10 and nothing more
 *   /silent    nothing, while the connection goes on
 *   /drop      closes the connection
 *   /refused   the first time: refuses the stream, as a server that is busy does; then as /whole
 *   /goaway    the first time: takes no more streams, nor this one (a restart); then as /whole
 *   /leaving   as /whole, and takes no more streams after it */

#endif
