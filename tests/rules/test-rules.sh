#!/bin/sh
# A rule that cannot fail holds nothing: each script passes on a small good tree, and finds what is planted in it.
rules=$(cd "$(dirname "$0")" && pwd) || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' 0
trap 'exit 99' 1 2 15
tree=$work/tree
failed=0
count=0

# A tree that keeps every rule: three rooms on two floors, one public function, and a library that exports it.
plant_good()
{
    rm -rf "$tree"
    mkdir -p "$tree/include/lmdbkenobix" "$tree/lib/base" "$tree/lib/store" "$tree/lib/key" "$tree/tools" "$tree/bench" \
        "$tree/doc/examples" "$tree/tests/store" "$tree/.libs"
    printf '# floor room\n0 base\n1 store\n1 key\n' > "$tree/lib/LAYERS"
    cat > "$tree/include/lmdbkenobix/error.h" <<'END'
#ifndef E_H
#define E_H
#define KX_API __attribute__((visibility("default")))
#define KX_ERRORS(X) X(KX_OK, 0, "ok") X(KX_NOTFOUND, -1, "not found")
/** Look it up. KX_NOTFOUND: it is not there. */
KX_API int kx_look(const char *name,
                   int depth);
#endif
END
    printf '#include <stddef.h>\n#include <lmdbkenobix/error.h>\n/* mdb_cursor_del(c) is no call here */\nint kx_base__x(size_t n);\n' > "$tree/lib/base/base.h"
    printf '#include "base/base.h"\n' > "$tree/lib/store/store.h"
    printf '#include "base/base.h"\nint kx_store__y(void);\n' > "$tree/lib/store/inner.h"
    printf '#include "store/store.h"\n#include "store/inner.h"\n#include <lmdb.h>\nconst char *s = "mdb_cursor_del(c)"; // mdb_cursor_del(c)\n' > "$tree/lib/store/a.c"
    printf '#include "base/base.h"\n' > "$tree/lib/key/key.h"
    printf '#include <lmdbkenobix/error.h>\n' > "$tree/tools/tool.c"
    printf '#include <lmdb.h>\nint x(void) { return mdb_env_set_mapsize(env, 1024); } char t[] = "a-XXXXXX";\n' > "$tree/bench/bench.c"
    printf '#include <lmdb.h>\n' > "$tree/tests/store/damage.c"
    build 'int kx_look(const char *n, int d) { return n && d; }'
}

build()
{
    printf '%s\n' "$1" > "$work/library.c"
    ${CC:-cc} -shared -fPIC -o "$tree/.libs/liblmdbkenobix.so" "$work/library.c" || exit 99
}

run()
{
    KX_SRCDIR=$tree KX_BUILDDIR=$tree sh "$rules/check-$1.sh" > "$work/said" 2>&1
}

# finds RULE TEXT: the rule fails on the tree as it is now, and says where: TEXT is "file:line: ..." or a part of it.
finds()
{
    count=$((count + 1))
    if run "$1"; then
        echo "check-$1.sh did not see: $2"
        failed=1
    elif ! grep -qF -- "$2" "$work/said"; then
        echo "check-$1.sh failed without saying: $2"
        cat "$work/said"
        failed=1
    fi
    plant_good
}

plant_good
for rule in layers exports headers docs forbidden; do
    count=$((count + 1))
    run $rule || { echo "check-$rule.sh fails on a good tree:"; cat "$work/said"; failed=1; }
done

plant() { printf '%b' "$2" >> "$tree/$1"; }

plant lib/base/up.c '\n#include "store/store.h"\n';             finds layers 'lib/base/up.c:2: base (floor 0) must not look up'
plant lib/key/side.c '#include "store/store.h"\n';              finds layers 'lib/key/side.c:1: key (floor 1) must not look up or sideways'
plant lib/key/belly.c '#  include "base/inner.h"\n';            finds layers 'lib/key/belly.c:1: base/inner.h is private'
plant lib/key/short.c '#include "key.h"\n';                     finds layers 'lib/key/short.c:1: "key.h": includes are written from lib/'
plant lib/key/around.c '#include "../store/store.h"\n';         finds layers 'lib/key/around.c:1: "../store/store.h"'
plant lib/key/angle.c '#include <store/store.h>\n';             finds layers 'lib/key/angle.c:1: <store/store.h>'
plant lib/key/who.c '#include "attic/attic.h"\n';               finds layers 'lib/key/who.c:1: "attic/attic.h": attic is no room'
plant lib/key/lmdb.c '#include <lmdb.h>\n';                     finds layers 'lib/key/lmdb.c:1: <lmdb.h> belongs to lib/store'
plant lib/key/lmdb.c '#include "lmdb.h"\n';                     finds layers 'lib/key/lmdb.c:1: <lmdb.h> belongs to lib/store'
plant lib/store/pack.c '#include <msgpack.h>\n';                finds layers 'lib/store/pack.c:1: <msgpack.h> belongs to lib/document'
plant lib/store/pack.c '#include <msgpack/pack.h>\n';           finds layers '<msgpack/pack.h> belongs to lib/document'
plant tools/json.c '#include <jansson.h>\n';                    finds layers 'tools/json.c:1: <jansson.h> belongs to lib/document'
plant lib/store/hash.c '#include <xxhash.h>\n';                 finds layers 'lib/store/hash.c:1: <xxhash.h> belongs to lib/base'
plant tools/in.c '#include "base/base.h"\n';                    finds layers 'tools/in.c:1: "base/base.h": tools sees only public'
plant doc/examples/in.c '#include "base/base.h"\n';             finds layers 'doc/examples/in.c:1: "base/base.h"'
plant doc/examples/in.c '#include <lmdb.h>\n';                  finds layers 'doc/examples/in.c:1: <lmdb.h>'
plant bench/in.c '#include "store/store.h"\n';                  finds layers 'bench/in.c:1: "store/store.h": bench sees only public'
plant tests/store/test_a.c '#include <lmdb.h>\n';               finds layers 'tests/store/test_a.c:1: <lmdb.h>'
plant include/lmdbkenobix/in.h '#include "base/base.h"\n';      finds layers 'include/lmdbkenobix/in.h:1: "base/base.h"'
mkdir "$tree/lib/attic"; plant lib/attic/attic.h '\n';          finds layers 'lib/attic is not in lib/LAYERS'
rm "$tree/lib/LAYERS";                                          finds layers 'lib/LAYERS: no rooms'

