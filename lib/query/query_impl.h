/*
 * query_impl.h -- what the files of this room share.
 *
 * A query passes through four hands:
 *
 *   filter*.c, tree.c               filter text becomes a tree, and trees and conditions become tests
 *   compile.c, operand.c, order.c   paths are resolved, operands checked; the order becomes sort parts
 *   plan.c, candidate.c, range.c,   which table is walked, over which ranges; which tests that answers already
 *   count.c, intersect.c, union.c, keys.c
 *   source.c, legs.c, sort.c        ids in the order asked for, from that table, with bounded memory
 *   cursor.c, find.c                documents: what is left of the tests, offset, limit, instances
 */
#ifndef KX_QUERY_QUERY_IMPL_H
#define KX_QUERY_QUERY_IMPL_H

#include "query/query.h"
#include "query/spill.h"

/* ---- memory of one query ------------------------------------------------------------ *
 * Small queries fit into the query itself and allocate nothing.                          */

enum { KX_QUERY_SPACE = 448 };

typedef struct kx_query_memory {
    uint8_t *next;
    size_t left;
    kx_arena arena;
    _Alignas(max_align_t) uint8_t space[KX_QUERY_SPACE]; /* not initialised */
} kx_query_memory;

void kx_query__memory_init(kx_query_memory *memory);
void kx_query__memory_free(kx_query_memory *memory);
void *kx_query__alloc(kx_query_memory *memory, size_t size); /* NULL, and recorded: no memory */
void *kx_query__copy(kx_query_memory *memory, const void *data, size_t size);

/* ---- tests ------------------------------------------------------------------------------ */

/* What a test or a sort part looks at. */
typedef enum kx_query_subject_kind {
    SUBJECT_ID,     /* _id, or the primary field, which equals it: no document is needed */
    SUBJECT_NAME,   /* a plain top-level name                                            */
    SUBJECT_PATH,   /* a path without []                                                 */
    SUBJECT_SPREAD, /* a path with []: many items; for CONTAINS only                    */
    SUBJECT_CALL,   /* what a function makes of another subject: see `call`             */
    SUBJECT_CROSS,  /* of related documents: see `cross`                                */
    SUBJECT_NONE    /* of a TEST_GROUP: its tests have subjects of their own            */
} kx_query_subject_kind;

typedef struct kx_query_subject {
    kx_query_subject_kind kind;
    const char *name; /* SUBJECT_NAME: not terminated */
    size_t size;
    const char *text;    /* as given */
    const kx_path *path; /* NULL where the text was plain */
    struct kx_query_cross *cross;
    const struct kx_query_call *call;
    const kx_cat_collection *target; /* of the cross: whose documents have the leaf */
} kx_query_subject;

/* A subject behind relations: cross.c. */
typedef struct kx_query_cross {
    const kx_cat_relation **hops;
    size_t count;
    bool many; /* some hop is a set */
    bool bare; /* there is no field behind the last relation */
    kx_query_subject leaf;
} kx_query_cross;

typedef enum kx_query_function {
    FUNCTION_NONE,
    FUNCTION_LEN,  /* elements of an array, members of a map, code points of a text, bytes of a binary */
    FUNCTION_LOWER /* a text with A to Z as a to z; for both: null of all else */
} kx_query_function;

typedef struct kx_query_call {
    kx_query_function function;
    kx_query_subject of;
    kx_buf *scratch; /* the query's: holds one result until the next is made */
} kx_query_call;

typedef enum kx_query_op {
    TEST_EQ,
    TEST_NE,
    TEST_LT,
    TEST_LE,
    TEST_GT,
    TEST_GE,
    TEST_IN,
    TEST_LIKE,
    TEST_NULL,
    TEST_NOT_NULL,
    TEST_CONTAINS,
    TEST_IDS,    /* the id is one of a list */
    TEST_NEVER,  /* nothing can match: a range up to NaN, a member of no list */
    TEST_NOT_IN, /* neither null nor one of a list */
    TEST_EXISTS, /* not missing */
    TEST_GROUP   /* see `group` */
} kx_query_op;

typedef struct kx_query_test {
    kx_query_subject subject;
    kx_query_op op;
    bool with_null;      /* TEST_IN: null was in the list; TEST_NOT_IN: it makes no difference */
    bool answered;       /* by the ranges that are walked                                     */
    kx_value value;      /* canonical; TEST_IN, TEST_NOT_IN: a list, sorted, distinct, without null */
    const uint64_t *ids; /* TEST_IDS: ascending */
    size_t id_count;
    kx_slice bytes; /* TEST_LIKE: the compiled pattern; TEST_EQ, TEST_NE: the item that is equal, where prepared */
    struct kx_query_group *group; /* TEST_GROUP */
    const kx_needle *needle; /* prepared: TEST_EQ of a SUBJECT_NAME, where what has other bytes is not equal */
} kx_query_test;

