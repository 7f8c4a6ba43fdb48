#!/bin/sh
# man-examples.sh -- runs every line of the man pages' examples that begins with "$ ". Each must succeed.
set -u
source=$(cd "${srcdir:-.}" && pwd)
build=$(pwd)
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
failed=0
count=0

for page in kx-load kx-inspect kx-bench; do
    mkdir "$folder/$page" && cd "$folder/$page" || exit 99
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/{s/^\$ //p;}' "$source/doc/man/$page.1" | sed 's/\\e/\\/g' > ../lines
    while IFS= read -r line; do
        count=$((count + 1))
        if ! (PATH="$build/tools:$build/bench:$PATH"; export PATH; eval "$line") > ../out 2>&1 < /dev/null; then
            echo "$page(1): $line"
            cat ../out
            failed=$((failed + 1))
        fi
    done < ../lines
done
echo "man pages: $count examples, $failed failed"
test "$count" -gt 10 && test "$failed" -eq 0
