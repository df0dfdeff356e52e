#include "config.h"

#include "db/base/str.h"
#include "db/check.h"
#include "db/schema.h"
#include "db/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The first value of SQL as text into OUT. */
static int first_value(sqlite3 *db, const char *sql, char *out, size_t size)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        snprintf(out, size, "%s", text ? text : "");
    }
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? SQLITE_OK : code == SQLITE_DONE ? SQLITE_EMPTY : code;
}

static enum ct_status look(sqlite3 *db, const char *path, struct ct_check *out,
                           struct ct_error *err)
{
    char text[300] = "";
    char why[CT_WHY_BYTES];
    int64_t id = 0;
    int code = first_value(db, "SELECT count(*) FROM sqlite_schema", text, sizeof text);
    if (code == SQLITE_OK)
        code = first_value(db, "PRAGMA application_id", text, sizeof text);
    if (code == SQLITE_OK && ct_span_int(ct_span(text), &id) == CT_OK && id != CT_APPLICATION_ID)
        return ct_fail(err, CT_ERR_DB, path, "this is another program's database; --db names another");
    if (code == SQLITE_OK)
        code = first_value(db, "PRAGMA user_version", text, sizeof text);
    if (code == SQLITE_OK && ct_span_int(ct_span(text), &out->schema) == CT_OK)
        code = first_value(db, "PRAGMA quick_check(1)", text, sizeof text);
    if (code != SQLITE_OK)
        return ct_fail(err, CT_ERR_DB, path, "%s", ct_db_why(why, path, db, code));
    if (strcmp(text, "ok") != 0)
        return ct_fail(err, CT_ERR_DB, path, "damaged: %s",
                       ct_db_why_not(why, text, SQLITE_CORRUPT));
    if (out->schema > CT_SCHEMA_VERSION)
        return ct_fail(err, CT_ERR_NEWER, path, "made by a newer cloudtape (layout %lld, ours %d)",
                       (long long)out->schema, CT_SCHEMA_VERSION);
    return CT_OK;
}

enum ct_status ct_check_database(const char *path, struct ct_check *out, struct ct_error *err)
{
    char wal[4096], why[CT_WHY_BYTES];
    struct stat st;
    sqlite3 *db = NULL;
    *out = (struct ct_check){.schema = 0};
    snprintf(out->sqlite, sizeof out->sqlite, "%s", sqlite3_libversion());
    if (stat(path, &st) != 0)
        return ct_fail(err, errno == ENOENT ? CT_ERR_NOT_FOUND : CT_ERR_IO, path, "%s",
                       strerror(errno));
    out->bytes = st.st_size;
    if (snprintf(wal, sizeof wal, "%s-wal", path) < (int)sizeof wal && stat(wal, &st) == 0)
        out->wal_bytes = st.st_size;
    if (out->bytes == 0 && out->wal_bytes == 0)
        return ct_fail(err, CT_ERR_NOT_FOUND, path, "an empty file");
    if (out->bytes == 0)
        return ct_fail(err, CT_ERR_DB, path, "%s",
                       ct_db_why_not(why, "the file is empty, its log is not", SQLITE_CORRUPT));
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    enum ct_status status;
    sqlite3_busy_timeout(db, 1000);
    sqlite3_extended_result_codes(db, 1);
    if (code == SQLITE_OK && out->wal_bytes == 0 &&
        ct_db_unshared(first_value(db, "SELECT count(*) FROM sqlite_schema", NULL, 0))) {
        sqlite3_close(db);
        code = ct_db_open_still(path, &db);
    }
    if (code == SQLITE_OK) {
        status = look(db, path, out, err);
    } else {
        status = ct_fail(err, CT_ERR_DB, path, "%s", ct_db_why(why, path, db, code));
    }
    sqlite3_close(db);
    return status;
}
