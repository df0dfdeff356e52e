/* The floor of a first paint and of a key: ncurses fills the screen, each key moves one highlighted
 * line. */
#include "config.h"

#include <locale.h>
#include <ncurses.h>

static void line(int y, bool on)
{
    attrset(on ? A_REVERSE : A_NORMAL);
    move(y, 0);
    for (int x = 0; x < COLS - 1; x++) {
        addch((chtype)('a' + (x + y) % 26));
    }
}

int main(void)
{
    setlocale(LC_CTYPE, "");
    initscr();
    noecho();
    cbreak();
    curs_set(0);
    for (int y = 0; y < LINES - 1; y++) {
        line(y, y == 0);
    }
    attrset(A_NORMAL);
    mvaddstr(LINES - 1, 0, "bare-end");
    refresh();
    for (int at = 0, key; (key = getch()) != ERR && key != 'q';) {
        line(at, false);
        at = key == 'j' ? (at + 1) % (LINES - 1) : (at + LINES - 2) % (LINES - 1);
        line(at, true);
        refresh();
    }
    endwin();
    return 0;
}
