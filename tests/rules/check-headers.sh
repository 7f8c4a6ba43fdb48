#!/bin/sh
# Every header compiles alone, with nothing before it, as C11; public ones also without extensions and as C++17.
cd "${KX_SRCDIR:-$(dirname "$0")/../..}" || exit 99
strict='-Wall -Wextra -pedantic -Werror -fsyntax-only'
cc=${CC:-cc}
failed=0

# compile FILE COMMAND: prints what is wrong as FILE:1, and the compiler's own words.
compile()
{
    file=$1
    shift
    said=$(printf '#include "%s"\nextern int kx_not_empty;\n' "$file" | "$@" - 2>&1) && return
    printf '%s:1: does not compile alone: %s\n%s\n' "$file" "$*" "$said"
    failed=1
}

count=0
for header in $(find include -name '*.h' | sort); do
    # shellcheck disable=SC2086
    compile "$header" $cc -std=c11 $strict -Iinclude -I. -x c
    # shellcheck disable=SC2086
    [ -z "$CXX" ] || compile "$header" $CXX -std=c++17 $strict -Iinclude -I. -x c++
    count=$((count + 1))
done
for header in $(find lib -name '*.h' | sort); do
    # shellcheck disable=SC2086
    compile "$header" $cc -std=c11 -D_GNU_SOURCE $strict -Iinclude -Ilib -I. $KX_CPPFLAGS -x c
done

[ -n "$CXX" ] || echo "no C++ compiler: public headers were not held to C++17"
[ $count -gt 0 ] || { echo "include: no headers"; failed=1; }
exit $failed
