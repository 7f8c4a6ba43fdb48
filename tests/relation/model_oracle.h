/*
 * model_oracle.h -- what a store of related documents must do, worked out by looking at every document.
 *
 * The oracle sees public headers only and knows no index: a world is plain arrays, and every question is a loop
 * over them. Documents have the fields k, a, b, c, d, x; each is missing, null, a small integer, the same number
 * as a real, or a text.
 */
#ifndef KX_TESTS_MODEL_ORACLE_H
#define KX_TESTS_MODEL_ORACLE_H

#include <lmdbkenobix.h>

enum { MO_TABLES = 9, MO_FIELDS = 6, MO_DOCS = 64, MO_PARTS = 2, MO_RELATIONS = 48, MO_MEMBERS = 3, MO_PLANNED = 1024 };
enum { MO_NONE = -1 };

extern const char *const mo_fields[MO_FIELDS];

/* ---- documents --------------------------------------------------------------------------- */

typedef struct mo_value {
    uint8_t type; /* kx_type: NONE (missing), NULL, INT, REAL, TEXT */
    int16_t number;
} mo_value;

typedef struct mo_doc {
    uint64_t id;
    mo_value fields[MO_FIELDS];
} mo_doc;

typedef struct mo_table {
    uint64_t next_id;
    size_t count;
    mo_doc docs[MO_DOCS]; /* ids ascend */
} mo_table;

typedef struct mo_world {
    mo_table tables[MO_TABLES];
} mo_world;

const mo_doc *mo_find(const mo_world *world, int table, uint64_t id); /* NULL: none */
bool mo_equal(mo_value left, mo_value right);                         /* as keys: 1 is 1.0, null is nothing's equal */

/* ---- the schema, every default filled in ---------------------------------------------------- */

typedef struct mo_key {
    size_t count;
    int fields[MO_PARTS];
} mo_key;

typedef struct mo_relation {
    const char *name;
    kx_relation_kind kind;
    int owner, target, through;
    mo_key local, remote;
    int through_local, through_remote; /* fields of the junction */
    bool optional, enforced, deferred;
    kx_action on_delete, on_update;
} mo_relation;

/* Documents of `from` refer to documents of `to`: a foreign key, or one end of a link. */
typedef struct mo_reference {
    const mo_relation *relation;
    int from, to;
    mo_key keys, targets;
    kx_action on_delete, on_update;
    bool enforced, deferred, link;
} mo_reference;

typedef struct mo_unique {
    int table;
    mo_key key;
} mo_unique;

typedef struct mo_schema {
    const kx_model *const *models;
    size_t tables, relation_count, reference_count, unique_count;
    mo_relation relations[MO_RELATIONS];
    mo_reference references[2 * MO_RELATIONS];
    mo_unique uniques[4 * MO_RELATIONS];
    const kx_field *declared[MO_TABLES][MO_FIELDS]; /* NULL: not declared */
    int primary[MO_TABLES];                         /* field, or MO_NONE */
} mo_schema;

void mo_schema_of(const kx_model *const *models, mo_schema *schema);
int mo_field_named(const char *name);
const mo_relation *mo_set_key(const mo_schema *schema,
                              const mo_relation *set); /* the foreign key behind it; NULL: none */
bool mo_is_set(const mo_relation *relation);

/* ---- what fired -------------------------------------------------------------------------------- */

typedef struct mo_fired {
    uint64_t on_delete[KX_SET_DEFAULT + 1], on_update[KX_SET_DEFAULT + 1], kinds[KX_MANY_TO_MANY + 1];
} mo_fired;

/* ---- operations ----------------------------------------------------------------------------------- */

/* Codes that a call may return, where several things are wrong at once: a set of bits. */
typedef uint32_t mo_codes;
#define MO(code) ((mo_codes)1 << -(code))

typedef enum mo_kind {
    MO_INSERT,
    MO_INSERT_MANY,
    MO_UPDATE,
    MO_LINK,
    MO_ADD,
    MO_REMOVE,
    MO_CLEAR,
    MO_REPLACE,
    MO_LINK_SET,
    MO_DELETE,
    MO_APPLY,
    MO_UPDATE_SOME, /* those whose field equals members[0]'s, which is the one in its `changed` */
    MO_DELETE_SOME
} mo_kind;

