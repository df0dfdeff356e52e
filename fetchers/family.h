/* A family: one wire format, one pure parser. A new format is one file under families/ and one line
 * in registry.c. Sources (who speaks it, where, how often) are rows of reference/sources.tsv. */
#ifndef CT_FAMILY_H
#define CT_FAMILY_H

#include "db/model.h"

/* What a parser may know beside the body: constants of the source, never the clock. */
struct ct_parse_hint {
    struct ct_span provider; /* "vastai": the cloud of offers where the body does not say it */
    struct ct_span query;    /* what was asked, e.g. "bid" for Vast: spot is not in the answer */
};

/* A reader of documents too large to hold: the same as `parse`, in pieces (fetchers/stream.h drives
 * it). READER is SIZE zeroed bytes. Rows kept so far are in OUT; they count for nothing before
 * `end` has found the document whole. */
struct ct_stream_ops {
    size_t size;
    enum ct_status (*begin)(void *reader, const struct ct_parse_hint *hint, struct ct_batch *out,
                            struct ct_error *err);
    /* *FOUND grows whenever something in the document ended: a reader that waits forever for the
     * end of one text would hold all of it. */
    enum ct_status (*feed)(void *reader, struct ct_span bytes, uint64_t *found,
                           struct ct_error *err);
    enum ct_status (*end)(void *reader, struct ct_error *err);
    void (*drop)(void *reader); /* after a `begin` that went well, whatever came then */
};

#define CT_STREAM_MAX ((size_t)2 << 30) /* decoded body cap of a source that streams */

struct ct_family {
    const char *name; /* contract.md section 2 */
    enum ct_source_kind kind;
    int version; /* of the parser: one more whenever the same bytes make other rows. Sources are then read anew,
                    whatever their servers say has not changed */
    const char *url_pattern; /* for people: where such documents live */
    size_t max_bytes;        /* decoded body cap; 0: the default of 8 MiB */

    /* Turns BODY into rows appended to OUT. Pure: reads only BODY, HINT and the reference tables
     * loaded at start; allocates only from OUT->arena (and inside the parsing library, freed before
     * return); no clock, files, network or globals, so any bytes at all may be given. BODY is
     * borrowed for the call. On error OUT is left empty and ERR says where in BODY it went wrong:
     * CT_ERR_SHAPE (another format, HTML, empty: WHAT names what it looks like), CT_ERR_SYNTAX
     * (damaged), CT_ERR_LIMIT. */
    enum ct_status (*parse)(struct ct_span body, const struct ct_parse_hint *hint,
                            struct ct_batch *out, struct ct_error *err);
    bool unproven; /* written from documents: no recorded answer was at hand (tests/data/README) */
    const struct ct_stream_ops *stream; /* NULL: bodies are small enough to be held */
    const char *routed_host; /* not NULL: a host that sends each client on to the instance of one region.
                                What is empty there may be open elsewhere (sources/status.md P7) */
};

extern const struct ct_family *const ct_families[];       /* NULL-terminated, in contract order */
const struct ct_family *ct_family_find(const char *name); /* NULL when unknown */

/* What BODY looks like, for errors: "an HTML page", "an empty body", "a Statuspage summary", "an
 * Instatus page", "damaged JSON", ... Static text. Reads JSON whole: only for bodies that were
 * refused. */
const char *ct_family_guess(struct ct_span body);
/* The family of ALL (NULL-terminated) that reads BODY, of NOT's kind but not NOT itself: what a page
 * that moved to another vendor has become. NULL when none does, BODY is large, or only formats
 * that read nearly anything. Parses BODY many times: for bodies that were refused. */
const struct ct_family *ct_family_reading(const struct ct_family *const *all,
                                          const struct ct_family *not, struct ct_span body);
/* Adds "; family NAME reads it" to a refusal (CT_ERR_SHAPE) of BODY by NOT, where one does. */
void ct_family_suggest(struct ct_error *err, const struct ct_family *const *all,
                       const struct ct_family *not, struct ct_span body);
/* Adds ", in what looks like an Instatus page" to a refusal in ERR (NULL is fine). */
void ct_family_explain(struct ct_error *err, struct ct_span body);

/* As key_header: requests to AWS are signed (SigV4, for the service and region that the host is named
 * after) by the key, which belongs to $AWS_ACCESS_KEY_ID and to $AWS_SESSION_TOKEN where there is one. */
#define CT_KEY_SIGNS "aws-sigv4"
#define CT_KEY_SIGNS_ID "AWS_ACCESS_KEY_ID"
#define CT_KEY_SIGNS_SESSION "AWS_SESSION_TOKEN"

