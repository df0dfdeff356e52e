/* The last days of a provider as a line of state signs. Keeps no state. */
#ifndef CT_STATEBAR_H
#define CT_STATEBAR_H

#include "tui/canvas.h"

/* Draws DAYS (one state sign a day, oldest first: . m ? ~ ! X, blank = not recorded) into WIDTH
 * columns at Y, X. A column that holds several days shows the worst of them; fewer days than
 * columns stand right. */
void ct_statebar(struct ct_box b, int y, int x, int width, struct ct_span days);

/* The role that a state sign is drawn in; DIM for anything that is no state. */
enum ct_role ct_sign_role(char sign);

#endif
