/*
 * data.c -- the documents, made from a seed, as structs and as MessagePack.
 *
 *   user   {user_id, name: 12 letters, email: 12 letters + "@example.com", status}
 *   order  {order_id, user_id: uniform, amount: two decimals, status: new|paid|shipped|done, note: 40 letters}
 *   product {product_id, name: 12 letters, price: two decimals}; one for a hundred orders
 *   link    {order_id, product_id}; one to three for each order
 *
 * Packed in that order of keys, integers and lengths in their shortest form, reals in 64 bits; an order looks so:
 *
 *   85  a8"order_id" ce000f4241   a7"user_id" ce000186a1   a6"amount" cb<8 bytes>   a6"status" a3"new"
 *       a4"note" d928<40 bytes>
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { PACKED_MAX = 192, PACKED_LINK_MAX = 40 };    /* bytes of a packed document, at most */

uint64_t bench_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void make_letters(char *text, size_t count, uint64_t *state)
{
    for (size_t i = 0; i < count; i++)
        text[i] = (char)('a' + bench_random(state) % 26);
    text[count] = '\0';
}

static void make_user(bench_user *user, size_t number, uint64_t *state)
{
    static const char statuses[][8] = {"basic", "premium"};

    user->user_id = BENCH_FIRST_USER + (int64_t)number;
    make_letters(user->name, 12, state);
    make_letters(user->email, 12, state);
    memcpy(user->email + 12, "@example.com", sizeof "@example.com");
    memcpy(user->status, statuses[bench_random(state) % 2], sizeof user->status);
}

static void make_order(bench_order *order, size_t number, size_t users, uint64_t *state)
{
    static const char statuses[][8] = {"new", "paid", "shipped", "done"};

    order->order_id = BENCH_FIRST_ORDER + (int64_t)number;
    order->user_id = BENCH_FIRST_USER + (int64_t)(bench_random(state) % users);
    order->amount = (double)(1 + bench_random(state) % 100000) / 100;
    memcpy(order->status, statuses[bench_random(state) % 4], sizeof order->status);
    make_letters(order->note, 40, state);
}

void bench_random_note(char note[41], uint64_t *random)
{
    make_letters(note, 40, random);
}

int64_t bench_random_order(const bench_data *data, uint64_t *random)
{
    return BENCH_FIRST_ORDER + (int64_t)(bench_random(random) % data->order_count);
}

static void make_product(bench_product *product, size_t number, uint64_t *state)
{
    product->product_id = BENCH_FIRST_PRODUCT + (int64_t)number;
    make_letters(product->name, 12, state);
    product->price = (double)(1 + bench_random(state) % 10000) / 100;
}

/* The links of one order, in ascending order of products. Returns how many. */
static size_t make_links(const bench_data *data, int64_t order_id, bench_link *links, uint64_t *state)
{
    size_t count = 1 + bench_random(state) % BENCH_LINKS;

    for (size_t n = 0; n < count; n++) {
        bench_link link = {order_id, bench_product_of(data, order_id, n)};
        size_t at = n;
        for (; at > 0 && links[at - 1].product_id > link.product_id; at--)
            links[at] = links[at - 1];
        links[at] = link;
    }
    return count;
}

/* ---- packing: the writer knows its documents, so nothing here can overflow PACKED_MAX -------- */

static void put_big_endian(uint8_t **at, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; )
        *(*at)++ = (uint8_t)(number >> (8 * i));
}

static void put_int(uint8_t **at, int64_t value)
{
    uint64_t number = (uint64_t)value;      /* never negative here */

    if (number <= 0x7f) {
        put_big_endian(at, number, 1);
    } else if (number <= UINT8_MAX) {
        *(*at)++ = 0xcc;
        put_big_endian(at, number, 1);
    } else if (number <= UINT16_MAX) {
        *(*at)++ = 0xcd;
        put_big_endian(at, number, 2);
    } else if (number <= UINT32_MAX) {
        *(*at)++ = 0xce;
        put_big_endian(at, number, 4);
    } else {
        *(*at)++ = 0xcf;
        put_big_endian(at, number, 8);
    }
}

static void put_text(uint8_t **at, const char *text)
{
    size_t size = strlen(text);

    if (size < 32) {
        *(*at)++ = (uint8_t)(0xa0 | size);
    } else {
        *(*at)++ = 0xd9;
        *(*at)++ = (uint8_t)size;
    }
    memcpy(*at, text, size);
    *at += size;
}

static void put_real(uint8_t **at, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    *(*at)++ = 0xcb;
    put_big_endian(at, bits, 8);
}