/* One built-in or configured source. All text is owned by the registry and lives as long as the
 * program. */
struct ct_source {
    const char *id, *family, *provider, *scope, *title, *url, *terms;
    const char *method;  /* "GET" or "POST" */
    const char *body;    /* of a POST; "". "{now}" in it becomes the time, 2026-11-22T14:30:05Z */
    const char *query;   /* becomes ct_parse_hint.query */
    const char *key_env; /* environment name of the key it needs; "" none */
    const char *key;        /* the key itself, from a file; NULL: in the environment */
    const char *key_command; /* program and words whose output's first line is the key, asked before
                                every attempt; "" none */
    const char *key_header; /* header that carries the key; "": Authorization: Bearer;
                               CT_KEY_SIGNS: none, it signs */
    const char *headers;    /* further ones, "Name: value" separated by '|'; "" none */
    const char *command; /* of family exec: the program and its words (fetchers/exec.h); "" none */
    int64_t interval_ms, timeout_ms;
    size_t max_bytes; /* decoded, over all pages */
    int max_pages;
    enum ct_evidence evidence;
    bool enabled, part_of_list, allow_private;
    bool kind_given; /* KIND says what the rows are; else the family does */
    enum ct_source_kind kind;
    bool opt_in; /* built in, and off unless the user says otherwise */
    const struct ct_family *ops;
};

enum ct_source_kind ct_source_kind(const struct ct_source *s);
/* It has all that is needed to ask: a family, and an address or a command. */
bool ct_source_whole(const struct ct_source *s);
/* Its requests are signed by its key. */
bool ct_source_signs(const struct ct_source *s);
/* Its address is tried and timed; what it answers is of no matter (fetchers/probe.h). */
bool ct_source_is_probe(const struct ct_source *s);
/* The first line of TEXT, of at most 4 KiB of printable ASCII: a key. Null: it is none. */
struct ct_span ct_key_line(struct ct_span text);
/* It is a program on this machine, not an address. */
bool ct_source_is_program(const struct ct_source *s);
/* What its parser is told. */
struct ct_parse_hint ct_source_hint(const struct ct_source *s);
/* CT_ERR_SHAPE when B holds rows of another kind than S is of: families exec and rows can. */
CT_MUST_USE enum ct_status ct_source_fits(const struct ct_source *s, const struct ct_batch *b,
                                          struct ct_error *err);

/* "www.githubstatus.com" of "https://www.githubstatus.com:443/api/..."; null: no absolute address. */
struct ct_span ct_url_host(struct ct_span url);
/* CT_ERR_SHAPE when B, which came from URL, lists no trouble and that is no knowledge: the host is
 * one whose answer is that of one region. */
CT_MUST_USE enum ct_status ct_source_all_clear(const struct ct_source *s, struct ct_span url,
                                               const struct ct_batch *b, struct ct_error *err);

struct ct_registry;
/* Reads reference/sources.tsv (ct_path_resource) and the reference tables beside it. CT_ERR_CONFIG
 * names file, line and column of the first bad row. */
CT_MUST_USE enum ct_status ct_registry_load(struct ct_registry **out, struct ct_error *err);
/* The same without the built-in sources: ct_registry_set adds what there shall be. */
CT_MUST_USE enum ct_status ct_registry_empty(struct ct_registry **out, struct ct_error *err);
void ct_registry_free(struct ct_registry *reg);
size_t ct_registry_count(const struct ct_registry *reg);
struct ct_source *ct_registry_at(struct ct_registry *reg, size_t i);
struct ct_source *ct_registry_find(struct ct_registry *reg, const char *id); /* NULL when unknown */
/* Whose prices all built-in sources of FAMILY bring: the provider of a further one unless it names
 * another. NULL: of several, of nobody known, or no prices. */
const char *ct_registry_seller(struct ct_registry *reg, const struct ct_family *family);
/* A user's own source or overrides of a built-in one: KEY is a column of sources.tsv, or "every",
 * "enabled", "allow_private" (which must stand before an http address and an interval below 30 s).
 * Values are checked: CT_ERR_CONFIG says what is wrong with it and the nearest name. */
CT_MUST_USE enum ct_status ct_registry_set(struct ct_registry *reg, const char *id, const char *key,
                                           const char *value, struct ct_error *err);
/* After the last ct_registry_set: a source of the user that has no family or address is switched
 * off, and the first one makes CT_ERR_CONFIG ("source acme": what is missing, or the built-in name
 * it may mean). */
CT_MUST_USE enum ct_status ct_registry_check(struct ct_registry *reg, struct ct_error *err);

#endif
