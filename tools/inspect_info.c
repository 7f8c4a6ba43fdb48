/*
 * inspect_info.c -- kx-inspect info: what a store holds and measures.
 */
#include <inttypes.h>
#include <string.h>

#include "common.h"
#include "inspect.h"
#include "json_text.h"

/* 1234567 as "1.2 MiB". */
static const char *bytes_text(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double amount = (double)bytes;
    size_t unit = 0;

    while (amount >= 1024.0 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        amount /= 1024.0;
        unit++;
    }
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What an index is, behind its paths. */
void tool_index_flags(FILE *out, const kx_index *index)
{
    fprintf(out, "%s%s%s%s%s", index->primary ? ", primary" : "", index->unique ? ", unique" : "",
            index->multi ? ", multi" : "", index->sparse ? ", sparse" : "", index->fold ? ", folded" : "");
    if (index->where == NULL)
        return;
    fputs(", where ", out);
    tool_show(out, index->where, strlen(index->where), SIZE_MAX);
}

/* ---- for people ------------------------------------------------------------------------ */

static int put_indexes(kx_txn *txn, FILE *out, const char *collection)
{
    kx_index_info info;
    int           rc = KX_OK;

    for (size_t n = 0; (rc = kx_index_at(txn, collection, n, &info)) == KX_OK; n++) {
        fputs("    index     ", out);
        tool_show(out, info.index.paths, strlen(info.index.paths), SIZE_MAX);
        tool_index_flags(out, &info.index);
        if (!info.index.primary)
            fprintf(out, ": %" PRIu64 " entr%s", info.entries, info.entries == 1 ? "y" : "ies");
        fprintf(out, "%s\n", info.implied ? ", made for a relation" : "");
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int put_relations(kx_txn *txn, FILE *out, const char *collection)
{
    kx_relation relation;
    int         rc = KX_OK;

    for (size_t n = 0; (rc = kx_relation_at(txn, collection, n, &relation)) == KX_OK; n++) {
        fputs("    relation  ", out);
        tool_show(out, relation.name, strlen(relation.name), SIZE_MAX);
        fputs(": ", out);
        inspect_put_relation(out, &relation);
        putc('\n', out);
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static void put_head(const inspect *in, const kx_info *info)
{
    char whole[32], used[32], spare[32];

    tool_show(in->out, in->path, strlen(in->path), SIZE_MAX);
    fprintf(in->out, "\n  format %" PRIu32 ", %s", info->format, kx_engine());
    if (info->schema_version != 0)
        fprintf(in->out, ", schema version %" PRIu32, info->schema_version);
    fprintf(in->out, "\n  %s, %s in use, %s of it free\n", bytes_text(info->file_bytes, whole, sizeof(whole)),
            bytes_text(info->used_bytes, used, sizeof(used)), bytes_text(info->free_bytes, spare, sizeof(spare)));
    fprintf(in->out, "  last transaction %" PRIu64 ", %" PRIu32 " of %" PRIu32 " readers\n", info->last_txn, info->readers,
            info->max_readers);
    if (info->collections == 0)
        fputs("  no collections\n", in->out);
}

static int put_collection(kx_txn *txn, const inspect *in, const kx_collection_info *one)
{
    char size[32];
    int  rc;

    fputs("\n  ", in->out);
    tool_show(in->out, one->name, strlen(one->name), SIZE_MAX);
    fprintf(in->out, ": %" PRIu64 " document%s, %s%s\n", one->documents, plural(one->documents),
            bytes_text(one->bytes, size, sizeof(size)), one->writable ? "" : ", read only in this version");
    rc = put_indexes(txn, in->out, one->name);
    return rc == KX_OK ? put_relations(txn, in->out, one->name) : rc;
}

/* ---- for programs ------------------------------------------------------------------------ */

static void json_pair(FILE *out, const char *before, const char *name, const char *text)
{
    fprintf(out, "%s\"%s\":", before, name);
    if (text == NULL)
        fputs("null", out);
    else
        json_put(out, text, strlen(text));
}

static const char *json_bool(bool value)
{
    return value ? "true" : "false";
}

static int json_indexes(kx_txn *txn, FILE *out, const char *collection)
{
    kx_index_info info;
    int           rc = KX_OK;

    fputs(",\"indexes\":[", out);
    for (size_t n = 0; (rc = kx_index_at(txn, collection, n, &info)) == KX_OK; n++) {
        json_pair(out, n == 0 ? "{" : ",{", "paths", info.index.paths);
        fprintf(out, ",\"unique\":%s,\"entries\":%" PRIu64 ",\"primary\":%s,\"multi\":%s,\"sparse\":%s",
                json_bool(info.index.unique), info.entries, json_bool(info.index.primary), json_bool(info.index.multi),
                json_bool(info.index.sparse));
        if (info.index.fold)
            fputs(",\"fold\":true", out);
        if (info.index.where != NULL)
            json_pair(out, ",", "where", info.index.where);
        fprintf(out, ",\"implied\":%s,\"bytes\":%" PRIu64 "}", json_bool(info.implied), info.bytes);
    }
    putc(']', out);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int json_relations(kx_txn *txn, FILE *out, const char *collection)
{
    kx_relation relation;
    int         rc = KX_OK;

    fputs(",\"relations\":[", out);
    for (size_t n = 0; (rc = kx_relation_at(txn, collection, n, &relation)) == KX_OK; n++) {
        json_pair(out, n == 0 ? "{" : ",{", "name", relation.name);
        json_pair(out, ",", "kind", kx_kind_name(relation.kind));
        json_pair(out, ",", "target", relation.target);
        json_pair(out, ",", "foreign_key", relation.foreign_key);
        putc('}', out);
    }
    fputs("]}", out);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int json_collection(kx_txn *txn, FILE *out, const kx_collection_info *one)
{
    int rc;

    json_pair(out, "{", "name", one->name);
    fprintf(out, ",\"documents\":%" PRIu64 ",\"next_id\":%" PRIu64 ",\"bytes\":%" PRIu64, one->documents, one->next_id,
            one->bytes);
    rc = json_indexes(txn, out, one->name);
    return rc == KX_OK ? json_relations(txn, out, one->name) : rc;
}

static void json_head(const inspect *in, const kx_info *info)
{
    json_pair(in->out, in->format == FORMAT_JSON ? "[{" : "{", "path", in->path);
    fprintf(in->out, ",\"format\":%" PRIu32 ",\"bytes\":%" PRIu64 ",\"used_bytes\":%" PRIu64 ",\"free_bytes\":%" PRIu64,
            info->format, info->file_bytes, info->used_bytes, info->free_bytes);
    json_pair(in->out, ",", "engine", kx_engine());
    fprintf(in->out, ",\"schema_version\":%" PRIu32 ",\"last_txn\":%" PRIu64 ",\"readers\":%" PRIu32
            ",\"max_readers\":%" PRIu32 ",\"collections\":[", info->schema_version, info->last_txn, info->readers,
            info->max_readers);
}

int inspect_info(kx_txn *txn, inspect *in)
{
    bool               people = in->format == FORMAT_TABLE;
    kx_collection_info one;
    kx_info            info;
    int                rc = kx_db_info(txn, &info);

    if (rc != KX_OK)
        return inspect_fail(in, rc);
    if (people)
        put_head(in, &info);
    else
        json_head(in, &info);
    for (size_t n = 0; (rc = kx_collection_at(txn, n, &one)) == KX_OK; n++) {
        if (!people && n > 0)
            putc(',', in->out);
        rc = people ? put_collection(txn, in, &one) : json_collection(txn, in->out, &one);
        if (rc != KX_OK)
            return inspect_fail(in, rc);
    }
    if (rc != KX_NOTFOUND)
        return inspect_fail(in, rc);
    if (!people)
        fputs(in->format == FORMAT_JSON ? "]}]\n" : "]}\n", in->out);
    return TOOL_OK;
}
