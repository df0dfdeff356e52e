#include "config.h"

#include "tui/typed.h"

#include "db/base/text.h"

#include <string.h>

/* A terminal that fell silent within a sequence has lost the rest: what comes then is typed. */
enum { SILENCE_MS = 1000 };

static void put(struct ct_typed *t, int key)
{
    if (t->n_out < (int)CT_LEN(t->out)) {
        t->out[t->n_out++] = key;
    }
}

/* KEY belongs to no sequence: it is typed or pasted. */
static void plain(struct ct_typed *t, int key)
{
    char bytes[4];
    if (!t->pasting) {
        put(t, key);
        return;
    }
    if (key >= CT_KEY_UP) {
        return; /* a function key by its bytes: no text */
    }
    size_t n = ct_utf8_encode(bytes, key == CT_KEY_ENTER ? '\n' : key);
    t->cut = t->cut || t->n_paste + n > CT_PASTE_MAX;
    if (!t->cut) {
        memcpy(t->paste + t->n_paste, bytes, n);
        t->n_paste += n;
    }
}

static void end_paste(struct ct_typed *t)
{
    if (t->pasting) {
        t->pasting = false;
        put(t, CT_KEY_PASTE);
    }
}

/* ---- what a whole sequence means ---- */

/* Both ESC [ LETTER and ESC O LETTER: which of them a terminal sends depends on a mode that descriptions and programs
 * do not always agree on. */
static int letter_key(int letter)
{
    static const char letters[] = "ABCDHFPQS";
    static const int keys[] = {CT_KEY_UP, CT_KEY_DOWN, CT_KEY_RIGHT, CT_KEY_LEFT, CT_KEY_HOME, CT_KEY_END,
                               CT_KEY_F1, CT_KEY_F1 + 1, CT_KEY_F1 + 3};
    const char *at = strchr(letters, letter);
    return at && letter ? keys[at - letters] : CT_KEY_NONE;
}

static int number_key(int number)
{
    static const struct {
        int number, key;
    } map[] = {{1, CT_KEY_HOME},  {3, CT_KEY_DEL},   {4, CT_KEY_END},      {5, CT_KEY_PGUP},
               {6, CT_KEY_PGDN},  {7, CT_KEY_HOME},  {8, CT_KEY_END},      {11, CT_KEY_F1},
               {12, CT_KEY_F1 + 1}, {13, CT_KEY_F1 + 2}, {14, CT_KEY_F1 + 3}, {15, CT_KEY_F1 + 4},
               {17, CT_KEY_F1 + 5}, {18, CT_KEY_F1 + 6}, {19, CT_KEY_F1 + 7}, {20, CT_KEY_F1 + 8},
               {21, CT_KEY_F1 + 9}, {23, CT_KEY_F1 + 10}, {24, CT_KEY_F12}};
    for (size_t i = 0; i < CT_LEN(map); i++) {
        if (map[i].number == number) {
            return map[i].key;
        }
    }
    return number < 100 ? CT_KEY_LAST : CT_KEY_NONE; /* Insert and the like: a key, but nobody's */
}

/* Which of the modifier keys was held is the last parameter: 1 none, 2 Shift. */
static int with_modifier(int key, int modifier)
{
    bool shift = modifier == 2;
    if (key == CT_KEY_NONE || modifier <= 1) {
        return key;
    }
    return shift && key == CT_KEY_LEFT ? CT_KEY_SLEFT : shift && key == CT_KEY_RIGHT ? CT_KEY_SRIGHT : CT_KEY_LAST;
}

static void control_ends(struct ct_typed *t, int final)
{
    int key = CT_KEY_NONE, first = t->n_params > 0 ? t->params[0] : 0;
    int modifier = t->n_params == 2 ? t->params[1] : 1;
    t->state = CT_TYPED_KEYS;
    if (t->prefix || t->odd || t->n_params > 2) {
        return; /* an answer */
    }
    if (t->pasting) {
        if (final == '~' && first == 201) {
            end_paste(t);
        }
        return;
    }
    if (final == '~' && first == 200) {
        t->pasting = true;
        t->cut = false;
        t->n_paste = 0;
    } else if (final == '~') {
        key = with_modifier(number_key(first), modifier);
    } else if (final == 'Z') {
        key = CT_KEY_BACKTAB;
    } else if (t->n_params == 0 && (final == 'I' || final == 'O')) {
        key = final == 'I' ? CT_KEY_FOCUS_IN : CT_KEY_FOCUS_OUT;
    } else if (t->n_params == 0 && (final == 'M' || final == '[')) { /* a place of the mouse; a key of the Linux console */
        t->state = CT_TYPED_SKIP;
        t->skip = final == 'M' ? 3 : 1;
    } else if (t->n_params == 0 || t->params[0] == 1) {
        key = with_modifier(letter_key(final), modifier);
    }
    if (key != CT_KEY_NONE) {
        put(t, key);
    }
}

/* ESC O KEY: the letters above, and the numeric pad. */
static bool pad_key(struct ct_typed *t, int key)
{
    static const char pad[] = "jklmnopqrstuvwxy", means[] = "*+,-./0123456789";
    const char *at = key > 0 && key < 0x7f ? strchr(pad, key) : NULL;
    int meant = at ? means[at - pad] : key == 'M' ? CT_KEY_ENTER : key == 'R' ? CT_KEY_F1 + 2 : key == 'X' ? '='
                : key > 0 && key < 0x7f ? letter_key(key) : CT_KEY_NONE;
    if (meant != CT_KEY_NONE) {
        plain(t, meant);
    }
    return meant != CT_KEY_NONE;
}

