/* SPDX-License-Identifier: MIT */
/*
 * The split ring and the transport against a hostile driver: the input pokes descriptors, indices,
 * registers and memory in any order. Afterwards a well-behaved driver must find a working device.
 */
#include "fuzz/fuzz.h"
#include "kit/driver.h"
#include "kit/echo.h"

#define RAM     (UINT64_C(1) << 20)
#define MAX_OPS 400

/* Mostly inside RAM, sometimes at its edge or anywhere at all. */
static uint64_t address(struct fuzz_input *in, const struct kit *kit, unsigned q)
{
    uint8_t how = fuzz_u8(in);
    switch (how & 7) {
    case 0: return fuzz_u64(in);
    case 1: return KIT_RAM_BASE + RAM - fuzz_u8(in);
    case 2: return kit->queue[q].desc + fuzz_u16(in) % 4096;
    case 3: return kit->queue[q].used;
    default: return KIT_RAM_BASE + fuzz_u16(in) * UINT64_C(16) % RAM;
    }
}

static void set_descriptor(struct fuzz_input *in, struct kit *kit, unsigned q)
{
    uint8_t slot = fuzz_u8(in);
    uint64_t table = slot & 0x80 ? KIT_RAM_BASE + 0x8000 : kit->queue[q].desc;
    uint64_t addr = address(in, kit, q);
    uint16_t flags = fuzz_u8(in);
    uint32_t len = flags & 0x80 ? fuzz_u32(in) : fuzz_u8(in);
    uint16_t next = flags & 0x40 ? fuzz_u16(in) : fuzz_u8(in) % ECHO_SIZE;
    if (flags & VRING_DESC_INDIRECT && flags & 0x20) {
        addr = KIT_RAM_BASE + 0x8000;
        len = len % 64 * 16;
    }
    kit_desc_set(kit, table, slot % ECHO_SIZE, addr, len, flags & 7, next);
}

static void poke(struct fuzz_input *in, struct kit *kit, unsigned q)
{
    uint8_t bytes[8];
    uint64_t pa = address(in, kit, q);
    fuzz_bytes(in, bytes, sizeof(bytes));
    gmem_write(kit->mem, pa, bytes, sizeof(bytes));
}

static void step(struct fuzz_input *in, struct kit *kit, struct echo *echo)
{
    uint8_t op = fuzz_u8(in);
    unsigned q = op >> 7;
    switch (op & 15) {
    case 0:
    case 1:
    case 2: set_descriptor(in, kit, q); break;
    case 3: kit_avail_push(kit, q, fuzz_u8(in) % ECHO_SIZE); break;
    case 4: kit_avail_push(kit, q, fuzz_u16(in)); break;
    case 5: kit_avail_set(kit, q, fuzz_u16(in)); break;
    case 6:
    case 7: kit_notify(kit, q); break;
    case 8: echo->hold = !echo->hold; break;
    case 9: echo_release(echo); break;
    case 10: poke(in, kit, q); break;
    case 11: kit_wr(kit, fuzz_u8(in) * 4u, fuzz_u32(in)); break;
    case 12: kit_rd(kit, fuzz_u16(in) % 0x1000 & ~3u); break;
    case 13:
        kit_free_to(kit, KIT_RAM_BASE);
        kit_start(kit, fuzz_u64(in));
        break;
    case 14:
        kit_wr(kit, MMIO_QUEUE_SEL, q);
        kit_wr(kit, MMIO_QUEUE_RESET, 1);
        break;
    default: kit_isr(kit); break;
    }
    FUZZ_CHECK(echo->quiet == 0);
    FUZZ_CHECK(echo->dev.queue[q].chains_out <= ECHO_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct kit kit;
    char back[4];
    kit_init(&kit, RAM);
    kit.legacy = fuzz_u8(&in) & 1;
    struct echo *echo = echo_create(kit.mem);
    kit_attach(&kit, &echo->dev, NULL);
    FUZZ_CHECK(kit_start(&kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; in.left && i < MAX_OPS; i++)
        step(&in, &kit, echo);

    echo->hold = false;
    kit_free_to(&kit, KIT_RAM_BASE);
    FUZZ_CHECK(kit_start(&kit, KIT_ALL_FEATURES));
    FUZZ_CHECK(kit_request(&kit, 0, "ping", 4, back, 4) == 4 && !memcmp(back, "ping", 4));
    kit_finish(&kit);
    return 0;
}