/*
 * Several tests as one: what stands below the conjunction of the query. A test whose complement is no operator is negated
 * as a group of its own, so that no plan can take it for what it is not.
 *
 *   a == 1 or b == 2               {any, [a == 1, b == 2]}
 *   not (a == 1)                   {negated, [a == 1]}
 *   orders(x > 1 and y == 2)       {cross: orders, [x > 1, y == 2]}: one document there passes them all
 */
typedef struct kx_query_group {
    bool any;              /* one of them; otherwise all */
    bool negated;          /* the exact complement of all that */
    kx_query_cross *cross; /* of a document behind it; NULL: of this one */
    kx_query_test *tests;
    size_t count;
} kx_query_group;

typedef struct kx_query_order {
    kx_query_subject subject;
    bool descending;
} kx_query_order;

/* Where a page begins: behind this place in the order. */
typedef struct kx_query_after {
    uint64_t id;
    kx_value *values; /* of compiled.orders, in the query's memory */
    size_t count;
} kx_query_after;

/* A query as it is carried out. `orders` lacks what cannot change the order: ties, constants, what follows the id. */
typedef struct kx_query_compiled {
    kx_txn *txn;
    const kx_cat_collection *collection;
    kx_query_test *tests;
    size_t test_count;
    kx_query_order *orders;
    size_t order_count;
    const kx_query_after *after; /* NULL: from the beginning */
    uint64_t limit;              /* UINT64_MAX: all */
    uint64_t offset;
    bool keeps;   /* operands and paths are copied: the query outlives the call */
    bool counts;  /* nobody wants the documents, only their number */
    bool crosses; /* some subject looks beyond relations */
    bool any_order; /* the order does not matter, only the documents do */
    bool any_ties;  /* what is equal by `orders` may come in any order */
    bool all_parts; /* `orders` are kept as they were given: for groups */
    struct kx_query_trace *trace; /* what the planner decided, for explain; NULL: nobody asks */
    struct kx_query_path *paths;  /* that own memory */
    kx_buf scratch;
    /* of the filter, during the compilation only: its text, its arguments, one moment for each now(), relations that
       were crossed on the way in */
    const char *filter;
    const kx_value *args;
    size_t arg_count, hops;
    kx_value now;
    kx_query_memory memory;
} kx_query_compiled;

/* KX_INVALID names the path or the column; KX_NOMEM. To be freed either way. */
int kx_query__compile(kx_query_compiled *compiled, const kx_query *query, const kx_query_bound *bound);
void kx_query__compiled_free(kx_query_compiled *compiled);

/* A subject of the collection at hand; behind relations where its path is. */
int kx_query__subject(kx_query_compiled *compiled, const char *text, kx_query_subject *subject);
int kx_query__call(kx_query_compiled *compiled, kx_query_function function, kx_query_subject *subject);
int kx_query__order(kx_query_compiled *compiled, const char *order_by);

int kx_query__subject_of(kx_query_compiled *compiled, const kx_cat_collection *collection, const char *text,
                         kx_query_subject *subject);

/* ---- beyond relations -------------------------------------------------------------------- */

/* Make it a cross where its first name is a relation's; and what its test may not ask. KX_INVALID, KX_LIMIT, KX_NOMEM. */
int kx_query__cross(kx_query_compiled *compiled, kx_query_subject *subject);
int kx_query__check_cross(const kx_query_compiled *compiled, const kx_query_test *test);

/* Call `leaf` with each document at the far end. *found: there was one. */
typedef int kx_query_leaf(void *context, uint64_t id, kx_slice document);
int kx_query__cross_each(kx_txn *txn, const kx_query_cross *cross, kx_slice document, kx_query_leaf *leaf,
                         void *context, bool *found);
int kx_query__cross_value(kx_txn *txn, const kx_query_cross *cross, kx_slice document, kx_value *value);

/* Call `visit` with each item that a path with [] reaches, until it gives another result than 0, which is returned. */
typedef int kx_query_item(void *context, kx_slice item);
int kx_query__each_item(const kx_path *path, kx_slice document, kx_query_item *visit, void *context);

/* The same with each value of a subject: one, or none, but for [] and sets. Values point into documents. */
typedef int kx_query_value_visit(void *context, const kx_value *value);
int kx_query__each_value(kx_txn *txn, const kx_query_subject *subject, uint64_t id, kx_slice document,
                         kx_query_value_visit *take, void *context);

