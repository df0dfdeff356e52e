/* A mail server for tests, on loopback, without TLS. A thread of its own; any thread may ask it. */
#ifndef CT_TEST_SMTP_H
#define CT_TEST_SMTP_H

enum ts_smtp_way {
    TS_SMTP_TAKES,
    TS_SMTP_NOT_NOW, /* 451 to every receiver */
    TS_SMTP_NEVER,   /* 550 to every receiver */
    TS_SMTP_HANGS,   /* greets nobody */
    TS_SMTP_DIES,    /* has the mail, and is gone before it says so */
};

struct ts_smtp;
struct ts_smtp *ts_smtp_new(void);
void ts_smtp_free(struct ts_smtp *s);
int ts_smtp_port(const struct ts_smtp *s);
void ts_smtp_set(struct ts_smtp *s, enum ts_smtp_way way);
/* Everything clients said so far, lines ended by '\n'. To be freed. */
char *ts_smtp_heard(struct ts_smtp *s);

#endif
