/* A mail server for tests, on loopback. A thread of its own; any thread may ask it. */
#ifndef CT_TEST_SMTP_H
#define CT_TEST_SMTP_H

enum ts_smtp_way {
    TS_SMTP_TAKES,
    TS_SMTP_NOT_NOW, /* 451 to every receiver */
    TS_SMTP_NEVER,   /* 550 to every receiver */
    TS_SMTP_HANGS,   /* greets nobody */
    TS_SMTP_DIES,    /* has the mail, and is gone before it says so */
};

enum ts_smtp_tls {
    TS_SMTP_PLAIN,
    TS_SMTP_STARTTLS, /* offered behind the greeting */
    TS_SMTP_IMPLICIT, /* from the first byte on */
};

struct ts_smtp;
struct ts_smtp *ts_smtp_new(void);
void ts_smtp_free(struct ts_smtp *s);
int ts_smtp_port(const struct ts_smtp *s);
void ts_smtp_set(struct ts_smtp *s, enum ts_smtp_way way);
/* How connections from now on are secured, with CERT and KEY as PEM files (PLAIN: NULL). */
void ts_smtp_secure(struct ts_smtp *s, enum ts_smtp_tls tls, const char *cert, const char *key);
/* Everything clients said so far, lines ended by '\n', those that came by TLS behind "TLS ". To be
 * freed. */
char *ts_smtp_heard(struct ts_smtp *s);

#endif
