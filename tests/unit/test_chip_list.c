/* SPDX-License-Identifier: MIT */
/* The board's walk over its chips, with chips that note what is done to them. */
#include "bus/chip.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct note {
    const char *name;
    char *calls; /* of all chips, in their order */
    uint32_t value;
};

static void note(void *dev, const char *what)
{
    struct note *n = dev;
    sprintf(n->calls + strlen(n->calls), "%s-%s ", n->name, what);
}

static void on_reset(void *dev)
{
    note(dev, "reset");
}

static void on_clock(void *dev)
{
    note(dev, "clock");
}

static void on_destroy(void *dev)
{
    note(dev, "destroy");
}

static void on_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    const struct note *n = dev;
    fdt_node(b, "%s@%llx", n->name, (unsigned long long)node->base);
    fdt_cells(b, "of", (const uint32_t[]){node->irq, node->irq_parent, node->phandle, *node->intc},
              4);
    fdt_node_end(b);
}

static void on_save(void *dev, struct blob_out *out)
{
    blob_put_u32(out, ((struct note *)dev)->value);
}

static bool on_load(void *dev, struct blob_in *in)
{
    uint32_t value = blob_get_u32(in);
    if (!blob_check(in, value < 100, "a value too large"))
        return false;
    ((struct note *)dev)->value = value;
    return true;
}

static uint64_t reg_read(void *dev, uint64_t off, unsigned size)
{
    (void)off, (void)size;
    return ((struct note *)dev)->value;
}

static void reg_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    (void)off, (void)size;
    ((struct note *)dev)->value = (uint32_t)val;
}

static const struct mmio_ops registers = {
    .min_size = 4, .max_size = 4, .read = reg_read, .write = reg_write};

/* Without registers, with all else; with registers; with a phandle, too. */
static const struct chip_ops plain = {.name = "plain",
                                      .version = 1,
                                      .reset = on_reset,
                                      .clock_changed = on_clock,
                                      .save = on_save,
                                      .load = on_load,
                                      .destroy = on_destroy};
static const struct chip_ops mapped = {.name = "mapped",
                                       .mmio = &registers,
                                       .size = 0x100,
                                       .fdt = on_fdt,
                                       .version = 2,
                                       .reset = on_reset,
                                       .save = on_save,
                                       .load = on_load,
                                       .destroy = on_destroy};
static const struct chip_ops pointed_at = {.name = "pointed",
                                           .mmio = &registers,
                                           .size = 0x100,
                                           .fdt = on_fdt,
                                           .phandle = true,
                                           .destroy = on_destroy};

struct fixture {
    struct map *map;
    struct chip_list list;
    char calls[512];
    struct note a, b, c, d;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    f->map = map_create();
    f->a = (struct note){"a", f->calls, 1};
    f->b = (struct note){"b", f->calls, 2};
    f->c = (struct note){"c", f->calls, 3};
    f->d = (struct note){"d", f->calls, 4};
    assert_true(chips_add(&f->list, f->map, &plain, &f->a, 0, 0));
    assert_true(chips_add(&f->list, f->map, &mapped, &f->b, 0x3000, 7));
    assert_true(chips_add(&f->list, f->map, &pointed_at, &f->c, 0x2000, 0));
    assert_true(chips_add(&f->list, f->map, &mapped, &f->d, 0x1000, 9));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    map_destroy(f->map);
    free(f);
    return 0;
}

static void test_walks_in_order(void **state)
{
    struct fixture *f = *state;
    chips_reset(&f->list);
    chips_clock_changed(&f->list);
    chips_destroy(&f->list);
    chips_destroy(&f->list); /* nothing is left */
    assert_string_equal(f->calls, "a-reset b-reset d-reset a-clock "
                                  "d-destroy c-destroy b-destroy a-destroy ");
}

