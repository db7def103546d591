/* SPDX-License-Identifier: MIT */
#include "jit/perf_map.h"

#include "host/file.h"
#include "jit/internal.h"
#include "jit/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

struct perf_map {
    FILE *file;
    struct symbols *symbols; /* NULL: none */
};

/* The name is one that others can guess, in a folder that all write to: what lies there is neither followed nor
 * written to. */
static FILE *open_map(struct error *err)
{
    char path[32];
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        error_set(err, "%s: cannot be made: %s; make room for it, or leave out --perf-map", path,
                  host_file_why(errno));
        if (fd >= 0)
            close(fd);
    }
    return file;
}

struct perf_map *perf_map_create(const char *symbols, struct error *err)
{
    struct perf_map *map = calloc(1, sizeof(*map));
    if (!map) {
        error_no_memory(err);
        return NULL;
    }
    if (symbols && !(map->symbols = symbols_read(symbols, err)))
        error_set(err, "%s: %s", symbols, err->text);
    else
        map->file = open_map(err);
    if (map->file)
        return map;
    perf_map_destroy(map);
    return NULL;
}

void perf_map_destroy(struct perf_map *map)
{
    if (!map)
        return;
    if (map->file)
        fclose(map->file);
    symbols_free(map->symbols);
    free(map);
}

/* A piece of a region's code. */
struct piece {
    const uint8_t *start, *end;
    uint64_t pc;
    unsigned insns;
    const char *name; /* the function's; NULL: unknown */
};

static void write_piece(const struct perf_map *map, const struct jit *j, const struct piece *p,
                        const char *what)
{
    uint64_t at = (uint64_t)(uintptr_t)(j->rx + (p->start - j->rw));
    if (p->start == p->end)
        return;
    if (p->name)
        fprintf(map->file, "%" PRIx64 " %zx %s%s\n", at, (size_t)(p->end - p->start), p->name,
                what);
    else
        fprintf(map->file, "%" PRIx64 " %zx rv:%" PRIx64 "+%u%s\n", at, (size_t)(p->end - p->start),
                p->pc, p->insns, what);
}

void perf_map_thunks(struct perf_map *map, const struct jit *j)
{
    const struct piece p = {j->rw, j->rw + j->used, 0, 0, "riscreen thunks"};
    write_piece(map, j, &p, "");
    fflush(map->file);
}

/* NULL: unknown. */
static const char *function_at(const struct perf_map *map, uint64_t pc)
{
    return map->symbols ? symbols_find(map->symbols, pc) : NULL;
}

/* Each block is a piece, but those of one function that follow each other are one. */
void perf_map_region(struct perf_map *map, const struct gen *g, uint64_t page)
{
    struct piece p = {.start = g->start};
    for (unsigned n = 0; n < g->bbs; n++) {
        const struct bb *b = &g->bb[n];
        uint64_t pc = mmu_wrap(g->h, page + b->offset);
        const char *name = function_at(map, pc);
        if (n && (!name || name != p.name)) {
            p.end = b->label;
            write_piece(map, g->j, &p, "");
            p = (struct piece){.start = b->label};
        }
        if (!p.insns)
            p.pc = pc;
        p.name = name;
        p.insns += b->count;
    }
    p.end = g->main_end;
    write_piece(map, g->j, &p, "");
    uint64_t pc = mmu_wrap(g->h, page + g->bb[0].offset);
    p = (struct piece){g->main_end, g->x.at, pc, g->insns, function_at(map, pc)};
    write_piece(map, g->j, &p, " (cold)");
    fflush(map->file);
}

void perf_map_entry(struct perf_map *map, const struct gen *g, uint64_t pc)
{
    const struct piece p = {g->start, g->x.at, pc, 0, function_at(map, pc)};
    write_piece(map, g->j, &p, " (entry)");
    fflush(map->file);
}