typedef struct mo_member {
    bool fresh;       /* a new document of these fields; else a stored one */
    uint64_t id;      /* MO_LINK: 0 is NULL */
    unsigned changed; /* of a stored one: these fields are set, and not saved, when it is added */
    mo_value fields[MO_FIELDS];
} mo_member;

/* What a delete would do. Sorted, so that equal plans are equal bytes. */
typedef struct mo_touch {
    int reference;
    uint64_t id;
} mo_touch;

typedef struct mo_gone {
    int table;
    uint64_t id;
} mo_gone;

typedef struct mo_plan {
    mo_gone root;
    size_t gone_count, touched_count;
    mo_gone gone[MO_TABLES * MO_DOCS];
    mo_touch touched[MO_PLANNED]; /* set null or to a default, or standing in the way */
} mo_plan;

typedef struct mo_op {
    mo_kind kind;
    int how; /* which of several calls that do the same */
    int table;
    uint64_t id;
    int relation;
    unsigned changed; /* bits of `fields` */
    mo_value fields[MO_FIELDS];
    size_t count;
    mo_member members[MO_MEMBERS];
    const mo_plan *plan;
} mo_op;

enum { MO_PATCH, MO_PUT, MO_SAVE }; /* .how of an update: put sets every field */

/*
 * Do it to `world`. MO(KX_OK); or the codes of which a call returns one, and the world is then worthless. 0: it
 * would never end, or the world is too small for it.
 */
mo_codes mo_do(const mo_schema *schema, mo_world *world, const mo_op *op, mo_fired *fired);

/* False: too large. Several documents are one delete; its root is the first of them. */
bool mo_plan_of(const mo_schema *schema, const mo_world *world, int table, const uint64_t *ids, size_t count,
                mo_plan *plan);
bool mo_blocks(const mo_schema *schema, const mo_touch *touch);
mo_codes mo_carry_out(const mo_schema *schema, mo_world *world, const mo_plan *plan, mo_fired *fired);

/* ---- questions ------------------------------------------------------------------------------------ */

/* The one that a document leads to: *id, 0 for none (ids here begin at 1). */
mo_codes mo_follow(const mo_schema *schema, const mo_world *world, const mo_relation *relation, const mo_doc *doc,
                   uint64_t *id);
/* Of a set, ascending; `ids` has room for MO_DOCS. */
size_t mo_members(const mo_schema *schema, const mo_world *world, const mo_relation *relation, const mo_doc *doc,
                  uint64_t *ids);

/* The link between two documents of a many-to-many; NULL: none. */
const mo_doc *mo_link(const mo_world *world, const mo_relation *relation, const mo_doc *doc, const mo_doc *member);

/* No operation may leave a key that is enforced, not deferred, and leads nowhere. */
bool mo_is_whole(const mo_schema *schema, const mo_world *world);

/* Keys that lead nowhere: of deferred relations, as a commit would list them; or of all. `list` (may be NULL) has
   room for `room`. */
size_t mo_dangling(const mo_schema *schema, const mo_world *world, bool deferred_only, mo_touch *list, size_t room);

/* ---- shared between its files ----------------------------------------------------------------------- */

bool mo_key_of(const mo_doc *doc, const mo_key *key, mo_value *values); /* false: a part is null */
bool mo_has_key(const mo_doc *doc, const mo_key *key, const mo_value *values);
bool mo_any_has(const mo_world *world, int table, const mo_key *key, const mo_value *values);
mo_codes mo_check_fields(const mo_schema *schema, int table, const mo_doc *doc);
mo_codes mo_insert(const mo_schema *schema, mo_world *world, int table, const mo_value *fields, bool enforce,
                   uint64_t *id);
mo_codes mo_update(const mo_schema *schema, mo_world *world, int table, const mo_doc *after, mo_fired *fired);
/* `defaulted`: one for each reference: its key was set to the default. */
mo_codes mo_change(const mo_schema *schema, mo_world *world, int table, const mo_doc *after, const bool *defaulted,
                   mo_fired *fired);
void mo_remove(mo_world *world, int table, uint64_t id);
void mo_set_key_fields(mo_doc *doc, const mo_key *key, const mo_value *values); /* NULL: null */
void mo_set_default(const mo_schema *schema, int table, mo_doc *doc, const mo_key *key);

#endif
