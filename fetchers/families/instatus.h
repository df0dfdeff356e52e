/* Words and lists that all documents of an Instatus page share. */
#ifndef CT_INSTATUS_H
#define CT_INSTATUS_H

#include "fetchers/jsonx.h"

#include "db/model.h"

/* Pushes one incident or, PLANNED, one maintenance. */
void ct_instatus_add(const json_t *incident, bool planned, struct ct_batch *out);

#endif
