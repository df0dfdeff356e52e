/* The dashboard alone, for the tests: dash DB [NAME=VALUE]... */
#include "config.h"

#include "tui/app.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *refresh(void *ctx, const char *source)
{
    (void)ctx;
    return source[0] ? "asked for one" : "asked for all";
}

static void set(struct ct_ui_options *o, const char *name, const char *value)
{
    static const char *watch[2];
    static struct ct_key_override key;
    if (strcmp(name, "theme") == 0) {
        o->theme = value;
    } else if (strcmp(name, "charset") == 0) {
        o->charset = value;
    } else if (strcmp(name, "color") == 0) {
        o->color = value;
    } else if (strcmp(name, "start") == 0) {
        o->start = value;
    } else if (strcmp(name, "tz") == 0) {
        o->tz = value;
    } else if (strcmp(name, "demo") == 0) {
        o->demo = true;
    } else if (strcmp(name, "watch") == 0) {
        watch[0] = value;
        o->watch = watch;
    } else if (strcmp(name, "quitkey") == 0) {
        key = (struct ct_key_override){"", value, "quit", "test:1"};
        o->keys = &key;
        o->n_keys = 1;
    } else if (strcmp(name, "fetcher") == 0) { /* =no: nobody to ask */
        o->refresh = NULL;
    }
}

int main(int argc, char **argv)
{
    struct ct_ui_options o = {.refresh = refresh};
    struct ct_ui_result result = {0};
    struct ct_error e = {0};
    setlocale(LC_CTYPE, "");
    o.db_path = argc > 1 ? argv[1] : "";
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value) {
            *value = '\0';
            set(&o, argv[i], value + 1);
        }
    }
    if (ct_ui_run(&o, &result, &e) != CT_OK) {
        fprintf(stderr, "dash: %s: %s\n", e.where, e.what);
        return 2;
    }
    static const char *const ends[] = {"quit", "signal", "eof", "demo"};
    printf("ended by %s, theme %s, watch \"%s\"\n", ends[result.end], result.theme,
           result.watch.p ? result.watch.p : "");
    if (result.views_changed) {
        printf("views:\n%s", result.views.p ? result.views.p : "");
    }
    int status = result.end == CT_UI_SIGNAL ? 128 + result.signal : 0;
    ct_ui_result_done(&result);
    return status;
}
