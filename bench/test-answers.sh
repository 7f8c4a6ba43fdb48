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
tiny="--users 200 --orders 2000 --runs 1 --ops 20 --dir $folder/stores"

# Every row by every peer that can, one object each. Durable single inserts wait for the disk, so only a few are made.
shop='W1 R1 R1txn R2 R2txn R3 R3c R4n R4 R5 R5f C1 C1w U1 U1q U2 D1'
graph='M2M X1 X2 X3 X4 M2Mw'
# shellcheck disable=SC2086
expect 0 $small --rows "$(echo $shop $graph | tr ' ' ,)" --json --quiet
cp "$folder/out" "$folder/rows"
# shellcheck disable=SC2086
expect 0 $tiny --rows W2 --json --quiet
cat "$folder/rows" >>"$folder/out"
peers=$("$bench" --version | sed -n '2,$s/^\([a-z-]*\) .*/\1/p')
for row in $shop W2 $graph; do
    for peer in $peers; do
        case "$peer:$row" in
        sqlite-json:M2M* | sqlite-json:X* | bdb:M2M* | bdb:X* | bdb:*txn | bdb:C1*) continue ;;
        esac
        object="{\"row\":\"$row\",\"peer\":\"$peer\",\"ns_per_op\":[0-9.]*,.*\"runs\":\[[0-9.]*\].*}"
        lines=$(grep -c "^$object\$" "$folder/out")
        [ "$lines" -eq 1 ] || complain "$row by $peer: $lines lines of JSON"
    done
done
[ -s "$folder/err" ] && complain "--quiet said: $(cat "$folder/err")"
[ -z "$(ls "$folder/stores")" ] || complain "stores were left behind: $(ls "$folder/stores")"

# The rows that are asked for are all that there are.
"$bench" --help | sed -n '/^rows:/,/^peers/s/^  \([A-Z][A-Za-z0-9]*\) .*/\1/p' | sort >"$folder/known"
# shellcheck disable=SC2086
printf '%s\n' $shop W2 $graph | sort | cmp -s - "$folder/known" || complain "rows are: $(cat "$folder/known")"

# A process that only reads is measured where R5f was done, and two sizes where that is asked for.
if [ -r /proc/self/status ]; then
    grep -q '"row":"R5f","peer":"kx",.*"reader_bytes":[1-9]' "$folder/out" || complain 'no reader was measured'
fi
# shellcheck disable=SC2086
expect 0 $tiny --rows R1,R3 --peers kx,lmdb --scale 3 --json --quiet
[ "$(grep -c '"users":200,"orders":2000' "$folder/out")" -eq 4 ] || complain 'not four objects of the size itself'
[ "$(grep -c '"users":600,"orders":6000' "$folder/out")" -eq 4 ] || complain 'not four objects at three times the size'
# shellcheck disable=SC2086
expect 0 $tiny --rows R1 --peers kx --scale 2 --svg "$folder/chart.svg"
grep -q growth "$folder/out" || complain 'two sizes, and no growth'
head -n 1 "$folder/chart.svg" | grep -q '^<svg ' || complain 'the chart does not begin as one'
tail -n 1 "$folder/chart.svg" | grep -q '</svg>$' || complain 'the chart does not end as one'
grep -q '>R1<' "$folder/chart.svg" || complain 'the chart lacks a row'

# The table, with the machine and the ratios, and only what was asked for. Sizes below every default do no harm.
# shellcheck disable=SC2086
expect 0 --rows r1,R5 --peers lmdb,kx $small -o "$folder/table"
for text in 'machine ' 'seed 1' 'kx / lmdb' 'to reach'; do
    grep -q "$text" "$folder/table" || complain "the table lacks '$text'"
done
grep -q sqlite "$folder/table" && complain 'a peer ran that nobody asked for'
grep -q R1txn "$folder/table" && complain 'a row ran that nobody asked for'
[ -s "$folder/out" ] && complain 'with -o something went to standard output'
expect 0 --users 1 --orders 1 --runs 1 --ops 1 --rows "$(echo $shop $graph | tr ' ' ,)" --dir "$folder/stores" --quiet

# The same seed measures the same work; another seed another.
for seed in 1 1 2; do
    # shellcheck disable=SC2086
    expect 0 $small --rows R1 --peers lmdb --seed $seed --json --quiet
    sed 's/.*"answer":"\([0-9a-f]*\)".*/\1/' "$folder/out" >>"$folder/seeds"
done
[ "$(sort -u "$folder/seeds" | wc -l)" -eq 2 ] || complain "answers of seeds 1, 1 and 2: $(cat "$folder/seeds")"

# Wrong use is one line that says what is expected; files that cannot be made are status 3.
for wrong in '--rows W1,R9' '--peers oracle' '--runs 0' '--scale 0' '--users -1' '--orders 10x' '--ops' \
             '--no-such-option' 'operand'; do
    # shellcheck disable=SC2086
    expect 2 $wrong
    [ -s "$folder/err" ] || complain "kx-bench $wrong said nothing"
    [ -s "$folder/out" ] && complain "kx-bench $wrong printed something"
done
# shellcheck disable=SC2086
expect 3 $small --dir "$folder/nowhere" --rows R1 --peers lmdb
# shellcheck disable=SC2086
expect 3 $small --rows R1 --peers lmdb -o "$folder/nowhere/table"
# shellcheck disable=SC2086
expect 3 $small --rows R1 --peers lmdb --svg "$folder/nowhere/chart.svg"
if [ -w /dev/full ]; then
    # shellcheck disable=SC2086
    "$bench" $small --rows R1 --peers lmdb --quiet >/dev/full 2>"$folder/err"
    [ $? -eq 3 ] || complain 'a full device did not end in status 3'
fi
expect 0 --help
expect 0 --version
exit $failed
