#!/bin/sh
# Every public function has a doc comment of its own, right above it; that of a function returning int names its errors
# (a code of error.h beside KX_OK) or says that there are none ("Cannot fail", "Never fails").
cd "${KX_SRCDIR:-$(dirname "$0")/../..}" || exit 99

find include -name '*.h' | sort | awk -v errors=include/lmdbkenobix/error.h '
function bad(why) { print file ":" line ": " why; failed = 1 }

function names_an_error(comment,    word) {
    if (tolower(comment) ~ /(cannot|never) fail/)
        return 1
    while (match(comment, /KX_[A-Z_]+/)) {
        word = substr(comment, RSTART, RLENGTH)
        if (word in code)
            return 1
        comment = substr(comment, RSTART + RLENGTH)
    }
    return 0
}

# "KX_API int kx_open(const char" gives name kx_open and type int.
function declaration(text,    name) {
    if (!match(text, /kx_[a-z0-9_]+[ \t]*\(/)) {
        bad("KX_API without a function name on its line")
        return
    }
    name = substr(text, RSTART, RLENGTH - 1)
    text = substr(text, 1, RSTART - 1)
    sub(/^[ \t]*KX_API[ \t]+/, "", text)
    gsub(/[ \t]+$/, "", text)
    found++
    if (comment == "")
        bad(name " has no doc comment /** ... */ right above it")
    else if (text == "int" && !names_an_error(comment))
        bad(name " returns int: its comment must name its errors, or say that it cannot fail")
}

BEGIN {
    while ((getline text < errors) > 0)
        while (match(text, /X\(KX_[A-Z_]+/)) {
            code[substr(text, RSTART + 2, RLENGTH - 2)] = 1
            text = substr(text, RSTART + RLENGTH)
        }
    close(errors)
    delete code["KX_OK"]
}

{
    file = $0
    line = 0
    comment = ""
    inside = 0
    while ((getline text < file) > 0) {
        line++
        if (inside) {
            comment = comment "\n" text
            inside = text !~ /\*\//
        } else if (text ~ /^[ \t]*\/\*\*/) {
            comment = text
            inside = text !~ /\*\//
        } else if (text ~ /^[ \t]*KX_API[ \t]/) {
            declaration(text)
            comment = ""
        } else if (text !~ /^[ \t]*$/)
            comment = ""
    }
    close(file)
}
END {
    if (!found) {
        print "include: no public function found"
        failed = 1
    }
    exit failed
}'
