/* One log file, one line a record, never stderr under curses. Any thread. */
#ifndef CT_LOG_H
#define CT_LOG_H

#include "db/base/err.h"

enum ct_log_level { CT_LOG_DEBUG, CT_LOG_INFO, CT_LOG_WARN, CT_LOG_ERROR };

/* Opens PATH for appending, 0600, no symlinks; NULL: stderr. Turned over at 10 MiB, three kept. */
CT_MUST_USE enum ct_status ct_log_open(const char *path, enum ct_log_level least,
                                       struct ct_error *err);
void ct_log_close(void);
/* Controls in the text become '?': a record stays one line. Nothing happens before ct_log_open. */
void ct_log(enum ct_log_level level, const char *fmt, ...) CT_PRINTF(2, 3);

#endif
