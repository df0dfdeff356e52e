#!/bin/sh
# worlds.sh BUILD DIR: what the mock-ups of tests/golden/screens.list are drawn over, as DIR/NAME.db:
#   world    the simulated market after thirty days
#   offline  a page and two prices of forty minutes ago; now nobody can be reached
# and "none", a file that is not there yet. Whoever looks has their clock, which stands at CLOUDTAPE_NOW below.
set -eu
build=$(cd "$1" && pwd)
data=$(cd "$(dirname "$0")/../data" && pwd)
dir=$2
mkdir -p "$dir/home"
export LC_ALL=C.UTF-8 TZ=UTC HOME="$dir/home" XDG_CONFIG_HOME="$dir/home" XDG_STATE_HOME="$dir/home" XDG_DATA_HOME="$dir/home" \
    CLOUDTAPE_NOW=2026-11-01T00:00:00Z
unset CLOUDTAPE_DB

"$build/cloudtape-fetcher" demo --headless --days 30 --seed 1 --db "$dir/world.db"

cat >"$dir/offline.ini" <<'X'
[source prices]
family = rows
kind = prices
url = http://127.0.0.1:1/
allow_private = yes
[source openai_status]
url = http://127.0.0.1:1/
allow_private = yes
X
cat >"$dir/prices" <<'X'
{"row":"offer","cloud":"lambda","region":"us-east-1","instance":"h100x8","gpu":"H100","form":"SXM","gpu_mem_gib":80,"gpu_count":8,"purchase":"od","currency":"USD","price_per_gpu_hour":2.99,"stock":"A"}
{"row":"offer","cloud":"runpod","region":"secure","instance":"h100","gpu":"H100","form":"PCIe","gpu_mem_gib":80,"gpu_count":1,"purchase":"od","currency":"USD","price_per_gpu_hour":2.39,"stock":"L"}
X
fetcher() { "$build/cloudtape-fetcher" "$@" --db "$dir/offline.db" --config "$dir/offline.ini"; }
fetcher import rows "$dir/prices" --source prices --at 2026-10-31T23:20:00Z
fetcher import incidentio-compat "$data/incidentio-compat/good.json" --source openai_status --at 2026-10-31T23:20:00Z
fetcher fetch --once prices openai_status && exit 1 # somebody answered
exit 0
