/* Measurements of one's own: the tries of an address, and the text that family `probe` reads:
 *
 *   cloudtape-probe 2
 *   good 812                an earlier try a line, oldest first: as was expected or "bad", and the
 *   bad -                   milliseconds it took; "-": no answer came
 *   now 401 12 30 71 640 753
 *
 * The last line is the try just made: its status (0: no answer) and the milliseconds of looking the
 * name up, connecting, TLS, waiting for the first byte, and of everything. */
#ifndef CT_PROBE_H
#define CT_PROBE_H

#include "db/base/str.h"
#include "db/write.h"
#include "fetchers/http.h"

enum { CT_TRIES_RECENT = 20 }; /* so many speak of now, those before of what is usual */
#define CT_PROBE_FIRST_LINE "cloudtape-probe 2"

/* One of the recent tries was answered, by whatever status. When none was, it may as well be our own
 * line that is down. */
bool ct_tries_reached(const struct ct_tries *t);
/* EARLIER, and the try that ANSWER ended. OUT is cleared first. */
void ct_tries_text(const struct ct_tries *earlier, const struct ct_http_answer *answer,
                   struct ct_buf *out);

#endif
