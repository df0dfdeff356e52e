/* The channels of [notify NAME] sections, and the two that need none: what viewers show by
 * themselves. */
#include "config.h"

#include "alerts/channel.h"

#include <stdlib.h>
#include <string.h>

struct ct_channels {
    struct ct_arena *arena;
    CT_VEC(const char *) names;
};

static const char *const own[] = {"screen", "bell"};

void ct_channels_new(const struct ct_channels_options *o, struct ct_channels **out)
{
    struct ct_channels *c = ct_xcalloc(1, sizeof *c);
    (void)o;
    c->arena = ct_arena_new(0);
    for (size_t i = 0; i < CT_LEN(own); i++)
        *CT_VEC_PUSH(c->arena, &c->names) = own[i];
    *out = c;
}

void ct_channels_free(struct ct_channels *c)
{
    if (c)
        ct_arena_free(c->arena);
    free(c);
}

const char *ct_channels_at(const struct ct_channels *c, size_t i, const char **kind)
{
    *kind = i < c->names.n ? c->names.v[i] : NULL;
    return *kind;
}

bool ct_channels_has(const struct ct_channels *c, struct ct_span name)
{
    for (size_t i = 0; i < c->names.n; i++)
        if (ct_span_is(name, c->names.v[i]))
            return true;
    return false;
}

void ct_channels_send(struct ct_channels *c, const struct ct_alert_delivery *d,
                      ct_channel_done *done, void *ctx)
{
    bool known = ct_channels_has(c, d->channel);
    done(ctx, d->row, known ? CT_SENT_OK : CT_SENT_REFUSED, CT_NONE,
         known ? "shown" : "no such channel");
}

int64_t ct_channels_step(struct ct_channels *c, int64_t most)
{
    (void)c;
    return most;
}
