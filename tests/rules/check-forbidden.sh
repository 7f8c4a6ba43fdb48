#!/bin/sh
# What must not be in the sources:
#   mdb_cursor_del           skips or loses entries of a duplicates table; delete by key and id
#   mdb_env_set_mapsize(, 0) adopts another process's reservation and can lose the map; give a size
#   longjmp                  leaves owned things behind
#   markers of unfinished work, in code and in comments
cd "${KX_SRCDIR:-$(dirname "$0")/../..}" || exit 99

for folder in include lib tools bench doc/examples tests; do
    [ -d "$folder" ] && find "$folder" -name '*.[ch]'
done | sort | awk '
function bad(at, why) { print file ":" at ": " why; failed = 1 }

# Blank out comments and literals, keep line breaks, so that prose may name what code may not call.
function code_of(text,    out, at, rest, size) {
    out = ""
    rest = text
    while (match(rest, /\/\*|\/\/|"|\047/)) {
        out = out substr(rest, 1, RSTART - 1) " "
        at = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        if (at == "/*")
            size = (size = index(rest, "*/")) ? size + 1 : length(rest)
        else if (at == "//")
            size = (size = index(rest, "\n")) ? size - 1 : length(rest)
        else if (at == "\"")
            size = match(rest, /^([^"\\]|\\.)*"/) ? RLENGTH : 0
        else
            size = match(rest, /^([^\047\\]|\\.)*\047/) ? RLENGTH : 0
        at = substr(rest, 1, size)
        gsub(/[^\n]/, "", at)
        out = out at
        rest = substr(rest, size + 1)
    }
    return out rest
}

function line_of(text, at,    head) {
    head = substr(text, 1, at)
    return gsub(/\n/, "", head) + 1
}

function forbid(pattern, why,    rest, base) {
    rest = code
    base = 0
    while (match(rest, pattern)) {
        bad(line_of(code, base + RSTART + RLENGTH - 1), why)
        base += RSTART + RLENGTH - 1
        rest = substr(rest, RSTART + RLENGTH)
    }
}

{
    file = $0
    whole = ""
    line = 0
    while ((getline text < file) > 0) {
        line++
        whole = whole text "\n"
        if (text ~ /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/)
            bad(line, "unfinished work: finish it, or open an issue")
    }
    close(file)
    code = code_of(whole)
    forbid("(longjmp|siglongjmp)[ \t\n]*\\(", "longjmp")
    if (file !~ /^tests\//) {
        forbid("[^A-Za-z0-9_]mdb_cursor_del[^A-Za-z0-9_]", "mdb_cursor_del: delete by key and id, then seek again")
        forbid("[^A-Za-z0-9_]mdb_env_set_mapsize[ \t\n]*\\([^,;]*,[ \t\n]*(\\([a-z_ ]*\\)[ \t]*)?0[xXuUlL0]*[ \t\n]*\\)",
               "mdb_env_set_mapsize(..., 0): give a size")
    }
}
END { exit failed }'
