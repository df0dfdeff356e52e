#!/bin/sh
# make-screens.sh BUILD [OUT]: the eight screens over a fixed simulated world, as OUT/doc/screens.md for people and as
# OUT/tests/golden/screens.sums (every size, charset and look) for the test, and the one in OUT/README.md. OUT: the source
# tree beside this script.
set -eu
build=$(cd "$1" && pwd)
src=$(dirname "$0")/..
out=${2:-$src}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$out/doc" "$out/tests/golden" "$dir/home"
export LC_ALL=C.UTF-8 TZ=UTC HOME="$dir/home" XDG_CONFIG_HOME="$dir/home" XDG_STATE_HOME="$dir/home" \
    XDG_DATA_HOME="$dir/home" CLOUDTAPE_NOW=2026-11-01T00:00:00Z
unset NO_COLOR CLOUDTAPE_DB CLOUDTAPE_THEME CLOUDTAPE_CHARSET
sh "$src/tests/golden/worlds.sh" "$build" "$dir" >/dev/null 2>&1

draw() { # SCREEN SIZE OPTIONS...
    name=$1 size=$2
    shift 2
    (cd "$dir" && "$build/cloudtape" screen "$name" --size "$size" --db "${world:-world}.db" "$@")
}

page() {
    echo '# The screens'
    echo
    echo 'The eight screens over the simulated market (`cloudtape demo`, 30 days, seed 1), drawn by `cloudtape screen`.'
    echo 'Names, prices and outages in them are made up. `make docs` renews this page; a test holds it against the program.'
    for name in now status gpus tokens models history alerts sources; do
        number=$((number + 1))
        echo
        echo "## $number $name"
        for size in 80x24 120x40 44x14; do
            echo
            echo "$size:"
            echo
            echo '```'
            draw "$name" "$size" --charset unicode | sed 's/ *$//'
            echo '```'
        done
    done
    echo
    echo '## Plainer terminals'
    echo
    echo 'ASCII only, and a wall of 200x60:'
    echo
    echo '```'
    draw now 80x24 --charset ascii | sed 's/ *$//'
    echo '```'
    echo
    echo '```'
    draw now 200x60 --charset unicode | sed 's/ *$//'
    echo '```'
}

# All looks of a screen at a size, KEYS typed first; NAME is how the sums call it.
looks() { # NAME SCREEN SIZE KEYS
    for look in unicode narrow ascii terminal mono; do
        printf '%s\n' "$1 $2 $3 $look $4"
    done
}

# What there is to look at is in tests/golden/screens.list.
sheets() {
    for size in 80x24 120x40 200x60 44x14; do
        grep -v '^#' "$src/tests/golden/screens.list" | while read -r name world screen back keys; do
            looks "$name" "$screen" "$size" "$world $keys"
        done
    done
    for size in 200x50 20x5; do
        for name in now status gpus tokens models history alerts sources help; do
            looks "$name" "$name" "$size" world
        done
    done
}

# The sum of each sheet; of one in CT_SCREENS, if that is set.
sums() {
    sheets | awk -v each="${CT_SCREENS:-1}" 'NR % each == 0' | while read -r name screen size look world keys; do
        keys=$(printf '%b.' "$keys")
        case $look in
        terminal | mono) set -- --charset unicode --ansi --theme "$look" ;;
        *) set -- --charset "$look" ;;
        esac
        echo "$name $size $look $(draw "$screen" "$size" --keys "${keys%.}" "$@" </dev/null | cksum)"
    done
}

# The README with its screen, which stands between "<!-- screen -->" and "<!-- screen end -->".
readme() {
    sed '/^<!-- screen -->$/q' "$src/README.md"
    echo '```'
    draw now 100x30 --charset unicode | sed 's/ *$//'
    echo '```'
    echo
    echo 'The simulated market after thirty days: `cloudtape demo --headless --days 30 --seed 1 --db x.db`, then'
    echo '`CLOUDTAPE_NOW=2026-11-01 cloudtape screen now --size 100x30 --db x.db`.'
    sed -n '/^<!-- screen end -->$/,$p' "$src/README.md"
}

number=0
readme >"$dir/readme"
cat "$dir/readme" >"$out/README.md"
page >"$out/doc/screens.md"
sums >"$out/tests/golden/screens.sums"
