/* The registry from text: for tests and checks of a file. Everything else is in family.h. */
#ifndef CT_REGISTRY_H
#define CT_REGISTRY_H

#include "fetchers/family.h"

/* ct_registry_load without the reference tables, from TEXT; FILE is the name for complaints. Null
 * TEXT: fetchers/reference/FILE. */
CT_MUST_USE enum ct_status ct_registry_read(struct ct_span text, const char *file,
                                            struct ct_registry **out, struct ct_error *err);

#endif