/* ---- one after the other ---- */

static void at_rest(struct ct_typed *t, int key)
{
    static const char eighth_bit[] = "\x90P\x98X\x9b[\x9d]\x9e^\x9f_"; /* the same beginnings in one character */
    t->state = CT_TYPED_KEYS;
    if (key == CT_KEY_ESC) {
        t->state = CT_TYPED_ESCAPE;
        return;
    }
    for (size_t i = 0; i + 1 < sizeof(eighth_bit); i += 2) {
        if (key == (unsigned char)eighth_bit[i]) {
            t->state = CT_TYPED_INTRODUCED;
            t->intro = eighth_bit[i + 1];
            return;
        }
    }
    if (key < 0x80 || key > 0x9f) { /* those are no characters */
        plain(t, key);
    }
}

static void after_escape(struct ct_typed *t, int key)
{
    if (key > 0 && key < 0x7f && strchr("[O]PX^_", key)) {
        t->state = CT_TYPED_INTRODUCED;
        t->intro = key;
        return;
    }
    if (t->state == CT_TYPED_ESCAPE) {
        plain(t, CT_KEY_ESC);
    }
    at_rest(t, key);
}

static void in_ending(struct ct_typed *t, int key)
{
    if (key == '\\') {
        t->state = CT_TYPED_KEYS;
    } else {
        after_escape(t, key);
    }
}

static void in_control(struct ct_typed *t, int key)
{
    if (key < ' ' || key > '~') { /* broken off */
        at_rest(t, key);
    } else if (key >= '@') {
        control_ends(t, key);
    } else if (key >= '0' && key <= '9') {
        t->n_params += t->n_params == 0;
        int *p = &t->params[t->n_params - 1];
        *p = *p < 10000 ? *p * 10 + key - '0' : *p;
    } else if (key == ';' && t->n_params < (int)CT_LEN(t->params)) {
        t->n_params += t->n_params == 0 ? 2 : 1;
    } else if (key >= '<' && t->n_params == 0) {
        t->prefix = (char)key;
    } else {
        t->odd = true;
    }
}

/* A string ends with ST or BEL; whatever else cannot be in one was typed. */
static void in_string(struct ct_typed *t, int key)
{
    bool ends = key == '\a' || key == 0x9c;
    if (key < ' ' || key >= CT_KEY_UP || key == CT_KEY_BACKSPACE || ends) {
        t->state = key == CT_KEY_ESC ? CT_TYPED_ENDING : CT_TYPED_KEYS;
        if (!ends && key != CT_KEY_ESC) {
            at_rest(t, key);
        }
    }
}

static void introduced(struct ct_typed *t, int key)
{
    memset(t->params, 0, sizeof(t->params));
    t->n_params = t->prefix = 0;
    t->odd = false;
    if (t->intro == '[' && key >= ' ' && key <= '~') {
        t->state = CT_TYPED_CONTROL;
        in_control(t, key);
    } else if (t->intro == 'O' && pad_key(t, key)) {
        t->state = CT_TYPED_KEYS;
    } else if (t->intro != '[' && t->intro != 'O' && key >= ' ' && key < CT_KEY_UP) {
        t->state = CT_TYPED_STRING;
    } else {
        ct_typed_close(t);
        at_rest(t, key);
    }
}

void ct_typed_feed(struct ct_typed *t, int key, int64_t mono_ms)
{
    bool silent = mono_ms - t->at_mono_ms > SILENCE_MS;
    t->at_mono_ms = mono_ms;
    if (silent && t->state > CT_TYPED_INTRODUCED) {
        t->state = CT_TYPED_KEYS;
    }
    if (silent) {
        end_paste(t);
    }
    switch (t->state) {
    case CT_TYPED_KEYS:
        at_rest(t, key);
        break;
    case CT_TYPED_ESCAPE:
        after_escape(t, key);
        break;
    case CT_TYPED_INTRODUCED:
        introduced(t, key);
        break;
    case CT_TYPED_CONTROL:
        in_control(t, key);
        break;
    case CT_TYPED_STRING:
        in_string(t, key);
        break;
    case CT_TYPED_ENDING:
        in_ending(t, key);
        break;
    case CT_TYPED_SKIP:
        t->state = --t->skip > 0 ? CT_TYPED_SKIP : CT_TYPED_KEYS;
        break;
    }
}

bool ct_typed_open(const struct ct_typed *t)
{
    return t->state == CT_TYPED_ESCAPE || t->state == CT_TYPED_INTRODUCED;
}

void ct_typed_close(struct ct_typed *t)
{
    if (ct_typed_open(t)) {
        bool both = t->state == CT_TYPED_INTRODUCED;
        t->state = CT_TYPED_KEYS;
        plain(t, CT_KEY_ESC);
        if (both) {
            plain(t, t->intro);
        }
    }
}

int ct_typed_next(struct ct_typed *t)
{
    if (t->n_out == 0) {
        return CT_KEY_NONE;
    }
    int key = t->out[0];
    memmove(t->out, t->out + 1, (size_t)--t->n_out * sizeof(t->out[0]));
    return key;
}