static bench_bytes pack_user(const bench_user *user, uint8_t **at)
{
    const uint8_t *start = *at;

    *(*at)++ = 0x84;
    put_text(at, "user_id");
    put_int(at, user->user_id);
    put_text(at, "name");
    put_text(at, user->name);
    put_text(at, "email");
    put_text(at, user->email);
    put_text(at, "status");
    put_text(at, user->status);
    return (bench_bytes){start, (size_t)(*at - start)};
}

static bench_bytes pack_order(const bench_order *order, uint8_t **at)
{
    const uint8_t *start = *at;

    *(*at)++ = 0x85;
    put_text(at, "order_id");
    put_int(at, order->order_id);
    put_text(at, "user_id");
    put_int(at, order->user_id);
    put_text(at, "amount");
    put_real(at, order->amount);
    put_text(at, "status");
    put_text(at, order->status);
    put_text(at, "note");
    put_text(at, order->note);
    return (bench_bytes){start, (size_t)(*at - start)};
}

static bench_bytes pack_product(const bench_product *product, uint8_t **at)
{
    const uint8_t *start = *at;

    *(*at)++ = 0x83;
    put_text(at, "product_id");
    put_int(at, product->product_id);
    put_text(at, "name");
    put_text(at, product->name);
    put_text(at, "price");
    put_real(at, product->price);
    return (bench_bytes){start, (size_t)(*at - start)};
}

static bench_bytes pack_link(const bench_link *link, uint8_t **at)
{
    const uint8_t *start = *at;

    *(*at)++ = 0x82;
    put_text(at, "order_id");
    put_int(at, link->order_id);
    put_text(at, "product_id");
    put_int(at, link->product_id);
    return (bench_bytes){start, (size_t)(*at - start)};
}

/* ---- all of it -------------------------------------------------------------------------- */

static int allocate(bench_data *data)
{
    size_t orders = data->order_count + data->new_count, links = BENCH_LINKS * data->order_count;

    data->users = calloc(data->user_count, sizeof *data->users);
    data->orders = calloc(orders, sizeof *data->orders);
    data->products = calloc(data->product_count, sizeof *data->products);
    data->links = calloc(links, sizeof *data->links);
    data->user_docs = calloc(data->user_count, sizeof *data->user_docs);
    data->order_docs = calloc(orders, sizeof *data->order_docs);
    data->product_docs = calloc(data->product_count, sizeof *data->product_docs);
    data->link_docs = calloc(links, sizeof *data->link_docs);
    data->bytes = calloc(1, PACKED_MAX * (data->user_count + orders + data->product_count) + PACKED_LINK_MAX * links);
    if (data->users == NULL || data->orders == NULL || data->products == NULL || data->links == NULL ||
        data->user_docs == NULL || data->order_docs == NULL || data->product_docs == NULL ||
        data->link_docs == NULL || data->bytes == NULL)
        return bench_fail("no memory for %zu users and %zu orders", data->user_count, data->order_count);
    return 0;
}

static void make_shop(bench_data *data, uint64_t *seed, uint8_t **at)
{
    for (size_t i = 0; i < data->user_count; i++) {
        make_user(&data->users[i], i, seed);
        data->user_docs[i] = pack_user(&data->users[i], at);
    }
    for (size_t i = 0; i < data->order_count + data->new_count; i++) {
        make_order(&data->orders[i], i, data->user_count, seed);
        data->order_docs[i] = pack_order(&data->orders[i], at);
    }
}

static void make_graph(bench_data *data, uint64_t *seed, uint8_t **at)
{
    for (size_t i = 0; i < data->product_count; i++) {
        make_product(&data->products[i], i, seed);
        data->product_docs[i] = pack_product(&data->products[i], at);
    }
    for (size_t i = 0; i < data->order_count; i++)
        data->link_count += make_links(data, data->orders[i].order_id, &data->links[data->link_count], seed);
    for (size_t i = 0; i < data->link_count; i++)
        data->link_docs[i] = pack_link(&data->links[i], at);
}

int bench_data_make(bench_data *data, size_t users, size_t orders, size_t new_orders, uint64_t seed)
{
    *data = (bench_data){.user_count = users, .order_count = orders, .new_count = new_orders};
    data->product_count = orders / 100 > BENCH_LINKS ? orders / 100 : BENCH_LINKS + 1;
    int rc = allocate(data);
    if (rc != 0)
        return rc;
    uint64_t graph_seed = ~seed;            /* so that the shop does not depend on it, nor it on the new orders */
    uint8_t *at = data->bytes;
    make_shop(data, &seed, &at);
    make_graph(data, &graph_seed, &at);
    return 0;
}

void bench_data_free(bench_data *data)
{
    free(data->users);
    free(data->orders);
    free(data->products);
    free(data->links);
    free(data->user_docs);
    free(data->order_docs);
    free(data->product_docs);
    free(data->link_docs);
    free(data->bytes);
    *data = (bench_data){0};
}