/* ---- totals ------------------------------------------------------------------------------ */

__extension__ typedef __int128 kx_int128;

/* What is known of the numbers so far; zeroed: none. */
typedef struct kx_query_totals {
    uint64_t count;
    kx_int128 whole;    /* sum of the integers, exact */
    double real, lost; /* sum of the reals, and what rounding took from it */
    bool has_real;
    kx_value least, most;
    uint64_t id, least_id, most_id; /* of the document whose numbers are added; of equal ends the lowest */
} kx_query_totals;

/* A kx_query_value_visit: anything but a number, and NaN, is passed over. */
int kx_query__add_number(void *totals, const kx_value *value);
kx_value kx_query__total(const kx_query_totals *totals, kx_query_fold fold);

/* A subject whose values are to be added up. KX_INVALID for a relation without a field. */
int kx_query__number_subject(kx_query_compiled *compiled, const char *path, kx_query_subject *subject);

bool kx_query__same_subject(const kx_query_subject *left, const kx_query_subject *right);
bool kx_query__is_part(const kx_query_subject *subject, const kx_cat_part *part);
/* Do the keys of the part answer the test? A folded part has texts as lower() gives them, and other values, which that
   makes null, as they are. */
bool kx_query__is_on(const kx_query_test *test, const kx_cat_part *part);
bool kx_query__not_null(const kx_query_test *test); /* does it leave out null and missing? */

/* Does a document pass? 1, 0, or KX_CORRUPT. Answered tests are passed over unless `all`. `document` may be missing
   when no test needs it (kx_query__needs_document). */
int kx_query__passes(kx_query_compiled *compiled, uint64_t id, kx_slice document, bool all);
bool kx_query__needs_test(const kx_query_compiled *compiled);
bool kx_query__needs_document(const kx_query_compiled *compiled);
kx_value kx_query__id_value(uint64_t id);

/* The value of an id, a name, a path without []; what a function makes of it, which lives until the next result. */
int kx_query__value_of(const kx_query_subject *subject, uint64_t id, kx_slice document, kx_value *value);
int kx_query__call_value(const kx_query_call *call, uint64_t id, kx_slice document, kx_value *value);
void kx_query__fold(uint8_t *text, size_t size); /* A to Z as a to z */

/* Make a test quick, or all that a scan will make. Those inside groups are made so when they are compiled: parts of a query
   that are planned apart share them. KX_NOMEM. */
int kx_query__prepare_equal(kx_query_compiled *compiled, kx_query_test *test);
int kx_query__prepare_scan(kx_query_compiled *compiled);

/* Append the sort key of a document: memcmp() order is the order asked for. KX_CORRUPT, KX_NOMEM. */
int kx_query__sort_key(kx_query_compiled *compiled, uint64_t id, kx_slice document, kx_key *key);

/* The values that a document is ordered by; `values` has room for order_count. They point into the document, and into
   those that it crosses to. KX_CORRUPT. */
int kx_query__order_values(const kx_query_compiled *compiled, uint64_t id, kx_slice document, kx_value *values);

/* ---- pages: token.c, resume.c --------------------------------------------------------- */

/* A page's token, as compiled->after. KX_INVALID: it is no token, or of another query. */
int kx_query__read_token(kx_query_compiled *compiled, const char *token);

/* The token of a document of this query, ended by NUL. KX_CORRUPT, KX_NOMEM. */
int kx_query__write_token(const kx_query_compiled *compiled, uint64_t id, kx_slice document, kx_buf *token);

/* ---- LIKE ---------------------------------------------------------------------------------- *
 * A pattern is compiled to bytes that no UTF-8 text has: the marks for "any run" and "any character" among its literal
 * bytes. */

enum { LIKE_RUN = 0xfe, LIKE_ONE = 0xff };

/* `out` has room for pattern.size bytes. KX_INVALID: it ends in a backslash. */
int kx_query__like_compile(kx_slice pattern, uint8_t *out, size_t *size);
bool kx_query__like(kx_slice compiled, kx_slice text);
kx_slice kx_query__like_prefix(kx_slice compiled, bool *whole); /* *whole: nothing follows but one LIKE_RUN */

/* ---- trees ------------------------------------------------------------------------------------ *
 * What a filter text says, of any collection and for any arguments. An array of conditions is compiled as a tree of one
 * node each.                                                                                        */

typedef enum kx_query_node_kind {
    NODE_CONDITION,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_BIND /* of one document behind `path`, what is inside holds */
} kx_query_node_kind;

