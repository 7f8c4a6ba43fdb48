# snippets.awk -- from a page to programs: awk -v folder=DIR -f snippets.awk page.md
#
# What a fence of the page may say, and no other:
#
#   ```c prelude     begins every program
#   ```c models      begins a new program: what is declared, with `models` for kx_open(); each example gets a store of its own
#   ```c function    more of that program, at file scope
#   ```c setup       statements, done and committed before each example that follows in that program
#   ```c read        an example: statements in a read transaction `txn`
#   ```c write       an example: statements in a write transaction `txn`, which is committed
#   ```c program     an example: all of a program behind the prelude
#   ```text          what the example before it prints
#
# Writes DIR/N.c, and DIR/N.want with a line "== LINE" before what each example prints, so that one comparison does.
function bad(why)
{
    print page ":" FNR ": " why > "/dev/stderr"
    failed = 1
}

function begin_program()
{
    end_program()
    source = folder "/" ++programs ".c"
    want = folder "/" programs ".want"
    printf "%s", prelude > source
    examples = 0
    setup = "NULL"
}

function begin_function(name)
{
    print "static int " name "(kx_txn *txn, void *context)\n{\n    (void)context;\n    (void)txn;" > source
}

function end_program(    i)
{
    if (source == "")
        return
    if (kind_of_program == "models") {
        print "static int run(int line, kx_txn_mode mode, int (*setup)(kx_txn *, void *), int (*example)(kx_txn *, void *))" > source
        print "{\n    kx_db *db;\n    int rc = kx_open(NULL, &(kx_options){.models = models, .sync = KX_SYNC_LATER}, &db);" > source
        print "    printf(\"== %d\\n\", line);\n    if (rc == KX_OK && setup != NULL)\n        rc = kx_write(db, setup, NULL);" > source
        print "    if (rc == KX_OK)\n        rc = mode == KX_READ ? kx_read(db, example, NULL) : kx_write(db, example, NULL);" > source
        print "    if (rc != KX_OK)\n        fprintf(stderr, \"" page ":%d: %s: %s\\n\", line, kx_strerror(rc), kx_errmsg());" > source
        print "    return (kx_close(db) != KX_OK) | (rc != KX_OK);\n}" > source
        print "int main(void)\n{\n    int failed = 0;" > source
        for (i = 1; i <= examples; i++)
            print "    failed |= run(" line_of[i] ", " mode_of[i] ", " setup_of[i] ", example_" line_of[i] ");" > source
        print "    return failed;\n}" > source
        if (examples == 0)
            bad("models without an example, before this line")
    }
    close(source)
    close(want)
    source = ""
}

function begin_block(kind)
{
    if (kind != "text" && waits_for_text)
        bad("the example before this has no ```text block that says what it prints")
    if (kind == "prelude") {
        if (programs > 0 || prelude != "")
            bad("the prelude comes first, and once")
    } else if (kind == "models" || kind == "program") {
        begin_program()
        kind_of_program = kind
    } else if (kind == "text") {
        if (!waits_for_text)
            bad("a ```text block without an example before it")
    } else if (kind != "function" && kind != "setup" && kind != "read" && kind != "write") {
        bad("a block that nobody runs: ```" kind)
    } else if (source == "" || kind_of_program != "models") {
        bad("```c " kind " outside of models")
    }
    if (kind == "setup")
        begin_function(setup = "setup_" FNR)
    if (kind == "read" || kind == "write") {
        examples++
        line_of[examples] = FNR
        setup_of[examples] = setup
        mode_of[examples] = kind == "read" ? "KX_READ" : "KX_WRITE"
        begin_function("example_" FNR)
    }
    if (kind == "read" || kind == "write" || kind == "program")
        print "== " FNR > want
    if (kind == "program")
        print "__attribute__((constructor)) static void say_line(void)\n{\n    printf(\"== %d\\n\", " FNR ");\n}" > source
    if (kind == "prelude")
        prelude = "#line " FNR + 1 " \"" page "\"\n"
    else if (kind != "text" && source != "")
        print "#line " FNR + 1 " \"" page "\"" > source
    waits_for_text = kind == "read" || kind == "write" || kind == "program"
}

function end_block()
{
    if (block == "setup" || block == "read" || block == "write")
        print "return KX_OK;\n}" > source
    block = ""
}

FNR == 1 {
    page = FILENAME
    sub(/.*\//, "", page)
}
block != "" && $0 == "```" { end_block(); next }
block == "" && /^```c [a-z]+$/ { block = $2; begin_block(block); next }
block == "" && $0 == "```text" { block = "text"; begin_block(block); next }
/```|~~~/ { bad("a fence that says nothing known: " $0); next }
block == "prelude" { prelude = prelude $0 "\n"; next }
block == "text" { print > want; next }
block != "" && source != "" { print > source; next }
block == "" && /^(    |\t)/ { bad("an indented block: nobody runs it") }

END {
    if (block != "")
        bad("a block without an end")
    if (waits_for_text)
        bad("the last example has no ```text block")
    end_program()
    exit failed
}
