#!/bin/sh
# One fuzz target for FUZZ_SECONDS in the folder it was built in: codec, columns, filter, json, or a format of tests/data.
# What it says stands in corpus/NAME.log and is printed if it found something.
name=$1
data=$CLOUDTAPE_DATADIR/tests/data
set -- -max_len=16384 -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 "corpus/$name"
case $name in
codec | columns | filter) program=$name ;;
json) program=$name; set -- "$@" "$data/statuspage-summary" "$data/rows" ;;
*) program=parse; set -- "$@" "$data/$name"; export CT_FAMILY="$name" ;;
esac
mkdir -p "corpus/$name"
"tests/fuzz/fuzz_$program" -artifact_prefix="corpus/$name." "$@" >"corpus/$name.log" 2>&1 && exec echo "fuzz: $name ok"
cat "corpus/$name.log"
exit 255 # no further ones are begun
