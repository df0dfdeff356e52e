/* The simulated market: status pages, GPU prices and stock, token prices, from a seed and a clock
 * that is given. The same seed and the same steps make the same world, byte for byte. Knows no wire
 * format (wire.c) and no network (server.c). One thread at a time. */
#ifndef CT_WORLD_H
#define CT_WORLD_H

#include "db/base/timeutil.h"

#include <stdbool.h>
#include <stdint.h>

/* What may happen to a source instead of the truth. */
enum world_lie {
    WORLD_HONEST,
    WORLD_HTML,   /* a login page with HTTP 200 */
    WORLD_BROKEN, /* HTTP 503 */
    WORLD_HALF,   /* most of the rows are missing */
    WORLD_FROZEN, /* the last answer again and again */
};

enum world_phase { WORLD_INVESTIGATING, WORLD_IDENTIFIED, WORLD_MONITORING, WORLD_RESOLVED };

enum { WORLD_MAX_UPDATES = 5, WORLD_MAX_COMPONENTS = 10, WORLD_MAX_INCIDENTS = 12 };

struct world_incident {
    uint32_t number; /* unique in the world */
    int component;   /* index in its page */
    int severity;    /* 1 minor, 2 major, 3 critical */
    int cause;       /* index of its title and texts */
    enum world_phase phase;
    int64_t left_ms;                 /* market time until the next phase */
    int64_t started_ms, resolved_ms; /* resolved: CT_NONE while open */
    int n_updates;
    struct {
        int64_t at_ms;
        enum world_phase phase;
    } updates[WORLD_MAX_UPDATES];
};

/* One status page. */
struct world_page {
    const char *id, *name, *family;
    const char *components[WORLD_MAX_COMPONENTS];
    const char
        *regions[WORLD_MAX_COMPONENTS]; /* as the format names them; NULL where it does not */
    int n_components;
    struct world_incident incidents[WORLD_MAX_INCIDENTS]; /* newest first */
    int n_incidents;
};

/* A priced instance of a cloud that lists prices. Money in millionths of a dollar an hour. */
struct world_instance {
    const char *cloud, *name, *region;
    int64_t od_micro, spot_micro; /* spot 0: not on offer now */
};

/* A machine on the marketplace. */
struct world_machine {
    uint32_t id;
    const char *gpu, *place;
    int gpu_ram_mib, gpus;
    int64_t fair_micro;  /* what a GPU-hour of its kind is worth */
    int64_t price_micro; /* whole machine an hour */
    bool listed, rented;
};

/* A machine type of a smaller cloud in one of its regions. Money in cents an hour. */
struct world_rental {
    const char *cloud, *name, *gpu, *interconnect, *region;
    int gpu_gib, gpus;
    int64_t cents;
    bool available;
};

/* Something that was written about the market. */
struct world_news {
    uint32_t number;
    int64_t at_ms;
    char title[120];
};

/* A model as a price list writes it. Money in 1e-12 dollars a token. */
struct world_model {
    const char *id, *provider;
    int64_t input, output, cache_read; /* cache_read 0: not offered */
    int context;
    bool listed;
};

enum {
    WORLD_PAGES = 7,
    WORLD_INSTANCES = 26,
    WORLD_MACHINES = 60,
    WORLD_RENTALS = 24,
    WORLD_MODELS = 26,
    WORLD_MAX_NEWS = 20,
};
/* Sources: the pages, then these. */
enum world_source {
    WORLD_AZURE_PRICES = WORLD_PAGES,
    WORLD_AWS_SPOT,
    WORLD_MARKET,
    WORLD_MARKET_BID,
    WORLD_RENTAL_PRICES,
    WORLD_TOKENS,
    WORLD_FEED,
    WORLD_SOURCES,
};

struct ct_world {
    uint64_t rng[2];
    int64_t now_ms;
    uint32_t next_number;
    struct world_page pages[WORLD_PAGES];
    struct world_instance instances[WORLD_INSTANCES];
    struct world_machine machines[WORLD_MACHINES];
    struct world_rental rentals[WORLD_RENTALS];
    struct world_model models[WORLD_MODELS];
    struct world_news news[WORLD_MAX_NEWS]; /* newest first */
    int n_news;
    enum world_lie lies[WORLD_SOURCES];
    int64_t lie_left_ms[WORLD_SOURCES];
};

extern const char *const world_phase_words[]; /* "investigating" ... "resolved" */
const char *world_cause_title(int cause);
const char *world_cause_text(int cause, enum world_phase phase);

/* A calm market at START_MS. */
void ct_world_init(struct ct_world *w, uint64_t seed, int64_t start_ms);
/* What happens in MARKET_MS of market time happens, stamped NOW_MS (not before the last step). A
 * backlog passes equal steps; a live demo passes more market time than the clock shows, so that
 * there is something to see. */
void ct_world_step(struct ct_world *w, int64_t now_ms, int64_t market_ms);

#endif