plant lib/store/a.c 'int d(void) { return mdb_cursor_del(c, 0); }\n';        finds forbidden 'lib/store/a.c:5: mdb_cursor_del'
plant lib/store/a.c 'void *f = mdb_cursor_del;\n';                           finds forbidden 'lib/store/a.c:5: mdb_cursor_del'
plant bench/a.c '/* a */ int d(void) { return mdb_cursor_del(c, 0); }\n';    finds forbidden 'bench/a.c:1: mdb_cursor_del'
plant tools/a.c '\nint m = mdb_env_set_mapsize(env, 0);\n';                  finds forbidden 'tools/a.c:2: mdb_env_set_mapsize'
plant lib/store/m.c 'int m = mdb_env_set_mapsize (of(env),\n\t(size_t)0u);\n'; finds forbidden 'lib/store/m.c:2: mdb_env_set_mapsize'
plant lib/key/j.c 'void j(void) { longjmp(b, 1); }\n';                       finds forbidden 'lib/key/j.c:1: longjmp'
plant lib/key/t.c '\n\n/* TO''DO later */\n';                                finds forbidden 'lib/key/t.c:3: unfinished'
plant tests/store/t.c '// FIX''ME\n';                                        finds forbidden 'tests/store/t.c:1: unfinished'
plant include/lmdbkenobix/t.h '/* X''XX */\n';                               finds forbidden 'include/lmdbkenobix/t.h:1: unfinished'

plant include/lmdbkenobix/a.h '\nKX_API void kx_bare(void);\n';              finds docs 'include/lmdbkenobix/a.h:2: kx_bare has no doc comment'
plant include/lmdbkenobix/a.h '/* Plain. */\nKX_API void kx_bare(void);\n';  finds docs 'include/lmdbkenobix/a.h:2: kx_bare has no doc comment'
plant include/lmdbkenobix/a.h '/** KX_NOTFOUND. */\nKX_API int kx_a(void);\nKX_API int kx_b(void);\n'
finds docs 'include/lmdbkenobix/a.h:3: kx_b has no doc comment'
plant include/lmdbkenobix/a.h '/** Does it. */\nKX_API int kx_mute(void);\n'; finds docs 'a.h:2: kx_mute returns int'
plant include/lmdbkenobix/a.h '/**\n * KX_OK, KX_TYPE_INT.\n */\nKX_API int kx_mute(void);\n'; finds docs 'a.h:4: kx_mute returns int'
plant include/lmdbkenobix/a.h '/** Text. */\nKX_API const char *\nkx_split(void);\n'; finds docs 'a.h:2: KX_API without a function name'
rm -r "$tree/include"; mkdir "$tree/include";                                finds docs 'include: no public function found'

build 'int kx_look(void) { return 0; } int kx_extra(void) { return 0; }';    finds exports 'kx_extra is exported and no public header'
build 'int kx_look(void) { return 0; } int stray = 1;';                      finds exports 'stray is exported and no public header'
build 'int kx_other(void) { return 0; }'
finds exports 'include/lmdbkenobix/error.h:6: kx_look is declared and the library lacks it'
rm -r "$tree/.libs";                                                         finds exports 'not built'

plant include/lmdbkenobix/h.h '#include <stddef.h>\nsize_t n(uint8_t x);\n'; finds headers 'include/lmdbkenobix/h.h:1: does not compile'
plant include/lmdbkenobix/h.h 'typedef struct { int x; };\n';                finds headers 'include/lmdbkenobix/h.h:1: does not compile'
plant lib/key/h.h 'kx_slice s(void);\n';                                     finds headers 'lib/key/h.h:1: does not compile'
if [ -n "$CXX" ]; then
    plant include/lmdbkenobix/h.h 'int f(int class);\n';                     finds headers 'include/lmdbkenobix/h.h:1: does not compile'
fi

[ $failed -ne 0 ] || echo "$count cases: every rule fails where it should"
exit $failed
