#!/bin/sh
# run.sh BUILD [AREA...]: every budget as one line "bench NAME OURS FLOOR RATIO BUDGET ok|over", separated by tabs;
# all else goes to stderr. Floor and ours are measured in turn in this run. A budget that is missed is said, not
# failed, one whose floor cannot be had here is "not measured"; a benchmark that cannot check its result ends with 1. Areas: parse net store tui query.
set -eu
build=$(cd "$1" && pwd)
shift
bench=$build/tests/bench
here=$(cd "$(dirname "$0")" && pwd)
export CLOUDTAPE_DATADIR="$(cd "$here/../.." && pwd)"
export LC_ALL=C.UTF-8 TERM=xterm-256color

work=$(mktemp -d)
trap 'tmux -L "bench-$$" kill-server 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/home"
home=$HOME # where somebody's settings of npm are
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/c" XDG_DATA_HOME="$work/home/d" XDG_STATE_HOME="$work/home/s"
unset CLOUDTAPE_DB CLOUDTAPE_NOW NO_COLOR GIT_DIR

say() { echo "run.sh: $*" >&2; }
die() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is missing"; }

# line NAME OURS FLOOR UNIT BUDGET: judges OURS / FLOOR, or with a BUDGET such as "<=24 MB" OURS itself; "-": is no budget.
# Without OURS it was not measured, and is neither ok nor over.
line() {
    awk -v name="$1" -v ours="$2" -v floor="$3" -v unit="$4" -v budget="$5" 'BEGIN {
        limit = budget; sub(/^[<>]=/, "", limit)
        absolute = limit ~ /[A-Za-z]/ || limit == "0"
        judged = absolute ? ours + 0 : (floor > 0 ? ours / floor : -1)
        ratio = floor > 0 ? sprintf("%.2f", ours / floor) : "-"
        ok = budget ~ /^>=/ ? judged >= limit + 0 : judged >= 0 && judged <= limit + 0
        verdict = ours == "" ? "not measured" : budget == "-" ? "-" : ok ? "ok" : "over"
        u = unit == "" || ours == "" ? "" : " " unit
        printf "bench\t%s\t%s%s\t%s%s\t%s\t%s\t%s\n", name, ours == "" ? "-" : ours, u, floor == "" ? "-" : floor, u, ratio, budget, verdict
    }'
}

# ---- what several areas stand on ----

demo_end=2026-11-01T00:00:00Z
demo() {
    [ -f "$work/demo.db" ] && return
    say "simulating 30 days"
    "$build/cloudtape-fetcher" demo --headless --days 30 --seed 1 --db "$work/demo.db" >&2
}

sql() { sqlite3 -batch -readonly "$work/demo.db" "$1"; }

# ---- tui ----

# A repository tig has something to read in.
tig_repository() {
    git init -q "$work/repo"
    git -C "$work/repo" symbolic-ref HEAD refs/heads/main
    awk 'BEGIN {
        for (i = 1; i <= 3000; i++) {
            printf "commit refs/heads/main\ncommitter A <a@example.org> %d +0000\n", 1700000000 + i * 600
            printf "data <<X\nChange number %d of the thing\nX\nM 644 inline f%d\ndata <<X\nline %d\nX\n\n", i, i % 50, i
        }
    }' | git -C "$work/repo" fast-import --quiet
    git -C "$work/repo" reset -q --hard
    [ "$(git -C "$work/repo" rev-list --count HEAD)" = 3000 ] || die "no repository for tig"
}

in_repo() { (cd "$work/repo" && "$@"); }
ours() { CLOUDTAPE_NOW=$demo_end "$@" "$build/cloudtape" --no-fetch --db "$work/demo.db"; }

