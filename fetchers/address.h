/* Which addresses may be spoken to (reliability.md 7.5). Pure; any thread. */
#ifndef CT_ADDRESS_H
#define CT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;

/* True when SA, of LEN bytes, is an ordinary address of the public internet. Loopback, private,
 * shared, link-local, benchmark, multicast and reserved ranges are not, and neither are they when
 * they hide inside an IPv4-mapped, IPv4-compatible, IPv4-translated, 6to4, Teredo or NAT64 form. A
 * family other than IPv4 and IPv6, and an address too short for its family, is not public. */
bool ct_address_public(const struct sockaddr *sa, size_t len);

/* The same for a host as text, e.g. "10.0.0.1" or "[::1]" (a zone is ignored). A name that is no
 * literal address is public as far as text can tell, except localhost and what ends in
 * ".localhost". */
bool ct_host_public(const char *host);

#endif
