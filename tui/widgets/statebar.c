#include "tui/widgets/statebar.h"

#include <string.h>

/* Worst last; a day that was not recorded says nothing about its neighbours. */
static const char order[] = " .m?~!X";

static int rank(char sign)
{
    const char *p = sign ? strchr(order, sign) : NULL;
    return p ? (int)(p - order) : 0;
}

enum ct_role ct_sign_role(char sign)
{
    static const enum ct_role roles[] = {
        CT_ROLE_DIM,        CT_ROLE_STATE_OK,   CT_ROLE_STATE_MAINT, CT_ROLE_STATE_UNKN,
        CT_ROLE_STATE_DEGR, CT_ROLE_STATE_PART, CT_ROLE_STATE_DOWN};
    return roles[rank(sign)];
}

void ct_statebar(struct ct_box b, int y, int x, int width, struct ct_span days)
{
    if (width < 1 || !days.n)
        return;
    size_t w = (size_t)width;
    if (days.n < w) {
        x += (int)(w - days.n);
        w = days.n;
    }
    for (size_t col = 0; col < w; col++) {
        int worst = 0;
        for (size_t i = col * days.n / w; i < (col + 1) * days.n / w; i++) {
            int r = rank(days.p[i]);
            worst = r > worst ? r : worst;
        }
        ct_put_point(b, y, x + (int)col, ct_sign_role(order[worst]), (uint32_t)order[worst]);
    }
}