typedef struct kx_query_node {
    struct kx_query_node *next;  /* of the same parent */
    struct kx_query_node *first; /* what is inside */
    const char *path;
    kx_value value;
    kx_op op;
    uint32_t place; /* of the operand in the text, in bytes from 1; 0: of no text, and `value` is as it stands */
    uint8_t kind, function;
    bool negated; /* "not in" */
    bool open;    /* `value` is a list with placeholders in it */
} kx_query_node;

/* Placeholders: types that no value has, with their place in `extra`. */
enum {
    OPERAND_ARGUMENT = 64, /* `integer`: which one */
    OPERAND_NOW            /* `integer`: seconds from now */
};

struct kx_filter {
    const kx_query_node *root;
    const char *text;
    size_t argument_count;
    kx_query_memory memory;
};

/* Add the tests of a tree to the conjunction `compiled->tests`, which has room for as many as it may add. KX_INVALID
   names path and column. */
size_t kx_query__count_tests(const kx_query_node *node);
int kx_query__add_tests(kx_query_compiled *compiled, const kx_query_node *node);

/* ---- operands ------------------------------------------------------------------------------------- */

/* What the operand of a text's node is for this query: arguments and moments filled in. */
int kx_query__resolve(kx_query_compiled *compiled, const kx_query_node *node, kx_value *value);

/* The operator and operand of a node as those of `test`, whose subject is set; KX_BETWEEN gives two tests of it. */
int kx_query__operand(kx_query_compiled *compiled, const kx_query_node *node, const kx_value *value,
                      kx_query_test *test);
int kx_query__between(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test);
int kx_query__equal(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test);

/* ---- filter text ------------------------------------------------------------------------------ */

enum { KX_QUERY_FILTER_DEPTH = 100 };

/* The column of a place: characters, from 1. */
unsigned kx_query__column(const char *text, size_t place);

/* Memory of what comes out is `memory`'s. KX_INVALID: "filter:17: expected a value". */
int kx_query__parse_filter(kx_query_memory *memory, const char *text, const kx_query_node **root,
                           size_t *argument_count);

/* "2026-01-31", "2026-01-31T23:59:59.5Z", behind the @. Returns the bytes taken, 0 when it is no time. */
size_t kx_query__parse_time(const char *text, size_t size, kx_value *value);

/* "15m": digits and one of s m h d w. Returns the bytes taken, 0 when it is no duration, or one beyond 10,000 years. */
size_t kx_query__parse_duration(const char *text, size_t size, int64_t *seconds);

/* ---- plans ---------------------------------------------------------------------------------------- */

typedef enum kx_query_access {
    ACCESS_NOTHING, /* nothing can match                       */
    ACCESS_ROWS,    /* the rows from `low` to `high`           */
    ACCESS_IDS,     /* a list of ids, ascending                */
    ACCESS_INDEX,   /* ranges of an index                      */
    ACCESS_ALL,     /* what every part leads to                */
    ACCESS_ANY      /* what some part leads to                 */
} kx_query_access;

/* Entries with from <= key < to; `to` missing: to the end. */
typedef struct kx_query_range {
    kx_slice from, to;
    bool descending;
} kx_query_range;

typedef enum kx_query_arrangement {
    ARRANGED, /* the walk yields the order asked for     */
    BY_ID,    /* ids are to be sorted                    */
    BY_KEY    /* by keys made from the documents         */
} kx_query_arrangement;

/* What stands on the first part of an index that is not bound to one value. */
typedef enum kx_query_tail { TAIL_NONE, TAIL_RANGE, TAIL_LIKE, TAIL_NOT_NULL } kx_query_tail;

typedef struct kx_query_plan {
    kx_query_access access;
    kx_query_arrangement arrangement;
    bool descending; /* ACCESS_ROWS */
    bool whole_key;  /* one range, of one whole key: the number of its ids is stored, and they ascend */
    bool exact;      /* every entry of the ranges passes the tests marked as answered */
    bool loose;      /* an id may be of no document: the caller named it */
    uint32_t table; /* of the rows */
    uint64_t low, high;
    const uint64_t *ids;
    size_t id_count;
    const kx_cat_index *index;
    size_t equal; /* of the index, as the candidate's: for explain */
    bool several;
    kx_query_tail tail;
    kx_query_range *ranges; /* disjoint, in the order of the walk */
    size_t range_count;
    kx_query_range one;           /* the usual case */
    kx_slice resume;              /* key of compiled->after in an index that is walked in order; missing where it is cut */
    struct kx_query_keys *keys;   /* ACCESS_INDEX: tests on its keys; NULL: none */
    struct kx_query_plan **parts; /* ACCESS_ALL, ACCESS_ANY: each a list of ids or ranges, or several of them again */
    size_t part_count;
    uint64_t estimate; /* how many documents the parts lead to together */
    uint64_t count;    /* of a part, as it was counted */
} kx_query_plan;

