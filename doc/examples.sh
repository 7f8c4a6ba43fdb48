# examples.sh -- what the checks of the documentation share; they source it, and end in "exit $failed".
# shellcheck shell=sh disable=SC2034
set -u

: "${KX_SRCDIR:?run by make check}"
: "${KX_BUILDDIR:?run by make check}"
top=$KX_SRCDIR
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
PKG_CONFIG_PATH=$KX_BUILDDIR:${PKG_CONFIG_PATH:-}
export PKG_CONFIG_PATH
failed=0

fail()
{
    echo "$(basename "$0" .sh): $*" >&2
    failed=1
}

# compile SOURCE PROGRAM [FLAG...]: with what pkg-config says and nothing else. Warnings are errors for a reader, too.
compile()
{
    compile_source=$1
    compile_program=$2
    shift 2
    # shellcheck disable=SC2046,SC2086
    ${CC:-cc} ${KX_SANITIZE:-} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror "$@" "$compile_source" -o "$compile_program" \
        $(pkg-config --cflags --libs lmdbkenobix) || { fail "$compile_source does not compile"; return 1; }
}

# run PROGRAM [ARGUMENT...]: under valgrind where there is one and no sanitizer is at work.
run()
{
    if [ -z "${KX_SANITIZE:-}" ] && command -v valgrind > /dev/null 2>&1; then
        valgrind -q --error-exitcode=99 --leak-check=full "$@"
    else
        "$@"
    fi
}
