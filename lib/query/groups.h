/*
 * groups.h -- documents by value: what groups.c and group_table.c share.
 *
 * A group is told by the key of its values, as an index would hold it whole: never shortened, each part in the
 * direction asked for. So groups sort as keys do, and 30 and 30.0 meet.
 */
#ifndef KX_QUERY_GROUPS_H
#define KX_QUERY_GROUPS_H

#include "query/query_impl.h"

typedef struct kx_query_bucket {
    kx_slice key;
    const kx_value *values; /* one a path: of the document with the lowest id */
    uint64_t count;
    kx_query_totals totals;
} kx_query_bucket;

/*
 * Groups in memory, found by their keys. A pass keeps those with the smallest keys above `after`; when they pass
 * the budget, the half with the greater keys goes and another pass is due. A group that stays has seen all its
 * documents.
 */
typedef struct kx_query_table {
    size_t parts;  /* values of a group */
    size_t budget; /* bytes */
    bool copies;   /* values do not outlive the step that gave them; then there is no budget */
    bool sums;     /* groups have totals */
    bool has_after, has_last, more;
    kx_buf after, last; /* keys: handed out before; none above this one stays */
    size_t count, room; /* of groups */
    struct kx_query_slot *groups;
    kx_value *values;        /* `parts` a group */
    kx_query_totals *totals; /* one a group, where it sums */
    uint32_t *places;        /* open addressing: group + 1 */
    size_t place_count;
    kx_buf bytes; /* keys, and values that are copied */
} kx_query_table;

void kx_query__table_begin(kx_query_table *table); /* empty, for a pass; what was handed out stays so */

/* The totals to add to, of the document's group; NULL where there are none, or where its group does not stay.
   KX_NOMEM. */
int kx_query__table_add(kx_query_table *table, kx_slice key, uint64_t id, const kx_value *values, uint64_t documents,
                        kx_query_totals **totals);
int kx_query__table_end(kx_query_table *table); /* sorted by key */
void kx_query__table_group(const kx_query_table *table, size_t at, kx_value *values, kx_query_bucket *group);
void kx_query__table_free(kx_query_table *table);

/* ---- all ways: groups.c tells when which ----------------------------------------------------- */

typedef enum kx_query_from { FROM_KEYS, FROM_WALK, FROM_TABLE } kx_query_from;

struct kx_groups {
    kx_walker walker; /* first: the groups are found again from it */
    kx_query_from way;
    int rc;
    kx_arena arena;
    const kx_query *query; /* kept */
    const char *by;
    kx_query_compiled names; /* its orders are the paths */
    kx_query_subject of;
    bool sums;
    kx_value *values, *next_values; /* of the group at hand, and of the one behind it */

    const kx_cat_index *index; /* FROM_KEYS */
    bool backward, has_item;
    bool untold; /* some value of the group at hand is not in its key */
    kx_store_scan *scan;
    kx_store_item item; /* read, and not of the group before */
    kx_buf key, *texts; /* texts: one a path */

    kx_cursor cursor; /* FROM_WALK */
    bool is_open, has_next;
    uint64_t next_id, lowest; /* read ahead; of the group at hand */
    kx_slice next_document;
    kx_key keys[2];
    unsigned at_key; /* which of them is the next one's */

    kx_query_table table;
    bool passed; /* the table holds a pass */
    size_t at;
};

/* The value at a path of a document; null where it is missing. */
int kx_query__group_value(kx_groups *groups, size_t part, uint64_t id, kx_slice document, kx_value *value);

/* Begin FROM_KEYS where an index begins with the paths; otherwise `way` stays. */
int kx_query__open_keys(kx_groups *groups);

/* The next group; where a key does not tell it, `way` is FROM_TABLE afterwards, and there is none. KX_NOTFOUND at
   the end. */
int kx_query__next_by_keys(kx_groups *groups, kx_query_bucket *group);

#endif