/* The cheapest way by stored counts. Marks the tests that it answers. KX_NOMEM, KX_CORRUPT, KX_IO. */
int kx_query__plan(kx_query_compiled *compiled, kx_query_plan *plan);

/* Where a test beyond relations is answered cheaper from the far end than `plan` goes, make it a list of ids. */
int kx_query__plan_crosses(kx_query_compiled *compiled, kx_query_plan *plan);

/* The ids that can match: a list, or a range; ACCESS_NOTHING where there are none. *list is the test that the list
   is of, or NULL. */
int kx_query__find_ids(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test **list);

/* An index, and how far the tests reach into it. */
typedef struct kx_query_candidate {
    const kx_cat_index *index; /* NULL: a union, which is counted from the start */
    size_t equal;        /* leading parts that are bound to a value  */
    bool several;        /* one of these, `in_part`, to each of a list; `in_value` is the one at hand */
    size_t in_part;
    const kx_value *in_value;
    kx_query_tail tail;  /* on the part behind them                   */
    uint64_t used;       /* bit n: test n (of the first 64)           */
    uint64_t open;       /* those of them that the ranges only narrow */
    bool fits;           /* it yields the order asked for             */
    bool backward;       /* walked from its end                       */
    bool counted;        /* the members below are set                 */
    bool at_least;       /* `count` was not counted to its end        */
    uint64_t count;      /* documents that it leads to                */
    uint64_t keys;       /* under so many keys, where it is a range   */
    uint64_t cost;       /* of these to be fetched, at most           */
    kx_query_plan *plan; /* its ranges; in the query's memory         */
} kx_query_candidate;

enum {
    KX_QUERY_TESTS = 64,        /* the planner looks at the first ones */
    KX_QUERY_COUNT_MOST = 10000 /* ranges are counted no further */
};

/* Test of the first 64 that binds this part to one value; -1: none. */
int kx_query__equality_on(const kx_query_compiled *compiled, const kx_cat_part *part);
int kx_query__test_on(const kx_query_compiled *compiled, const kx_cat_part *part, kx_query_op op);
bool kx_query__never_null(const kx_query_compiled *compiled, const kx_cat_part *part);

/* Append the parts of a key that the tests bind to one value: the first `equal` ones. */
void kx_query__add_equal(const kx_query_compiled *compiled, const kx_cat_index *index, size_t equal, kx_key *key);

/* Do the tests leave nothing over that the predicate of a partial index does not hold of? Then *used has those that it answers
   as well: bit n is test n of the first KX_QUERY_TESTS. */
bool kx_query__implies(const kx_query_compiled *compiled, const kx_cat_predicate *predicate, uint64_t *used);

/* The ranges of a candidate, and whether they answer its tests exactly. */
int kx_query__ranges(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan);

/* What the indexes of a collection offer. Small collections fit into it. */
enum { KX_QUERY_NEAR = 16 };

typedef struct kx_query_choices {
    kx_query_candidate *list;
    size_t count;
    kx_query_candidate by_order; /* yields the order and uses no test; its index is NULL where there is none */
    kx_query_candidate weak;     /* knows no more than what is not null */
    kx_query_candidate near[KX_QUERY_NEAR];
} kx_query_choices;
int kx_query__find_candidates(kx_query_compiled *compiled, kx_query_choices *found);

bool kx_query__uses_all(const kx_query_compiled *compiled, const kx_query_candidate *candidate);
uint64_t kx_query__wanted(const kx_query_compiled *compiled); /* limit and offset; UINT64_MAX: all */
void kx_query__mark_answered(kx_query_compiled *compiled, uint64_t used, const kx_query_plan *plan);
void kx_query__mark_id_range(kx_query_compiled *compiled); /* answered by plan->low and plan->high */

/* Count what candidates lead to, as far as it can matter beside a way that costs `best` documents: count.c. */
int kx_query__count_candidates(kx_query_compiled *compiled, kx_query_candidate *list, size_t count, uint64_t best);
int kx_query__count_candidate(kx_query_compiled *compiled, kx_query_candidate *candidate, uint64_t most);
int kx_query__count_not_null(kx_query_compiled *compiled, kx_query_candidate *candidate); /* TAIL_NOT_NULL alone */
int kx_query__count_rows(kx_query_compiled *compiled, uint64_t low, uint64_t high, uint64_t most, uint64_t *count);