static void test_registers_are_mapped(void **state)
{
    struct fixture *f = *state;
    uint64_t val;
    assert_true(map_read(f->map, 0x3000, 4, &val) && val == 2);
    assert_true(map_write(f->map, 0x10fc, 4, 44) && f->d.value == 44);
    assert_false(map_read(f->map, 0x3100, 4, &val));
}

/* The list destroys a chip that it refused, too. */
static void test_refuses(void **state)
{
    struct fixture *f = *state;
    struct note more = {"more", f->calls, 0}, one_more = {"one", f->calls, 0};
    assert_false(chips_add(&f->list, f->map, &mapped, NULL, 0x4000, 0));
    assert_false(chips_add(&f->list, f->map, &mapped, &more, 0x30fc, 0)); /* overlaps b */
    while (f->list.count < CHIP_LIST_MAX)
        assert_true(chips_add(&f->list, f->map, &plain, &f->a, 0, 0));
    assert_false(chips_add(&f->list, f->map, &mapped, &one_more, 0x4000, 0));
    assert_string_equal(f->calls, "one-destroy ");
    f->list.count = 5;
    f->calls[0] = 0;
    chips_destroy(&f->list);
    assert_string_equal(f->calls, "more-destroy d-destroy c-destroy b-destroy a-destroy ");
}

/* By ascending addresses, whatever the order of adding. */
static void test_writes_the_tree(void **state)
{
    struct fixture *f = *state;
    struct fdt_builder *b = fdt_builder_create();
    const uint32_t intc[] = {5};
    size_t size;
    fdt_node(b, "%s", "");
    assert_int_equal(fdt_phandle(b), 1);
    chips_fdt_phandles(&f->list, b);
    assert_int_equal(chips_phandle(&f->list, &f->c), 2);
    assert_int_equal(chips_phandle(&f->list, &f->d), 0);
    assert_int_equal(chips_phandle(&f->list, NULL), 0);
    chips_fdt(&f->list, b, 2, intc);
    fdt_node_end(b);
    void *tree = fdt_builder_end(b, &size);
    static const struct {
        const char *name;
        uint32_t of[4];
    } nodes[] = {{"d@1000", {9, 2, 0, 5}}, {"c@2000", {0, 2, 2, 5}}, {"b@3000", {7, 2, 0, 5}}};
    int at = fdt_first_subnode(tree, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(nodes); i++, at = fdt_next_subnode(tree, at)) {
        assert_string_equal(fdt_get_name(tree, at, NULL), nodes[i].name);
        const fdt32_t *of = fdt_getprop(tree, at, "of", NULL);
        for (unsigned j = 0; j < 4; j++)
            assert_int_equal(fdt32_to_cpu(of[j]), nodes[i].of[j]);
    }
    assert_true(at < 0);
    free(tree);
    fdt_builder_destroy(b);
}

static bool load_bytes(struct fixture *f, const uint8_t *bytes, size_t size, char *reason)
{
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    bool good = chips_load(&f->list, &in) && blob_in_done(&in);
    blob_in_reason(&in, reason, 96);
    return good;
}

static void test_saves_and_loads(void **state)
{
    struct fixture *f = *state;
    struct blob_out out = {0};
    char reason[96];
    size_t size;
    chips_save(&f->list, &out);
    uint8_t *bytes = blob_out_take(&out, &size);
    f->a.value = f->b.value = f->d.value = 0;
    assert_true(load_bytes(f, bytes, size, reason));
    assert_true(f->a.value == 1 && f->b.value == 2 && f->c.value == 3 && f->d.value == 4);
    assert_false(load_bytes(f, bytes, size - 1, reason));
    assert_string_equal(reason, "section 'mapped', byte 72: it ends too early");
    bytes[size - 4] = 200;
    assert_false(load_bytes(f, bytes, size, reason));
    assert_string_equal(reason, "section 'mapped', byte 4: a value too large");
    assert_int_equal(f->d.value, 4);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_walks_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_registers_are_mapped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writes_the_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_saves_and_loads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
