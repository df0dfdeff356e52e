# Sourced by the shell tests: a private home, the built programs, and a line of TAP a check.
set -u
build=${CT_BUILDDIR:-$PWD}
src=${CT_SRCDIR:-$PWD}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ct-cli-XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' INT TERM HUP
for v in $(env | sed -n 's/^\(CLOUDTAPE_[A-Z_]*\)=.*/\1/p'); do
    [ "$v" = CLOUDTAPE_DATADIR ] || unset "$v"
done
export HOME="$dir" XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" XDG_DATA_HOME="$dir/data"
export CLOUDTAPE_NOW=2026-11-22T12:00:00Z CLOUDTAPE_DB="$dir/t.db" LC_ALL=C.UTF-8 TERM=xterm-256color
unset NO_COLOR COLUMNS LINES
export CLOUDTAPE_FETCHER="$build/cloudtape-fetcher"
sample=${CT_SAMPLE:-1} # of a long test, one part in so many: where each costs several times as much
n=0

# ct ARGS: runs cloudtape; its words go to $dir/out and $dir/err, its code to $code.
ct() {
    "$build/cloudtape" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
}

# ok NAME CONDITION...: one check; what was printed last helps to see why it failed.
ok() {
    n=$((n + 1))
    name=$1
    shift
    if "$@"; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        echo "# wanted: $*"
        sed 's/^/# out: /' "$dir/out" 2>/dev/null | head -n 20
        sed 's/^/# err: /' "$dir/err" 2>/dev/null | head -n 5
    fi
}

exits() { [ "$code" = "$1" ] || { echo "# exit code $code"; false; }; }
says() { grep -qF -- "$1" "$dir/err"; }
one_line() { [ "$(wc -l <"$dir/err")" = 1 ] && grep -q '^cloudtape: .*: ' "$dir/err"; }
silent() { [ ! -s "$dir/err" ]; }
prints() { grep -qF -- "$1" "$dir/out"; }
lines() { [ "$(wc -l <"$dir/out")" = "$1" ] || { echo "# $(wc -l <"$dir/out") lines"; false; }; }
# json EXPRESSION: holds for d, the JSON document printed last, and lines, the same a line each.
json() {
    python3 - "$dir/out" "$1" <<'PY'
import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
def strict(pairs):
    keys = [k for k, _ in pairs]
    assert len(keys) == len(set(keys)), "a key twice"
    return dict(pairs)
load = lambda t: json.loads(t, object_pairs_hook=strict)
try:
    lines = [load(l) for l in text.splitlines()]
    d = lines[0] if len(lines) == 1 else None
    sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)
except Exception as e:
    print("#", type(e).__name__, e)
    sys.exit(1)
PY
}
plan() { echo "1..$n"; }