/* Several ways together, where that fetches fewer documents than `chosen` alone by enough to pay for the walks: *taken, and
   `plan` is set. `chosen` NULL: the ids or rows that `plan` has, `single` of them. `list` is the test that plan->ids are of. */
typedef struct kx_query_ways {
    kx_query_candidate *list;
    size_t count;
    const kx_query_candidate *chosen, *by_order;
    kx_query_test *ids;
    uint64_t single;
} kx_query_ways;
int kx_query__intersect(kx_query_compiled *compiled, const kx_query_ways *ways, kx_query_plan *plan, bool *taken);

/* Candidates for the groups of alternatives, up to `room` of them: union.c. */
int kx_query__unions(kx_query_compiled *compiled, kx_query_candidate *found, size_t room, size_t *count);

/* ---- tests on keys -------------------------------------------------------------------------------- */

typedef struct kx_query_keys kx_query_keys;

/* Take the tests that the ranges of an index leave and its keys answer, as plan->keys; they count as answered. */
int kx_query__test_keys(kx_query_compiled *compiled, kx_query_plan *plan);

/* Does the document of this entry pass? 1, 0, or an error. */
int kx_query__key_passes(const kx_query_keys *keys, kx_store_txn *store, kx_slice key, uint64_t id);
const kx_query_test *kx_query__key_test(const kx_query_keys *keys, size_t number); /* NULL: there are no more */

/* KX_CORRUPT: an entry leads to no document. */
int kx_query__lost_entry(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id);

/* ---- what explain tells --------------------------------------------------------------------------- */

typedef struct kx_query_way {
    const char *plan; /* "index", "scan", … */
    const kx_cat_index *index;
    uint64_t count;
    bool counted, at_least;
    const char *reason;
    struct kx_query_way *next;
} kx_query_way;

/* A test beyond relations that was answered from the far end, by so many ids. */
typedef struct kx_query_crossing {
    const kx_query_test *test;
    uint64_t count;
    struct kx_query_crossing *next;
} kx_query_crossing;

typedef struct kx_query_trace {
    kx_query_way *ways, **last_way;
    kx_query_crossing *crossings;
} kx_query_trace;

/* Nothing where nobody asks. Without memory for it a way is left out. */
void kx_query__reject_slowly(kx_query_compiled *compiled, const kx_query_way *way);
static inline void kx_query__reject(kx_query_compiled *compiled, const kx_query_way *way)
{
    if (compiled->trace != NULL)
        kx_query__reject_slowly(compiled, way);
}
void kx_query__reject_candidate(kx_query_compiled *compiled, const kx_query_candidate *candidate, const char *reason);
void kx_query__note_crossing(kx_query_compiled *compiled, const kx_query_test *test, uint64_t count);
const char *kx_query__plan_name(const kx_query_plan *plan);

/* ---- sorting, in bounded memory -------------------------------------------------------------------- *
 * Begin, say behind what to go on where that is so, add, end. A limit keeps the best; what memory does not hold is
 * sorted in pieces that are merged from a temporary file (spill.h). */

enum {
    KX_QUERY_WINDOW = 128 * 1024, /* ids kept; twice as many before they are sorted: 2 MiB */
    KX_QUERY_REFILL = 8 * 1024,   /* ids taken at once from a file                         */
    KX_QUERY_SORT_BYTES = 4 << 20 /* keys and their entries                                */
};

typedef struct kx_query_ids {
    uint64_t *data; /* owned */
    size_t count, capacity;
    size_t keep;          /* at most                                                                  */
    uint64_t after, last; /* greater ones are wanted only; the greatest that is of any use, or handed out */
    bool has_after, has_last, limited;
    bool more;             /* behind `data` others come from the file */
    kx_query_spill *spill; /* owned; NULL: memory was enough          */
} kx_query_ids;

/* `wanted`: UINT64_MAX for all. */
void kx_query__ids_begin(kx_query_ids *ids, uint64_t wanted);
void kx_query__ids_after(kx_query_ids *ids, uint64_t id);
int kx_query__ids_add(kx_query_ids *ids, const uint64_t *from, size_t count);
int kx_query__ids_end(kx_query_ids *ids);               /* sorted, each once; KX_NOMEM, KX_FULL, KX_IO */
int kx_query__ids_more(kx_query_ids *ids);              /* the next ones, in place of those at hand    */
int kx_query__ids_sort(kx_query_ids *ids);               /* those in memory, each once; KX_NOMEM    */
int kx_query__ids_push(kx_query_ids *ids, uint64_t id); /* nothing is sorted: at the end               */
void kx_query__ids_free(kx_query_ids *ids);

