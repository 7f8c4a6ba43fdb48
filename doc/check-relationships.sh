#!/bin/sh
# Every block of C in doc/relationships.md compiles and runs, and prints what the page says. snippets.awk makes programs of the
# blocks and refuses one that would not be run; the examples that ran are counted against the page once more.
. "${KX_SRCDIR:?run by make check}/doc/examples.sh"
page=$top/doc/relationships.md

# refused WHY LINE...: a page with these lines behind a sound example does not pass.
refused()
{
    why=$1
    shift
    printf '%s\n' '```c prelude' '```' '```c program' 'int main(void) {}' '```' '```text' '```' "$@" > "$folder/bad.md"
    mkdir -p "$folder/bad"
    awk -v folder="$folder/bad" -f "$top/doc/snippets.awk" "$folder/bad.md" 2> "$folder/bad.said"
    case $?:$* in
    0:) ;;
    0:*) fail "a page passes with $why" ;;
    *:) fail "a sound page does not pass" ;;
    esac
}

refused 'nothing wrong with it'
refused 'a block that is not marked' '```c' 'int x;' '```'
refused 'a block marked with an unknown word' '```c exmaple' 'int x;' '```'
refused 'a block of another language' '```sh' 'true' '```'
refused 'an indented fence' '  ```c' 'int x;' '  ```'
refused 'an indented block' '    int x;'
refused 'an example that says nothing' '```c program' 'int main(void) {}' '```'
refused 'an example outside of models' '```c read' '```' '```text' '```'
refused 'models that nothing is done with' '```c models' 'static int x;' '```'
refused 'two texts' '```text' '```'
refused 'a block without an end' '```c models'

awk -v folder="$folder" -f "$top/doc/snippets.awk" "$page" || fail "$page has a block that is not run"
for source in "$folder"/*.c; do
    program=${source%.c}
    compile "$source" "$program" -Wno-unused-function || continue
    (cd "$folder" && run "$program") > "$program.out" || fail "$(basename "$program"): an example failed"
    diff "$program.want" "$program.out" >&2 || fail "an example prints something else than the page says (== LINE)"
done

said=$(grep -c '^```c' "$page")
blocks=$(grep -cE '^```c (prelude|models|function|setup|read|write|program)$' "$page")
examples=$(grep -cE '^```c (read|write|program)$' "$page")
ran=$(cat "$folder"/*.out | grep -c '^== [0-9]*$')
if [ "$said" -eq 0 ] || [ "$said" -ne "$blocks" ]; then
    fail "$said blocks of C, and $blocks that are known"
fi
if [ "$examples" -eq 0 ] || [ "$examples" -ne "$ran" ]; then
    fail "$examples examples, and $ran that ran"
fi
echo "check-relationships: $ran examples in $blocks blocks"

exit "$failed"
