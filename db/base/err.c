#include "db/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *ct_status_words(enum ct_status status)
{
    static const char *const words[] = {
#define X(name, text) [CT_##name] = text,
        CT_STATUS_LIST(X)
#undef X
    };
    return (size_t)status < CT_LEN(words) ? words[status] : "unknown status";
}

/* C0, DEL and UTF-8 coded C1 become '?'; a character that snprintf cut in half goes. */
static void tidy(char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];
        if (c < 0x20 || c == 0x7f) {
            text[i] = '?';
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            text[i] = text[i + 1] = '?';
        }
    }
    size_t lead = n;
    while (lead > 0 && n - lead < 4 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80) {
        lead--;
    }
    if (lead > 0 && (unsigned char)text[lead - 1] >= 0xc0) {
        unsigned char c = (unsigned char)text[lead - 1];
        size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (n - lead + 1 < want) {
            text[lead - 1] = '\0';
        }
    }
}

enum ct_status ct_fail(struct ct_error *err, enum ct_status status, const char *where,
                       const char *fmt, ...)
{
    if (!err) {
        return status;
    }
    /* The arguments may point into ERR itself: both texts are finished before either is stored. */
    struct ct_error made = {.status = status};
    (void)snprintf(made.where, sizeof(made.where), "%s", where ? where : "");
    if (fmt) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(made.what, sizeof(made.what), fmt, args);
        va_end(args);
    } else {
        (void)snprintf(made.what, sizeof(made.what), "%s", ct_status_words(status));
    }
    tidy(made.where);
    tidy(made.what);
    *err = made;
    return status;
}

void ct_error_prefix(struct ct_error *err, const char *prefix)
{
    if (!err) {
        return;
    }
    char joined[sizeof(err->where)];
    int n =
        snprintf(joined, sizeof(joined), "%s%s%s", prefix, err->where[0] ? ": " : "", err->where);
    if (n >= 0) {
        memcpy(err->where, joined, sizeof(joined));
        tidy(err->where);
    }
}
