/* Pages that are sure to be read soon: the system is asked for all of them at once, where who reads one after the other
 * waits for the disk each time. A hint and no more: where that cannot be done, or what is found makes no sense, nothing
 * happens. For db/ only. */
#ifndef CT_AHEAD_H
#define CT_AHEAD_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct ct_keys {
    int64_t low, high; /* both included */
};

/* The rows of TABLE, which has a rowid, with keys in V[0..N), which ascend and are borrowed. Inside a transaction, on the
 * thread that DB belongs to. */
void ct_read_ahead(sqlite3 *db, const char *table, const struct ct_keys *v, size_t n);

#endif
