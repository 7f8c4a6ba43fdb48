#!/bin/sh
# kx-bench at a small size: all peers agree on every row, the output is what programs expect, and wrong use ends as it
# should.
set -u
bench=${KX_BUILDDIR:-.}/bench/kx-bench
folder=$(mktemp -d "${TMPDIR:-/tmp}/kx-answers-XXXXXX") || exit 99
trap 'rm -rf "$folder"' EXIT
failed=0

complain()
{
    echo "test-answers: $*" >&2
    failed=1
}

# expect STATUS ARGUMENT...: run; what was printed is in $folder/out and $folder/err.
expect()
{
    wanted=$1
    shift
    "$bench" "$@" >"$folder/out" 2>"$folder/err"
    status=$?
    [ $status -eq "$wanted" ] || complain "kx-bench $*: status $status instead of $wanted: $(cat "$folder/err")"
}

mkdir "$folder/stores"
small="--users 200 --orders 2000 --runs 1 --ops 4000 --dir $folder/stores"

# Every row by every peer, one object each.
# shellcheck disable=SC2086
expect 0 $small --json --quiet
peers=$("$bench" --version | sed -n '2,$s/^\([a-z-]*\) .*/\1/p')
for row in W1 R1 R1txn R2 R3 R3c R5 R5f; do
    for peer in $peers; do
        object="{\"row\":\"$row\",\"peer\":\"$peer\",\"ns_per_op\":[0-9.]*,.*\"runs\":\[[0-9.]*\].*}"
        lines=$(grep -c "^$object\$" "$folder/out")
        [ "$lines" -eq 1 ] || complain "$row by $peer: $lines lines of JSON"
    done
done
[ -s "$folder/err" ] && complain "--quiet said: $(cat "$folder/err")"
[ -z "$(ls "$folder/stores")" ] || complain "stores were left behind: $(ls "$folder/stores")"

# The table, with the machine and the ratios, and only what was asked for. Sizes below every default do no harm.
# shellcheck disable=SC2086
expect 0 --rows r1,R5 --peers lmdb,kx $small -o "$folder/table"
for text in 'machine ' 'seed 1' 'kx / lmdb' 'to reach'; do
    grep -q "$text" "$folder/table" || complain "the table lacks '$text'"
done
grep -q sqlite "$folder/table" && complain 'a peer ran that nobody asked for'
grep -q R1txn "$folder/table" && complain 'a row ran that nobody asked for'
[ -s "$folder/out" ] && complain 'with -o something went to standard output'
expect 0 --users 1 --orders 1 --runs 1 --ops 1 --dir "$folder/stores" --quiet

# The same seed measures the same work; another seed another.
for seed in 1 1 2; do
    # shellcheck disable=SC2086
    expect 0 $small --rows R1 --peers lmdb --seed $seed --json --quiet
    sed 's/.*"answer":"\([0-9a-f]*\)".*/\1/' "$folder/out" >>"$folder/seeds"
done
[ "$(sort -u "$folder/seeds" | wc -l)" -eq 2 ] || complain "answers of seeds 1, 1 and 2: $(cat "$folder/seeds")"

# Wrong use is one line that says what is expected; files that cannot be made are status 3.
for wrong in '--rows W1,R9' '--peers oracle' '--runs 0' '--users -1' '--orders 10x' '--ops' '--no-such-option' \
             'operand'; do
    # shellcheck disable=SC2086
    expect 2 $wrong
    [ -s "$folder/err" ] || complain "kx-bench $wrong said nothing"
    [ -s "$folder/out" ] && complain "kx-bench $wrong printed something"
done
# shellcheck disable=SC2086
expect 3 $small --dir "$folder/nowhere" --rows R1 --peers lmdb
# shellcheck disable=SC2086
expect 3 $small --rows R1 --peers lmdb -o "$folder/nowhere/table"
if [ -w /dev/full ]; then
    # shellcheck disable=SC2086
    "$bench" $small --rows R1 --peers lmdb --quiet >/dev/full 2>"$folder/err"
    [ $? -eq 3 ] || complain 'a full device did not end in status 3'
fi
expect 0 --help
expect 0 --version
exit $failed
