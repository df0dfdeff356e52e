/* `db`: care for the database file. What is told of it goes to standard output as rows, like
 * everything else; what was done, to standard error. */
#include "config.h"

#include "app/command.h"
#include "db/base/ini.h"
#include "db/upkeep.h"

#include <stdio.h>
#include <string.h>

static int db_stats(struct ct_call *c)
{
    struct ct_rows rows;
    if (ct_upkeep_stats(c->db.p, c->arena, &rows, &c->err) != CT_OK)
        return ct_report(&c->err);
    return ct_print_rows(c, &ct_stat_table, rows, "what name rows bytes share_pct oldest newest detail",
                         "", 1, NULL);
}

static int db_check(struct ct_call *c)
{
    struct ct_rows rows;
    if (ct_upkeep_check(c->db.p, c->arena, &rows, &c->err) != CT_OK)
        return ct_report(&c->err);
    if (rows.n == 0)
        fprintf(stderr, "cloudtape: %s: sound\n", c->db.p);
    int code = ct_print_rows(c, &ct_finding_table, rows, NULL, "", 1, NULL);
    if (rows.n == 0 || code)
        return code;
    fprintf(stderr, "cloudtape: %s: damaged; `cloudtape db repair` saves what can be read\n", c->db.p);
    return 1;
}

static int db_backup(struct ct_call *c)
{
    int64_t bytes;
    if (c->n_words != 2)
        return ct_usage("db backup", "needs the FILE to write");
    if (ct_upkeep_backup(c->db.p, c->words[1], &bytes, &c->err) != CT_OK)
        return ct_report(&c->err);
    fprintf(stderr, "cloudtape: %s: %lld bytes\n", c->words[1], (long long)bytes);
    return 0;
}

static int db_compact(struct ct_call *c)
{
    int64_t before, after;
    if (ct_upkeep_compact(c->db.p, c->now_ms, &before, &after, &c->err) != CT_OK)
        return ct_report(&c->err);
    fprintf(stderr, "cloudtape: %s: %lld bytes, were %lld\n", c->db.p, (long long)after,
            (long long)before);
    return 0;
}

static int db_repair(struct ct_call *c)
{
    struct ct_salvage s = {.pages = 0};
    int64_t kept = 0, lost = 0;
    if (ct_upkeep_repair(c->db.p, c->now_ms, c->arena, &s, &c->err) != CT_OK)
        return ct_report(&c->err);
    const struct ct_salvage_row *rows = s.rows.v;
    for (size_t i = 0; i < s.rows.n; i++) {
        kept += rows[i].kept;
        lost += rows[i].lost;
    }
    fprintf(stderr,
            "cloudtape: %s: %lld rows kept, %lld known to be lost, %lld more told of something lost;"
            " %lld of %lld pages unreadable\ncloudtape: %s: the original\n",
            c->db.p, (long long)kept, (long long)lost, (long long)s.orphans, (long long)s.damaged,
            (long long)s.pages, s.aside);
    return ct_print_rows(c, &ct_salvage_table, s.rows, NULL, "", 1, NULL);
}

int ct_cmd_db(struct ct_call *c)
{
    static const struct {
        const char *word;
        int (*run)(struct ct_call *c);
    } parts[] = {{"stats", db_stats},
                 {"check", db_check},
                 {"backup", db_backup},
                 {"compact", db_compact},
                 {"repair", db_repair}};
    const char *names[CT_LEN(parts) + 1] = {NULL};
    for (size_t i = 0; i < CT_LEN(parts); i++) {
        if (strcmp(parts[i].word, c->words[0]) == 0) {
            if (c->n_words > 1 && parts[i].run != db_backup)
                return ct_usage("db", "\"%s\" is one word too many", c->words[1]);
            return parts[i].run(c);
        }
        names[i] = parts[i].word;
    }
    return ct_usage("db", "wanted stats, check, backup FILE, compact or repair, found \"%s\"%s",
                    c->words[0], ct_did_you_mean(ct_nearest(c->words[0], names)));
}