/* The way back of kx_query__hop() for many documents: where there is an index to walk, its entries of those that lead to a document
   begin with a key, which is added. No key: nobody leads there. False: this document is to be hopped from alone. */
const kx_cat_index *kx_query__back_index(const kx_cat_relation *relation);
bool kx_query__back_key(const kx_cat_relation *relation, kx_slice document, kx_key *key);

typedef struct kx_query_entry {
    uint64_t head; /* first 8 bytes of the key: most comparisons end there */
    uint64_t id;
    size_t at, size; /* of the key in `keys` */
} kx_query_entry;

typedef struct kx_query_sorter {
    kx_query_entry *entries; /* owned */
    size_t count, capacity;
    size_t at; /* handed out */
    size_t keep;
    size_t budget;            /* bytes; 0: KX_QUERY_SORT_BYTES */
    kx_buf keys, after, last; /* as for ids, with the ids below */
    uint64_t after_id, last_id;
    bool has_after, has_last, limited;
    kx_query_spill *spill; /* owned; NULL: memory was enough */
} kx_query_sorter;

void kx_query__sorter_begin(kx_query_sorter *sorter, uint64_t wanted); /* keeps memory, and what it is to go on behind */
int kx_query__sorter_after(kx_query_sorter *sorter, kx_slice key, uint64_t id);
int kx_query__sorter_add(kx_query_sorter *sorter, kx_slice key, uint64_t id); /* KX_NOMEM, KX_FULL, KX_IO */
int kx_query__sorter_end(kx_query_sorter *sorter);
int kx_query__sorter_next(kx_query_sorter *sorter, uint64_t *id); /* KX_NOTFOUND, without a text, at the end */
void kx_query__sorter_free(kx_query_sorter *sorter);

/* ---- several lists at once ----------------------------------------------------------------------------- *
 * Ids that all parts of an ACCESS_ALL have, ascending. Parts that are whole keys stay in the store and are sought in; the others
 * are collected, since the planner has counted them. */

typedef struct kx_query_legs kx_query_legs;

/* From id `from` on. KX_NOMEM and what the store gives; then *legs is NULL. */
int kx_query__legs_open(const kx_query_plan *plan, kx_store_txn *store, uint64_t from, kx_query_legs **legs);
int kx_query__legs_next(kx_query_legs *legs, uint64_t *id); /* KX_NOTFOUND at the end */
void kx_query__legs_close(kx_query_legs *legs);             /* NULL is fine */

/* Hand all ids of a plan to `take`, in no order, an id maybe more than once. What it gives but KX_OK ends it. */
typedef int kx_query_take(void *context, const uint64_t *ids, size_t count);
int kx_query__each_id(const kx_query_plan *plan, kx_store_txn *store, kx_query_take *take, void *context);

/* ---- sources: ids in order ---------------------------------------------------------------------------- */

typedef enum kx_query_mode {
    MODE_END,
    MODE_ROWS,  /* a scan of rows                                                         */
    MODE_PAGES, /* a scan of one key, or of keys that end in ascending ids, page by page  */
    MODE_KEYS,  /* a scan of keys in order; runs of shortened ones through the sorter     */
    MODE_LIST,  /* ids in hand                                                            */
    MODE_LEGS,  /* ids that several lists have                                            */
    MODE_SORTED /* entries of the sorter                                                  */
} kx_query_mode;

enum {
    KX_QUERY_PAGE = 16,
    KX_QUERY_ALONE = 16, /* rows of a long list that are fetched one by one, before others come in batches: */
    KX_QUERY_BATCH = 64, /* whoever has walked so far walks on; rows in their own order come in batches that double, */
    KX_QUERY_FEW = 8     /* from this */
};

typedef struct kx_query_source {
    kx_query_mode mode;
    bool started;                    /* something was read from `scan` */
    bool in_run;                     /* MODE_KEYS: the sorter is being emptied */
    kx_store_txn *store;             /* what `scan` was opened in */
    kx_store_scan *scan, *dead_scan; /* dead: of a parent, left behind when a child began */
    uint64_t last_id;                /* read from `scan` */
    kx_query_legs *legs, *dead_legs; /* MODE_LEGS; dead as above */
    size_t at, count;                /* in the page, list or sorter */
    const uint64_t *list;            /* MODE_LIST */
    size_t range;                    /* being walked, MODE_KEYS */
    kx_query_range now, run;         /* what is left of it; what the sorter walks */
    uint8_t *run_bytes;              /* owned: bounds of runs */
    kx_buf last_key;                 /* MODE_KEYS, where writes may come between two steps */
    kx_query_ids ids;
    kx_query_sorter sorter;
    uint64_t page[KX_QUERY_PAGE];
} kx_query_source;

