#!/bin/sh
# make-docs.sh SOURCE-TREE CLOUDTAPE [OUT]: writes what the program's tables say into the manual pages, the completion and
# the marked parts of README.md; below OUT instead of the source tree when it is given.
set -eu
src=$1 program=$2 out=${3:-$1}
mkdir -p "$out/doc/completion"
"$program" help --man 1 >"$out/doc/cloudtape.1"
"$program" help --man 5 >"$out/doc/cloudtape.5"
"$program" help --completion >"$out/doc/completion/cloudtape"

# The sources as a table: those of one group of the list that are asked equally often under the same terms share a row.
# GROUP is the comment line above them, up to its first semicolon.
sources() {
    echo '| group | sources | every | terms |'
    echo '| --- | --- | --- | --- |'
    awk -F '\t' '
        /^# / { group = substr($0, 3); sub(/;.*/, "", group); next }
        /^#/ || NF == 0 { next }
        !header { for (i = 1; i <= NF; i++) col[$i] = i; header = 1; next }
        {
            s = $col["interval_s"]; e = s "s"
            if (s % 86400 == 0) e = s / 86400 "d"; else if (s % 3600 == 0) e = s / 3600 "h"; else if (s % 60 == 0) e = s / 60 "m"
            gsub(/\|/, "\\|")
            row = group "\t" e "\t" $col["terms"]
            if (!(row in ids)) order[++n] = row
            ids[row] = ids[row] (ids[row] ? ", " : "") "`" $col["id"] "`" \
                ($col["key_env"] ? " (key)" : $col["enabled"] == "no" ? " (off)" : "")
        }
        END {
            for (i = 1; i <= n; i++) {
                split(order[i], part, "\t")
                print "| " part[1] " | " ids[order[i]] " | " part[2] " | " part[3] " |"
            }
        }' "$src/fetchers/reference/sources.tsv"
}

part() {
    case $1 in
    sources) sources ;;
    *) "$program" help --readme "$1" ;;
    esac
}

# Each part stands between "<!-- made: NAME -->" and "<!-- end -->".
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
skip=
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    '<!-- made: '*)
        name=${line#'<!-- made: '}
        printf '%s\n' "$line"
        part "${name%' -->'}"
        skip=yes ;;
    '<!-- end -->') skip= ; printf '%s\n' "$line" ;;
    *) [ -n "$skip" ] || printf '%s\n' "$line" ;;
    esac
done <"$src/README.md" >"$tmp"
cat "$tmp" >"$out/README.md"