tui_paint() {
    say "first paint"
    set -- $("$bench/pty_bench" settle bare-end 15 200x50 "$bench/bare") \
        $(ours "$bench/pty_bench" settle 'newest first&series, 30d' 15 200x50) \
        $(in_repo "$bench/pty_bench" paint 'Change number 2953' 15 200x50 tig)
    [ $# = 6 ] || die "a first paint was not seen"
    line tui-first-paint-against-ncurses "$3" "$1" ms '<=5'
    line tui-first-paint-against-tig "$3" "$5" ms '<=0.7'
    line tui-first-paint-bytes "$4" "$2" B '<=17000 B'
}

# Keys go to all programs of a run in turn: whatever else the machine does slows all of them. So many that the slowest
# hundredth is more than the one key that a pause of the machine met; and where the bare program, which does nothing,
# was paused, all of them are pressed once more.
there=$(printf %28s '' | sed 's/ /jjjjkkkk/g')
arrows=$(printf %28s '' | sed 's/ /vvvv^^^^/g')
# Where one run is all there is: thrice as many, since of 224 keys the third slowest is the 99th percentile.
long_there=$there$there$there
long_arrows=$arrows$arrows$arrows

# Moves of a cursor on every screen at SIZE: "p50 p99 bytes needed" of tig, htop, ours and ncurses alone on a line. Screen 6 has a cursor on its chart, screen 7 silences.
tui_moves() {
    for screen in 1 2 3 4 5 6 7 8; do
        case $screen in
        6) moves="6~h:$(echo $there | tr jk hl)" ;;
        7) [ "$1" = 80x24 ] && tabs=$(printf '\t') || tabs=$(printf '\t\t') # silences stand third on a wall
            moves="7~$tabs:$there" ;;
        *) moves="$screen~:$there" ;;
        esac
        # shellcheck disable=SC2046
        moved=$(echo $(in_repo env CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" key "$1" $there tig --vs "$arrows" htop --vs "$moves" \
            "$build/cloudtape" --no-fetch --db "$work/demo.db" --calm $there "$bench/bare"))
        [ "$(echo "$moved" | wc -w)" = 16 ] || die "keys changed nothing on screen $screen"
        echo "$moved"
        say "screen $screen at $1: $(echo "$moved" | awk '{ printf "p50 %s ms, %.2f x tig, p99 %s ms, %s bytes, %s needed", $9, $9 / $1, $10, $11, $12 }')"
    done
}

# worst FILE OURS FLOOR: these two numbers of the line where the first is the largest part of the second.
worst() { awk -v o="$2" -v f="$3" '!n++ || $o / $f > most { most = $o / $f; line = $o " " $f } END { print line }' "$1"; }

# slow_key N: the 99th percentile of all keys of program N, as they were pressed on all screens.
slow_key() { awk -v n="$1" '$1 == n { print $2 }' "$work/all" | sort -g | awk '{ ms[NR] = $1 } END { print ms[int((NR * 99 + 99) / 100)] }'; }

# keys_line NAME BUDGET OURS FLOOR: of the screen that is worst, by columns of the moves.
keys_line() {
    # shellcheck disable=SC2046
    set -- "$1" "$2" $(worst "$work/moves" "$3" "$4")
    line "tui-key-to-frame-$1" "$3" "$4" ms "$2"
}

tui_keys() {
    say "keys"
    for i in 1 2 3 4 5 6 7 8; do
        CLOUDTAPE_NOW=$demo_end "$build/cloudtape-fetcher" alerts silence provider=aws --for "${i}d" --comment bench --db "$work/demo.db" >&2
    done
    for size in 80x24 200x50; do
        rm -f "$work/all"
        export CT_BENCH_ALL="$work/all"
        tui_moves $size >"$work/moves"
        unset CT_BENCH_ALL
        [ "$(wc -l <"$work/moves")" = 8 ] || die "not every screen moved"
        keys_line "p50-$size-against-tig" '<=1.5' 9 1
        keys_line "p50-$size-against-ncurses" - 9 13
        # Of all screens together, and of the one that has the largest part, where it is the third slowest of 224 keys and
        # easily the machine's.
        line "tui-key-to-frame-p99-$size-against-htop" "$(slow_key 3)" "$(slow_key 2)" ms '<=1.0'
        line "tui-key-to-frame-p99-$size-against-ncurses" "$(slow_key 3)" "$(slow_key 4)" ms -
        keys_line "p99-$size-on-the-worst-screen-against-htop" '<=1.0' 10 6
        # shellcheck disable=SC2046
        line "tui-key-to-frame-p99-$size" $(sort -k 10 -gr "$work/moves" | awk 'NR == 1 { print $10, $14 }') ms '<=16 ms'
        line "tui-bytes-a-frame-$size-against-the-cells" \
            "$(awk '{ s += $11 } END { print s }' "$work/moves")" "$(awk '{ s += $12 } END { print s }' "$work/moves")" B '<=1.3'
    done
    # The list alone: too small a screen for the details of the row.
    down=$(printf %40s "" | tr " " j)
    up=$(printf %40s "" | tr " " k)
    # shellcheck disable=SC2046
    set -- $(ours "$bench/pty_bench" key 80x24 "$down$up" "$bench/bare" --vs "3:$down$up")
    [ $# = 8 ] || die "keys changed nothing"
    line tui-bytes-a-list-move "$7" "$3" B '<=360 B'
}

# Twenty cells all over the screen, painted by us and by ncurses alone; both are looked at.
tui_cells() {
    say "scattered cells"
    # shellcheck disable=SC2046
    set -- $("$bench/bench_frame" time 500)
    [ $# = 4 ] || die "no frames"
    line tui-20-cells-cpu-against-ncurses "$1" "$2" us '<=1.5'
    line tui-20-cells-bytes "$3" "$4" B '<=400 B'
    # shellcheck disable=SC2046
    set -- $("$bench/bench_frame" count 100)
    [ $# = 2 ] || die "nothing was counted"
    line tui-20-cells-instructions "$1" "$2" "" '<=650000 Ir'
    line tui-20-cells-instructions-against-ncurses "$1" "$2" "" '<=1.5'
    # The law: a cell more costs no more in a frame of many. The first cells bear what every frame costs, so what is
    # compared is the price of those that come on top: from 20 to 200 and from 200 to 2000.
    twenty=$1
    # shellcheck disable=SC2046
    set -- $("$bench/bench_frame" count 100 200) $("$bench/bench_frame" count 20 2000)
    [ $# = 4 ] || die "nothing was counted"
    line tui-cells-x10-instructions-a-cell "$((${1%.*} / 200))" "$((${twenty%.*} / 20))" "" '<=1.2'
    line tui-cells-x100-instructions-a-cell "$((${3%.*} / 2000))" "$((${twenty%.*} / 20))" "" '<=1.2'
    line tui-cells-x100-instructions-a-further-cell "$(((${3%.*} - ${1%.*}) / 1800))" "$(((${1%.*} - ${twenty%.*}) / 180))" "" '<=1.2'
}

# Keys while somebody writes: the simulated market served and fetched, and a price list imported.
tui_keys_while_written() {
    say "keys during a fetch round and an import"
    "$build/cloudtape-fetcher" demo --serve --seed 1 --db "$work/serve.db" >"$work/serve.log" 2>&1 &
    writer=$!
    tries=0
    until [ "$(sqlite3 -batch -readonly "$work/serve.db" 'SELECT count(*) > 20 FROM offer' 2>/dev/null)" = 1 ]; do
        tries=$((tries + 1))
        [ $tries -lt 120 ] || die "the served market fetched nothing"
        sleep 0.5
    done
    # shellcheck disable=SC2046
    set -- $(in_repo "$bench/pty_bench" key 200x50 $long_there tig --vs "$long_arrows" htop --vs "3~~jjjj:$long_there" \
        "$build/cloudtape" --no-fetch --db "$work/serve.db" --calm $long_there "$bench/bare")
    kill -0 $writer 2>/dev/null || die "nobody fetched"
    hidden "$build/cloudtape --no-fetch --db $work/serve.db"
    kill $writer
    wait $writer || true
    [ $# = 16 ] || die "keys changed nothing"
    line tui-key-to-frame-p50-while-fetching-against-tig "$9" "$1" ms '<=1.5'
    line tui-key-to-frame-p99-while-fetching-against-htop "${10}" "$6" ms '<=1.0'
    line tui-key-to-frame-p99-while-fetching-against-ncurses "${10}" "${14}" ms -
    line tui-key-to-frame-p99-while-fetching "${10}" "$6" ms '<=16 ms'
    line tui-hidden-pane-bytes-while-fetching "${hidden_costs##* }" 0 B/s '<=400 B/s'
    cp "$work/demo.db" "$work/import.db"
    sqlite3 -batch "$work/import.db" "UPDATE meta SET value = 0 WHERE key = 'simulated'" # else nothing may be imported
    # In parts, one after the other until the keys are done.
    awk -v list="$work/list" 'BEGIN {
        for (n = 0; n < 64 * 5400; n++) {
            part = list "." (10 + int(n / (16 * 5400))) ".ndjson"
            printf "{\"row\":\"offer\",\"cloud\":\"acme\",\"region\":\"eu-%d\",\"instance\":\"m%d\",\"gpu\":\"H100\",", n % 7, n % 900 >part
            printf "\"form\":\"SXM\",\"gpu_mem_gib\":80,\"gpu_count\":8,\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":%d.%02d,\"stock\":\"A\"}\n", 20 + n % 9, n % 100 >part
        }
    }'
    (
        minute=0
        until [ -e "$work/imported" ]; do
            for part in "$work"/list.*.ndjson; do
                [ ! -e "$work/imported" ] || break
                at=$(printf '2026-10-31T%02d:%02d:00Z' $((minute / 60)) $((minute % 60)))
                minute=$((minute + 1))
                "$build/cloudtape-fetcher" import rows "$part" --at "$at" --db "$work/import.db" || exit 1
            done
        done
    ) >"$work/import.log" 2>&1 &
    writer=$!
    # shellcheck disable=SC2046
    set -- $(in_repo env CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" key 200x50 $long_there tig --vs "$long_arrows" htop --vs "3~jjjj:$long_there" \
        "$build/cloudtape" --no-fetch --db "$work/import.db" --calm $long_there "$bench/bare")
    kill -0 $writer 2>/dev/null || { tail -n 3 "$work/import.log" >&2; die "the import was done before the keys were"; }
    : >"$work/imported"
    wait $writer || { tail -n 3 "$work/import.log" >&2; die "nothing was imported"; }
    rm -f "$work"/list.*.ndjson
    [ $# = 16 ] || die "keys changed nothing"
    line tui-key-to-frame-p50-while-importing-against-tig "$9" "$1" ms '<=1.5'
    line tui-key-to-frame-p99-while-importing-against-htop "${10}" "$6" ms '<=1.0'
    line tui-key-to-frame-p99-while-importing-against-ncurses "${10}" "${14}" ms -
    line tui-key-to-frame-p99-while-importing "${10}" "$6" ms '<=16 ms'
}

# The laws: a hundred times the samples, and a hundred times the rows.
tui_growth() {
    say "growth"
    "$build/cloudtape-fetcher" demo --headless --days 2 --seed 1 --db "$work/few.db" >&2
    "$build/cloudtape-fetcher" demo --headless --days 200 --seed 1 --db "$work/many.db" >&2
    few=$(CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" settle 'newest first&abs' 11 200x50 "$build/cloudtape" --no-fetch --db "$work/few.db")
    many=$(CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" settle 'newest first&abs' 11 200x50 "$build/cloudtape" --no-fetch --db "$work/many.db")
    line tui-first-paint-samples-x100 "${many% *}" "${few% *}" ms '<=1.5'
    few=$(CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" idle 1 200x50 "$build/cloudtape" --no-fetch --db "$work/few.db")
    many=$(CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" idle 1 200x50 "$build/cloudtape" --no-fetch --db "$work/many.db")
    line tui-viewer-rss-samples-x100 "$(echo "${many##* } ${few##* }" | awk '{ print $1 - $2 }')" 0 MB '<=4 MB'
    # Only what a list reads: series and offers without a past, of those that are there to be listed.
    cp "$work/demo.db" "$work/rows.db"
    "$bench/newest_rows" "$work/rows.db" unpack || exit 1
    listed() { sqlite3 -batch -readonly "$work/rows.db" 'SELECT count(*) FROM offer JOIN newest_row USING (series_id) WHERE NOT flags & 8'; }
    few=$(listed)
    [ "$few" -gt 0 ] || die "no rows"
    sqlite3 -batch "$work/rows.db" "
        CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 99) SELECT i FROM c;
        CREATE TEMP TABLE top AS SELECT max(id) AS id FROM series;
        CREATE TEMP TABLE listed AS SELECT o.* FROM offer o JOIN newest_row USING (series_id) WHERE NOT flags & 8;
        INSERT INTO series SELECT s.id + n.i * top.id, source_id, kind, ext_key || '~' || n.i, name || '~' || n.i, unit, digits,
            facts_hash, words FROM series s, n, top WHERE s.id IN (SELECT series_id FROM listed);
        INSERT INTO newest_row SELECT series_id + n.i * top.id, source_id, kind, at_ms, value, flags, low, high
            FROM newest_row, n, top WHERE series_id IN (SELECT series_id FROM listed);
        INSERT INTO offer SELECT series_id + n.i * top.id, stock_series, key || '~' || n.i, cloud, region, zone, sku, instance || n.i, gpu,
            form, gpu_mem_milli, gpu_count_milli, vcpu_milli, mem_milli, purchase, currency, price_per_hour,
            price_per_gpu_hour, host_included, stock, stock_count, interruption, effective_ms, n_offers FROM listed, n, top;"
    [ "$(listed)" = $((100 * few)) ] || die "no hundred times the rows"
    "$bench/newest_rows" "$work/rows.db" pack || exit 1
    sync # of a gigabyte just written: else that goes on meanwhile
    for run in 1 2 3; do
        echo $(CLOUDTAPE_NOW=$demo_end "$bench/pty_bench" key 200x50 "3~~~~:$there" "$build/cloudtape" --no-fetch --db "$work/rows.db" \
            --vs "3~~~~:$there" "$build/cloudtape" --no-fetch --db "$work/demo.db" --calm $there "$bench/bare")
    done >"$work/grown"
    # shellcheck disable=SC2046
    set -- $(awk 'NF == 12 { n++; many = n == 1 || $1 < many ? $1 : many; few = n == 1 || $5 < few ? $5 : few } END { print n, many, few }' "$work/grown")
    [ "$1" = 3 ] || die "keys changed nothing"
    line tui-key-to-frame-p50-rows-x100 "$2" "$3" ms '<=1.2'
}

# within_a_minute SECONDS: waits until so many are left of the minute, which the clock on screen shows.
within_a_minute() {
    while [ "$(date +%S | sed 's/^0//')" -gt $((60 - $1)) ]; do
        sleep 1
    done
}

# The same dashboard in the other library; where that cannot be had the line says so.
contrib="blessed@0.1.81 blessed-contrib@4.11.0"
have_contrib() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || return 1
    mkdir "$work/contrib"
    # shellcheck disable=SC2086
    HOME=$home npm install --prefix "$work/contrib" --cache "$work/npm" --ignore-scripts --no-audit --no-fund $contrib >"$work/npm.log" 2>&1 ||
        { tail -n 3 "$work/npm.log" >&2; return 1; }
}

# A price a second into the market that was served, by a writer of its own; acme's is what the watchlist shows.
tick() {
    n=0
    until [ -e "$work/ticked" ]; do
        n=$((n + 1))
        printf '{"row":"offer","cloud":"acme","region":"eu-1","instance":"m8","gpu":"H100","form":"SXM","gpu_mem_gib":80,' >"$work/tick.ndjson"
        printf '"gpu_count":8,"purchase":"od","currency":"USD","price_per_hour":%d.%02d,"stock":"A"}\n' \
            $((16 + n % 90 * 16 / 100)) $((n % 90 * 16 % 100)) >>"$work/tick.ndjson"
        "$build/cloudtape-fetcher" import rows "$work/tick.ndjson" --at now --db "$work/serve.db" || exit 1
        sleep 0.95
    done
}

tui_tick() {
    say "one tick a second"
    seconds=20
    have_contrib || {
        line tui-tick-cpu-against-blessed-contrib "" "" us/s '<=0.1'
        return
    }
    sqlite3 -batch "$work/serve.db" "UPDATE meta SET value = 0 WHERE key = 'simulated'" # else nothing may be imported
    printf '[watch tick]\nitem = cloud:acme\n' >"$work/tick.ini"
    tick >"$work/tick.log" 2>&1 &
    writer=$!
    sleep 2
    # shellcheck disable=SC2046
    set -- $("$bench/pty_bench" tick $seconds 120x40 acme "$build/cloudtape" --no-fetch --db "$work/serve.db" --config "$work/tick.ini" \
        --vs env NODE_PATH="$work/contrib/node_modules" node "$here/dashboard.js")
    : >"$work/ticked"
    wait $writer || { tail -n 3 "$work/tick.log" >&2; die "nobody wrote prices"; }
    [ $# = 6 ] || die "nothing ticked"
    # The writer is a program that begins anew for each: now and then there are none or two in a second.
    [ $((10 * $3)) -ge $((8 * seconds)) ] && [ $((10 * $6)) -ge $((8 * seconds)) ] ||
        die "a price was another in $3 and $6 of $seconds seconds"
    line tui-tick-cpu-against-blessed-contrib "$1" "$4" us/s '<=0.1'
    line tui-tick-bytes-against-blessed-contrib "$2" "$5" B/s -
}

# hidden COMMAND: in a window of tmux that nobody looks at; ten seconds' CPU us a second and bytes a second in
# $hidden_costs.
hidden() {
    tmux -L "bench-$$" -f /dev/null new-session -d -x 120 -y 40 "exec $1" \; new-window "exec sleep 60"
    within_a_minute 18
    sleep 6
    pid=$(tmux -L "bench-$$" list-panes -t :0 -F '#{pane_pid}')
    # shellcheck disable=SC2046
    set -- $("$bench/pty_bench" of "$pid" 10)
    tmux -L "bench-$$" capture-pane -p -t :0 | grep -q 'Capacity' || die "the hidden pane shows nothing"
    tmux -L "bench-$$" kill-server
    [ $# = 3 ] || die "nothing was hidden"
    hidden_costs="$1 $2"
}

tui_idle() {
    say "idle"
    seconds=10
    hidden "$build/cloudtape --no-fetch --db $work/demo.db"
    within_a_minute $((seconds + 8))
    ours=$("$bench/pty_bench" idle $seconds 120x40 "$build/cloudtape" --no-fetch --db "$work/demo.db")
    set -- $ours $("$bench/pty_bench" idle $seconds 120x40 htop) $("$bench/pty_bench" idle 1 120x40 "$bench/bare")
    [ $# = 12 ] || die "nothing was idle"
    [ "$6" -gt 0 ] || die "htop showed nothing"
    line tui-idle-cpu-against-htop "$1" "$5" us/s '<=0.3'
    line tui-hidden-pane-cpu-against-htop "${hidden_costs% *}" "$5" us/s '<=0.3'
    line tui-hidden-pane-bytes-written "${hidden_costs##* }" 0 B/s 0
    line tui-idle-wakeups "$3" "$7" /s '<=2 /s'
    line tui-idle-bytes-written "$2" "$6" B 0
    line tui-viewer-rss "$4" "${12}" MB '<=24 MB'
}

area_tui() {
    need tig
    need htop
    need git
    need tmux
    need valgrind
    demo
    tig_repository
    tui_paint
    tui_cells
    tui_keys
    tui_keys_while_written
    tui_tick
    tui_idle
    tui_growth
}

# ---- query ----

same() { [ "$2" = "$3" ] || die "$1: we say \"$2\", sqlite3 says \"$3\""; }

# What the peers read: the newest samples as rows.
peer() { sqlite3 -batch -readonly "$work/peer.db" "$1"; }
query_peer() {
    cp "$work/demo.db" "$work/peer.db"
    "$bench/newest_rows" "$work/peer.db" unpack || exit 1
}

query_cheapest() {
    cheapest="SELECT s.name, v.value FROM offer o JOIN series s ON s.id = o.series_id JOIN newest_row v USING (series_id)
        WHERE o.gpu = 'H100' AND NOT v.flags & 8 AND v.value IS NOT NULL ORDER BY v.value, s.name LIMIT 1"
    set -- --sort price --limit 1 --db "$work/demo.db"
    same "cheapest H100" "$("$build/cloudtape" gpus gpu:h100 "$@" --csv --no-header --columns series,price | tr -d '\r')" \
        "$(peer "SELECT name || ',' || rtrim(rtrim(printf('%.9f', value / 1e9), '0'), '.') FROM ($cheapest)")"
    set -- $("$bench/pairs" 101 "$build/cloudtape" gpus gpu:h100 "$@" --json \
        --vs sqlite3 -batch -readonly -json "$work/peer.db" "$cheapest")
    line query-cheapest-h100-against-sqlite3 "$1" "$2" us '<=2'
}

query_status_line() {
    states="SELECT value, count(*) FROM newest_row WHERE kind = 4 GROUP BY value ORDER BY value"
    bad=$(peer "SELECT count(*) FROM newest_row WHERE kind = 4 AND value <> 0")
    text=$("$build/cloudtape" status --line --tmux --width 48 --db "$work/demo.db")
    case "$bad $text" in
    "0 "*" ok"*) ;;
    0*) die "status line says \"$text\", nothing is wrong" ;;
    *" ok"*) die "status line says \"$text\", $bad providers are in trouble" ;;
    esac
    set -- $("$bench/pairs" 101 "$build/cloudtape" status --line --tmux --width 48 --db "$work/demo.db" \
        --vs sqlite3 -batch -readonly "$work/peer.db" "$states")
    line query-status-line "$(awk "BEGIN { print $1 / 1000 }")" "$(awk "BEGIN { print $2 / 1000 }")" ms '<=20 ms'
}

query_history() {
    "$build/cloudtape" export samples --sqlite "$work/rows.db" --db "$work/demo.db" 2>/dev/null
    rows() { sqlite3 -batch -readonly "$work/rows.db" "$1"; }
    series=$(rows "SELECT series FROM samples WHERE source = 'demo_aws_spot' AND series LIKE 'gpu/%'
        GROUP BY series ORDER BY count(*) DESC, series LIMIT 1")
    rows_index=$(sqlite3 -batch "$work/rows.db" "CREATE INDEX of_series ON samples (series, at)") || die "$rows_index"
    points="SELECT at, value FROM samples WHERE series = '$series' ORDER BY at"
    set -- "$series" --db "$work/demo.db"
    same "last point of $series" \
        "$("$build/cloudtape" history "$@" --json | sed 's/.*"last":\([0-9.]*\).*/\1/')" \
        "$(rows "SELECT rtrim(rtrim(printf('%.9f', value), '0'), '.') FROM ($points)
            WHERE value IS NOT NULL ORDER BY at DESC LIMIT 1")"
    set -- $("$bench/pairs" 101 "$build/cloudtape" history "$@" --json \
        --vs sqlite3 -batch -readonly -json "$work/rows.db" "$points")
    line query-history-against-sqlite3 "$1" "$2" us '<=2'
}

area_query() {
    need sqlite3
    demo
    say "queries"
    export CLOUDTAPE_NOW=$demo_end
    query_peer
    query_cheapest
    query_status_line
    query_history
    unset CLOUDTAPE_NOW
}

# ---- the rest are programs of their own ----

area_parse() {
    say "parsers"
    "$bench/bench_parse" "$build/cloudtape-fetcher"
}

# A year of the 10,000 prices that bench_samples leaves, and a hundredth of it, up to the hour after their last. The
# chart comes last ("abs"): before it there may be nothing to paint for longer than what counts as silence.
small=2023-11-19T01:13:21Z
large=2025-01-04T13:13:21Z
store_viewer() { at=$1 db=$2 && shift 2 && CLOUDTAPE_NOW=$at "$bench/pty_bench" "$@" 200x50 "$build/cloudtape" --no-fetch --db "$work/$db"; }
store_at() { store_viewer "$1" "$2" settle ' Sources&abs' 7; }

store_screens() {
    say "first paint over them"
    set -- $("$bench/pty_bench" settle bare-end 7 200x50 "$bench/bare") \
        $(store_at $small history-1M-15%.db) $(store_at $large history-100M-15%.db)
    [ $# = 6 ] || die "a first paint was not seen"
    line store-first-paint-100M-against-ncurses "$5" "$1" ms '<=5'
    line store-first-paint-growth-1M-to-100M "$5" "$3" ms '<=1.5'
}

store_rss() {
    say "memory over them"
    set -- $(store_viewer $small history-1M-15%.db rss 23456781) $(store_viewer $large history-100M-15%.db rss 23456781)
    [ $# = 6 ] || die "no memory was seen"
    line store-viewer-rss-100M "$4" "$1" MB '<=24 MB'
    line store-viewer-rss-100M-resting-on-the-worst-screen "$5" "$2" MB '<=24 MB'
    line store-viewer-rss-100M-after-all-screens "$6" "$3" MB '<=24 MB'
    line store-viewer-rss-growth-1M-to-100M "$(awk "BEGIN { print $4 - $1 }")" 0 MB '<=4 MB'
    line store-viewer-rss-growth-1M-to-100M-on-the-worst-screen "$(awk "BEGIN { print $5 - $2 }")" 0 MB '<=4 MB'
    line store-viewer-rss-growth-1M-to-100M-after-all-screens "$(awk "BEGIN { print $6 - $3 }")" 0 MB '<=4 MB'
}

# Rows of the same prices, hour after hour, as `import rows` takes them.
store_rows() {
    awk 'BEGIN {
        for (hour = 0; hour < 60; hour++)
            for (i = 0; i < 2000; i++)
                printf "{\"row\":\"offer\",\"at\":\"2025-02-%02dT%02d:00:00Z\",\"cloud\":\"aws\",\"region\":\"r%d\",\"instance\":\"t%d\"," \
                    "\"gpu\":\"H100\",\"gpu_count\":1,\"purchase\":\"od\",\"currency\":\"USD\",\"price_per_hour\":%.3f}\n", \
                    1 + hour / 24, hour % 24, i % 50, i, 2 + (i * 7 + hour * 3) % 100 / 100
    }' >"$work/rows.ndjson"
}

store_keys() {
    say "keys while rows are imported"
    db=$work/history-100M-15%.db
    moves=$(printf %40s "" | tr " " j)$(printf %40s "" | tr " " k)
    store_rows
    "$build/cloudtape-fetcher" import rows "$work/rows.ndjson" --db "$db" >"$work/import.log" 2>&1 &
    import=$!
    sleep 1
    kill -0 $import 2>/dev/null || { cat "$work/import.log" >&2; die "the import was over before a key was pressed"; }
    set -- $(CLOUDTAPE_NOW=$large "$bench/pty_bench" key 80x24 "3~~jjjj:$moves" "$build/cloudtape" --no-fetch --db "$db") # at the top a key shows nothing
    [ $# = 4 ] || die "keys changed nothing"
    line store-key-to-frame-during-import-p50 "$1" 0 ms '<=16 ms'
    line store-key-to-frame-during-import-p99 "$2" 0 ms '<=16 ms'
    wait $import || { cat "$work/import.log" >&2; die "the import failed"; }
}

area_store() {
    say "store"
    "$bench/bench_store" "$work"
    "$bench/bench_import" "$build/cloudtape-fetcher" "$work"
    # Some minutes, two of these at 100 million. What growth is told of: "put" is a poll with its commit, from 1 to 100
    # million observations; "put-with-sealing" counts in what is sealed between polls. In the first million no window gets
    # full, so sealing does less there: it is judged once more from the first size in which most series have a full one, as
    # they come as often from then on (10 million at 15 %). Both are in bare rows, put by turns with them.
    "$bench/bench_samples" "$work" 1:15:keep 10:15 100:15:keep 1:1 10:1 100:1 10:15:jitter
    store_screens
    store_rss
    store_keys
    rm -f "$work"/history-*
}

area_net() {
    need curl
    say "network"
    "$bench/bench_net" "$build/cloudtape-fetcher" "$work"
}

[ $# -gt 0 ] || set -- parse query store net tui
for area in "$@"; do
    case $area in
    parse | net | store | tui | query)
        begun=$(date +%s)
        "area_$area"
        say "$area took $(($(date +%s) - begun)) s" ;;
    *) die "unknown area \"$area\": parse net store tui query" ;;
    esac
done
