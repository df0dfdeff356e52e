#!/bin/sh
# The long campaigns CI only samples: a thousand kills, thousands of import orders, ninety simulated days for many
# seeds. Each figure can be set: CT_KILLS, CT_SEEDS, CT_DAMAGES, CT_IMAGES, CT_FAULTS, CT_WORLDS, CT_DAYS,
# CT_ALERT_SEEDS, CT_WALK_STEPS, CT_PLACES. Ends at the first thing that does not hold.
set -eu
build=${CT_BUILDDIR:?}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ct-soak-XXXXXX")
trap 'rm -rf "$dir"' EXIT
say() { printf '%s\n' "soak: $*"; }
fail() { say "$*" >&2; exit 1; }

# What a simulated world left behind, as its commands tell it.
told() {
    "$build/cloudtape" events --db "$1" --ndjson --limit 1000000
    "$build/cloudtape" series --db "$1" --ndjson
    "$build/cloudtape" gpus --db "$1" --ndjson --gone --at 2026-11-01
    "$build/cloudtape" tokens --db "$1" --ndjson --gone --at 2026-11-01
}

kills=${CT_KILLS:-1000} seeds=${CT_SEEDS:-2500} damages=${CT_DAMAGES:-2000} images=${CT_IMAGES:-1000} faults=${CT_FAULTS:-400} worlds=${CT_WORLDS:-10} days=${CT_DAYS:-90}
say "$kills kills of a writer"
CT_KILLS=$kills "$build/tests/unit/test_write_crash" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "a killed writer lost something"; }
say "$seeds histories imported in other orders"
CT_SEEDS=$seeds "$build/tests/unit/test_write_order" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "an order mattered"; }
say "$damages damaged databases salvaged"
CT_DAMAGES=$damages "$build/tests/unit/test_upkeep" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "a damaged file was not mended"; }
say "${CT_ALERT_SEEDS:-100000} sequences of facts through two ways of writing the alert rules"
CT_ALERT_SEEDS=${CT_ALERT_SEEDS:-100000} "$build/tests/unit/test_alert_reference" >"$dir/log" 2>&1 ||
    { cat "$dir/log"; fail "the machine and its reference differ"; }
say "a death at every step of a delivery"
CT_DELIVERY_KILLS=all "$build/tests/unit/test_delivery_kills" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "a delivery was lost"; }
say "$images losses of power, $faults faults of the disk of each kind"
CT_IMAGES=$images CT_FAULTS=$faults "$build/tests/unit/test_disk" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "a disk's fault did harm"; }
say "${CT_WALK_STEPS:-100000} random keys and resizes"
CT_WALK_STEPS=${CT_WALK_STEPS:-100000} "$build/tests/unit/test_walk" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "a walk ended badly"; }
say "${CT_PLACES:-2000} places at which memory runs out"
CT_PLACES=${CT_PLACES:-2000} CT_SRCDIR=$CLOUDTAPE_DATADIR "$CLOUDTAPE_DATADIR/tests/cli/memory" >"$dir/log" 2>&1 && ! grep "^not ok" "$dir/log" ||
    { cat "$dir/log"; fail "a lack of memory did harm"; }
say "a month looked back upon from its end"
CT_DAYS=30 CT_MOMENTS=60 "$build/tests/e2e/test_as_of" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "a past moment is told differently"; }
say "$days days of the simulated market, and half as many: file, memory, open files, log"
CT_BOUNDED_DAYS=$days CT_SRCDIR=$CLOUDTAPE_DATADIR "$CLOUDTAPE_DATADIR/tests/cli/bounded" >"$dir/log" 2>&1 && ! grep "^not ok" "$dir/log" ||
    { cat "$dir/log"; fail "something grows without end"; }
grep "^# " "$dir/log" | sed 's/^# /soak:   /'
for seed in $(seq 1 "$worlds"); do
    CT_ALERT_DAYS=$days CT_ALERT_SEED=$seed "$build/tests/e2e/test_alert_market" >"$dir/log" 2>&1 ||
        { cat "$dir/log"; fail "seed $seed: an alert was missed, late, false or one too many"; }
    say "world $seed: $(grep -m 1 -o '[0-9]* events.*' "$dir/log")"
    for twin in a b; do
        "$build/cloudtape" demo --headless --days "$days" --seed "$seed" --db "$dir/$twin.db" 2>"$dir/log" ||
            { cat "$dir/log"; fail "seed $seed: the simulation failed"; }
        told "$dir/$twin.db" >"$dir/$twin.ndjson"
    done
    [ "$(wc -l <"$dir/a.ndjson")" -gt 1000 ] || fail "seed $seed: nearly nothing happened in $days days"
    cmp "$dir/a.ndjson" "$dir/b.ndjson" || fail "seed $seed: two runs tell different histories"
    "$build/cloudtape" doctor --db "$dir/a.db" --tsv | grep -q "^ok.database.*sound" || fail "seed $seed: the database is not sound"
    say "world $seed: $days days, $(wc -l <"$dir/a.ndjson") lines told, twice the same, database sound"
done
say "all held"
