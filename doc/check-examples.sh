#!/bin/sh
# The examples in the documentation compile with what pkg-config says and nothing else, run, and print what they say.
#
#   doc/examples/tour.c    prints what its comments say, also a second time on the same store, where ids go on
#   doc/examples/world.c   mends every dangling parent (skipped where the package iso-codes is missing)
#   ```c blocks            of README.md and doc/*.md that are whole programs; README says what its one prints
. "${KX_SRCDIR:?run by make check}/doc/examples.sh"

# What tour.c prints; the first and the last line stand in it as comments.
cat > "$folder/tour.want" << 'END'
already exists: users.user_id = 1 is taken by document 1
order 101 is new: 99.99
Alice, cached
Alice has 1 order(s)
Alice bought Lamp
1 new order(s) near 100
order 101: not found
END
for line in "$(head -n 1 "$folder/tour.want")" "$(tail -n 1 "$folder/tour.want")"; do
    grep -qF "/* $line */" "$top/doc/examples/tour.c" || fail "tour.c does not say: $line"
done
if compile "$top/doc/examples/tour.c" "$folder/tour"; then
    run "$folder/tour" "$folder/shop.kx" > "$folder/first" || fail "tour.c failed"
    diff "$folder/tour.want" "$folder/first" >&2 || fail "tour.c prints something else than it says"
    run "$folder/tour" "$folder/shop.kx" > "$folder/second" || fail "tour.c failed when run again"
    sed 's/document 1$/document 2/' "$folder/tour.want" | diff - "$folder/second" >&2 ||
        fail "tour.c prints something else on a store that it has used, where ids go on"
fi

if [ -f /usr/share/iso-codes/json/iso_3166-2.json ]; then
    if compile "$top/doc/examples/world.c" "$folder/world"; then
        run "$folder/world" "$folder/world.kx" > "$folder/out" || fail "world.c failed"
        grep -qE '^[1-9][0-9]* mended, 0 of [1-9][0-9]* parents dangle$' "$folder/out" || fail "world.c mended nothing"
        grep -qF 'Milano lies in Lombardia, in Italy' "$folder/out" || fail "world.c lost its way"
    fi
else
    echo 'check-examples: iso-codes is missing, world.c was not run'
fi

# blocks FILE: each ```c block of it that has a main() becomes a program.
blocks()
{
    awk -v folder="$folder" -v base="$(basename "$1" .md)" '
        /^```c$/ { n++; name = folder "/" base "-" n ".c"; inside = 1; next }
        /^```$/  { inside = 0; next }
        inside   { print > name }' "$1"
}

for page in "$top"/README.md "$top"/doc/*.md; do
    blocks "$page"
done
for source in "$folder"/*-*.c; do
    [ -f "$source" ] && grep -q '^int main(' "$source" || continue
    program=${source%.c}
    compile "$source" "$program" || continue
    (cd "$folder" && run "$program") > "$program.out" || fail "$(basename "$source") failed"
done
[ -f "$folder/README-1.out" ] || fail "README.md has no example"
grep -qF "prints \`$(cat "$folder/README-1.out" 2>/dev/null)\`" "$top/README.md" || fail "README.md does not say what its example prints"

exit $failed
