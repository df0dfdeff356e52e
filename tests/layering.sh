#!/bin/sh
# Who may include what: the table of the design, held against the sources. TAP.
cd "${CT_SRCDIR:-.}" || exit 1
n=0
failed=0

# allowed NAME FILES... -- PATTERN: no #include "..." or <...> in FILES beyond PATTERN (an extended expression
# over what stands between the quotes or brackets; the system's own headers are always fine).
allowed() {
    name=$1
    shift
    files=
    while [ "$1" != -- ]; do
        files="$files $1"
        shift
    done
    n=$((n + 1))
    # shellcheck disable=SC2086
    bad=$(grep -nHE '^#include ("|<(curl|ncurses|libxml|sqlite3|jansson|yajl|microhttpd|csv|utf8proc|ini|vterm|zlib|dbus))' $files |
        sed -E 's/#include ["<]([^">]*)[">].*/\1/' |
        awk -F: -v ok="^($2)" '$3 !~ ok { print "#   " $1 ":" $2 ": " $3 }')
    if [ -z "$bad" ]; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        echo "$bad"
        failed=1
    fi
}

allowed db_base_depends_on_libc_utf8proc_and_inih db/base/*.[ch] -- \
    'config\.h|db/base/|utf8proc|ini\.h'
allowed db_knows_base_sqlite_and_jansson db/*.[ch] -- \
    'config\.h|db/|sqlite3|jansson'
allowed fetchers_know_no_reader_and_no_screen fetchers/*.[ch] fetchers/families/*.[ch] -- \
    'config\.h|db/base/|db/model\.h|db/table\.h|db/write\.h|fetchers/|curl|jansson|yajl|libxml|csv|zlib'
allowed alerts_read_rows_and_know_no_screen alerts/*.[ch] alerts/channels/*.[ch] -- \
    'config\.h|db/base/|db/(alerts|model|read|table|write)\.h|fetchers/(exec|http)\.h|alerts/|jansson'
allowed one_file_knows_curl $(ls alerts/*.[ch] alerts/channels/*.[ch] fetchers/*.[ch] fetchers/families/*.[ch] app/*.[ch] demo/*.[ch] | grep -v fetchers/http_priv.h) -- \
    'config\.h|db/|fetchers/|alerts/|app/|demo/|tui/|dbus|jansson|yajl|libxml|csv|zlib|microhttpd|sqlite3'
allowed one_file_knows_dbus $(ls alerts/*.[ch] alerts/channels/*.[ch] fetchers/*.[ch] app/*.[ch] | grep -v app/fetcher_desktop.c) -- \
    'config\.h|db/|fetchers/|alerts/|app/|demo/|tui/|curl|jansson|yajl|libxml|csv|zlib|microhttpd|sqlite3'
n=$((n + 1))
if grep -l '"fetchers/http_priv.h"' */*.[ch] */*/*.[ch] | grep -v '^fetchers/http_*[a-z]*\.c$'; then
    echo "not ok $n - only_http_files_know_its_private_header"
    failed=1
else
    echo "ok $n - only_http_files_know_its_private_header"
fi
allowed canvas_themes_and_widgets_know_rows_only_by_their_table tui/canvas.[ch] tui/theme.[ch] tui/widgets/*.[ch] -- \
    'config\.h|db/base/|db/table\.h|db/model\.h|tui/'
allowed views_read_models_and_know_no_terminal tui/views/*.[ch] -- \
    'config\.h|db/base/|db/alerts\.h|db/model\.h|db/table\.h|db/read\.h|tui/'
allowed one_file_knows_ncurses $(ls tui/*.[ch] tui/*/*.[ch] app/*.[ch] | grep -v tui/term.c) -- \
    'config\.h|db/|fetchers/|alerts/|app/|tui/|dbus|jansson|sqlite3|csv'
allowed the_demo_is_a_world_and_its_wire demo/*.[ch] -- \
    'config\.h|db/|demo/|fetchers/|app/(fetcher_alerts|fetcher_commands|watch)\.h|microhttpd'
allowed screens_know_no_sql $(ls tui/*.[ch] tui/*/*.[ch] app/*.[ch] | grep -v app/doctor.c) -- \
    'config\.h|db/|fetchers/|alerts/|app/|tui/|demo/|dbus|jansson|csv|ncurses'

# Each numbered rule of alerting has a test that bears its number.
n=$((n + 1))
missing=
for rule in $(seq 1 17); do
    grep -qE "^static void rule_([0-9]+_and_)?${rule}_" tests/unit/test_alert_*.c || missing="$missing $rule"
done
if [ -z "$missing" ]; then
    echo "ok $n - each_rule_of_alerting_has_a_test_named_after_it"
else
    echo "not ok $n - each_rule_of_alerting_has_a_test_named_after_it"
    echo "#   without:$missing"
    failed=1
fi

echo "1..$n"
exit $failed
