/* One line of bars: the shape of a series in a table cell. Keeps no state. */
#ifndef CT_SPARKLINE_H
#define CT_SPARKLINE_H

#include "tui/canvas.h"

/* Draws V (oldest first, CT_NONE = no sample) into WIDTH columns at Y, X. Height is V's own
 * min..max; a flat series is a flat line at mid height, a missing sample a blank. More samples than
 * columns: a column shows the one of its samples that lies farthest from the column before, the
 * last one the last sample, so that a spike survives. Fewer: samples are stretched. Block
 * characters, or _.-=^ where the charset wants ASCII or NARROW. Returns false, and has drawn "no
 * data" where it fits, when there is no sample at all. */
bool ct_sparkline(struct ct_box b, int y, int x, int width, enum ct_role role, const int64_t *v,
                  size_t n);

#endif
