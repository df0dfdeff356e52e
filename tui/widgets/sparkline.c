#include "tui/widgets/sparkline.h"

#include "db/base/money.h"

static const uint32_t blocks[8] = {0x2581, 0x2582, 0x2583, 0x2584, 0x2585, 0x2586, 0x2587, 0x2588};
static const char ascii[5] = {'_', '.', '-', '=', '^'};

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* The sample that column COL of WIDTH shows, given the one before it. */
static int64_t column_value(const int64_t *v, size_t n, int width, int col, int64_t before)
{
    size_t w = (size_t)width, from = (size_t)col * n / w, to = ((size_t)col + 1) * n / w;
    if (n <= w)
        return v[from];
    int64_t best = CT_NONE;
    for (size_t i = from; i < to; i++) {
        if (v[i] == CT_NONE)
            continue;
        bool farther = best == CT_NONE || (before != CT_NONE && to < n &&
                                           distance(v[i], before) > distance(best, before));
        if (farther || to == n)
            best = v[i];
    }
    return best;
}

bool ct_sparkline(struct ct_box b, int y, int x, int width, enum ct_role role, const int64_t *v,
                  size_t n)
{
    int64_t low = CT_NONE, high = CT_NONE;
    for (size_t i = 0; i < n; i++) {
        if (v[i] == CT_NONE)
            continue;
        low = low == CT_NONE || v[i] < low ? v[i] : low;
        high = high == CT_NONE || v[i] > high ? v[i] : high;
    }
    if (low == CT_NONE) {
        if (width >= 7)
            ct_put(b, y, x, CT_ROLE_DIM, width, CT_LIT("no data"));
        return false;
    }
    bool blocky = b.canvas && b.canvas->charset == CT_CHARSET_UNICODE;
    uint64_t top = blocky ? 7 : 4, span = distance(high, low);
    int64_t before = CT_NONE;
    for (int col = 0; col < width; col++) {
        int64_t value = column_value(v, n, width, col, before);
        if (value == CT_NONE)
            continue;
        uint64_t level = blocky ? 3 : 2;
        if (span > 0) { /* in 128 bits: a span may fill 64 */
            unsigned __int128 up = distance(value, low);
            level = (uint64_t)((up * top + span / 2) / span);
        }
        ct_put_point(b, y, x + col, role, blocky ? blocks[level] : (uint32_t)ascii[level]);
        before = value;
    }
    return true;
}