/* Where compiled->after stands in an index that is walked in order. *cut: its key was too long. KX_NOMEM. */
int kx_query__place(kx_query_compiled *compiled, const kx_cat_index *index, size_t equal, kx_query_range *place,
                    bool *cut);

/* Cut off what lies before compiled->after: from the plan, then from what the source has opened. */
int kx_query__resume_plan(kx_query_compiled *compiled, kx_query_plan *plan);
int kx_query__resume_scan(const kx_query_compiled *compiled, const kx_query_plan *plan, kx_query_source *source);
int kx_query__resume_sort(const kx_query_compiled *compiled, kx_query_source *source);

/* ---- the cursor ---------------------------------------------------------------------------------------- */

/* Documents read ahead; those handed out are NULL here. */
typedef struct kx_query_window {
    kx_query_loader loader;
    size_t at, count, size;
    kx_doc *docs[];
} kx_query_window;

/* Rows read ahead, which need no more test: only where nobody writes between two steps. */
typedef struct kx_query_ahead {
    const uint64_t *ids; /* of the list, or in `memory` */
    kx_slice *rows;      /* in `memory`; missing: an index has an entry for a row that is not there */
    size_t at, count;
    size_t size; /* of the next batch */
    bool failed; /* behind them is a row whose test fails */
    uint64_t failed_id;
    kx_slice failed_row;
    void *memory;
} kx_query_ahead;

struct kx_cursor {
    kx_walker walker;  /* first: the cursor is found again from it       */
    bool registered;   /* the transaction closes it if nobody else does  */
    bool walks;        /* writes may come between two steps              */
    bool detached;     /* only ids are left, and all is tested again     */
    bool tests, reads; /* steps test; steps need the document for it     */
    bool lists, pages; /* the next document is the next one of a list, of a page of ids */
    bool scans;        /* or the next row that passes                                   */
    int rc;
    uint64_t left, skip; /* of the limit and of the offset */
    kx_doc *doc;
    kx_query_ahead ahead;    /* what step gives next */
    kx_query_window *window;     /* owned; NULL: a document at a time */
    kx_buf token;                /* kx_query__token()'s last answer */
    kx_query_origin origin;      /* what it was opened with */
    kx_arena kept;               /* of the query in it      */
    uint32_t result;             /* which result of the transaction its documents are of */
    kx_query_plan plan;
    kx_query_source source;
    kx_query_compiled query;
};

int kx_query__source_open(kx_cursor *cursor, kx_store_txn *store);
int kx_query__lost_row(const kx_cursor *cursor, uint64_t id); /* KX_CORRUPT: an entry leads to no document */

/* The next id. *row is set where it was read on the way. KX_NOTFOUND, without a text, at the end. */
int kx_query__source_next(kx_cursor *cursor, uint64_t *id, kx_slice *row);

/* Read all that is left, in `store`, which may be a child of what it was opened in; what stays is a list of ids. */
int kx_query__source_collect(kx_cursor *cursor, kx_store_txn *store);
void kx_query__source_close(kx_query_source *source);

/* Compile and plan; on error nothing is to be freed. `keeps`: the cursor outlives the call. */
int kx_query__prepare(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, bool keeps, bool counts);
int kx_query__prepare_traced(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                             const kx_query_bound *bound, kx_query_trace *trace);
/* The same for totals and groups, of documents that end with the cursor. `any_order`: the query's own is checked, and does not matter;
   `any_ties`: it matters, but for what is equal by it. */
int kx_query__prepare_totals(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                             const kx_query_bound *bound, bool any_order, bool any_ties);
int kx_query__prepare_tests(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection,
                            const kx_query_test *tests, size_t count);
int kx_query__count_ways(kx_cursor *cursor, uint64_t most, uint64_t *count);
int kx_query__open(kx_cursor *cursor);
void kx_query__shut(kx_cursor *cursor);

/* The window's next document. Errors and the end as kx_query__next(), which keeps cursor->rc. */
int kx_query__window_next(kx_cursor *cursor, kx_doc **doc);
void kx_query__window_free(kx_query_window *window);

/* The next match. *row is missing unless it is wanted or was needed. KX_NOTFOUND at the end. */
int kx_query__step(kx_cursor *cursor, bool wants_row, uint64_t *id, kx_slice *row);

#endif
