#!/bin/sh
# Includes point down, and by the door: holds every #include against lib/LAYERS.
#   lib/<room>/     its own files, doors (room/room.h) of lower floors, public headers
#   foreign code    <lmdb.h> in lib/store and bench, msgpack and jansson in lib/document, xxhash in lib/base
#   tools, examples public headers and their own files
#   tests           anything, as oracles are made of; LMDB only in files that plant damage and are named so (damage*.c)
cd "${KX_SRCDIR:-$(dirname "$0")/../..}" || exit 99

for folder in include lib tools bench doc/examples tests; do
    [ -d "$folder" ] && find "$folder" -name '*.[ch]'
done | sort | awk -v floors=lib/LAYERS '
function bad(why) { print file ":" line ": " why; failed = 1 }

# Who may include a header of another project; "" is everybody.
function owner(header) {
    if (header == "lmdb.h")                 return "store"
    if (header ~ /^msgpack(\.h$|\/)/)       return "document"
    if (header ~ /^jansson(_config)?\.h$/)  return "document"
    if (header ~ /^xxh(ash|3)\.h$/)         return "base"
    return ""
}

function foreign(header,    room) {
    room = owner(header)
    if (room == "" || (top == "lib" && part[2] == room))
        return
    if (top == "tests" && (header != "lmdb.h" || file ~ /\/damage[a-z_]*\.[ch]$/))
        return
    if (top == "bench" && header == "lmdb.h")
        return
    bad("<" header "> belongs to lib/" room)
}

function in_lib(header, piece,    room) {
    room = part[2]
    if (header !~ /\//)
        bad("\"" header "\": includes are written from lib/: \"" room "/" header "\"")
    else if (!(piece[1] in floor))
        bad("\"" header "\": " piece[1] " is no room in lib/LAYERS")
    else if (piece[1] == room)
        return
    else if (floor[piece[1]] >= floor[room])
        bad(room " (floor " floor[room] ") must not look up or sideways at " header " (floor " floor[piece[1]] ")")
    else if (header != piece[1] "/" piece[1] ".h")
        bad(header " is private to " piece[1] "; its door is " piece[1] "/" piece[1] ".h")
}

function check(header, quoted,    piece) {
    split(header, piece, "/")
    if (!quoted) {
        foreign(header)
        if (piece[1] in floor && header ~ /\//)
            bad("<" header ">: our own files are included with quotes")
        return
    }
    if (header ~ /\.\./ && top != "tests")
        bad("\"" header "\": no way around through ..")
    else if (owner(header) != "")
        foreign(header)
    else if (top == "lib")
        in_lib(header, piece)
    else if (top == "include")
        bad("\"" header "\": public headers include <lmdbkenobix/...> only")
    else if (top != "tests" && piece[1] in floor && header ~ /\//)
        bad("\"" header "\": " top " sees only public headers")
}

BEGIN {
    while ((got = (getline entry < floors)) > 0) {
        if (entry ~ /^[0-9]+ [a-z]+$/) {
            split(entry, word, " ")
            floor[word[2]] = word[1] + 0
            rooms++
        } else if (entry !~ /^#/ && entry !~ /^$/) {
            print floors ": not \"floor room\": " entry
            failed = 1
        }
    }
    if (rooms == 0) {
        print floors ": no rooms"
        exit failed = 1
    }
}

{
    file = $0
    line = 0
    split(file, part, "/")
    top = part[1] == "doc" ? "doc/examples" : part[1]
    if (top == "lib" && !(part[2] in floor))
        bad("lib/" part[2] " is not in " floors)
    else
        while ((getline text < file) > 0) {
            line++
            if (match(text, /^[ \t]*#[ \t]*include[ \t]*["<][^">]*/)) {
                text = substr(text, RSTART, RLENGTH)
                quoted = index(text, "\"") > 0
                sub(/^[^"<]*["<]/, "", text)
                check(text, quoted)
            }
        }
    close(file)
}
END { exit failed }'
