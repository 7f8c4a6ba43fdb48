#!/bin/sh
# The built library exports exactly the functions that the public headers declare with KX_API.
src=${KX_SRCDIR:-$(dirname "$0")/../..}
library=${KX_BUILDDIR:-.}/.libs/liblmdbkenobix.so

if [ ! -f "$library" ]; then
    [ -f "${KX_BUILDDIR:-.}/.libs/liblmdbkenobix.a" ] || { echo "$library: not built"; exit 1; }
    echo "$library: not built, only the static library is"
    exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' 0
trap 'exit 99' 1 2 15

# Sanitizers and gcov put symbols of their own into a library: with two underscores in front, and gcov's mangle_path.
${NM:-nm} -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | grep -v '^__\|^_init$\|^_fini$\|^mangle_path$' |
    sort -u > "$work/exported"

cd "$src" || exit 99
find include -name '*.h' | sort | awk '
{
    file = $0
    line = 0
    while ((getline text < file) > 0) {
        line++
        if (text ~ /^[ \t]*KX_API[ \t]/ && match(text, /kx_[a-z0-9_]+[ \t]*\(/))
            print substr(text, RSTART, RLENGTH - 1), file ":" line
    }
    close(file)
}' | sort > "$work/places"
cut -d ' ' -f 1 "$work/places" | sort -u > "$work/declared"

[ -s "$work/declared" ] || { echo "include: no public function found"; exit 1; }
comm -13 "$work/exported" "$work/declared" | while read -r name; do
    awk -v name="$name" '$1 == name { print $2 ": " name " is declared and the library lacks it" }' "$work/places"
done > "$work/wrong"
comm -23 "$work/exported" "$work/declared" | sed "s|.*|$library: & is exported and no public header declares it|" >> "$work/wrong"
cat "$work/wrong"
[ ! -s "$work/wrong" ]
