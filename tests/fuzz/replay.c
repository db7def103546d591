/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer: `fuzz_x_replay [-s SEED] [-r COUNT] [FILE | DIRECTORY]...`.
 * COUNT random inputs come from SEED, half of them made from the stored ones by changing bytes. SEED
 * is 1 without -s, and taken from the clock by `-s new`.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_BYTES 4096
#define MAX_CORPUS  4096

struct corpus {
    struct {
        uint8_t *data;
        size_t size;
    } item[MAX_CORPUS];
    unsigned count;
    uint64_t random;
};

static uint32_t next_random(struct corpus *c)
{
    c->random = c->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(c->random >> 33);
}

static void load_file(struct corpus *c, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || c->count == MAX_CORPUS) {
        printf("cannot take %s\n", path);
        exit(1);
    }
    uint8_t *data = malloc(INPUT_BYTES);
    if (!data)
        abort();
    c->item[c->count].data = data;
    c->item[c->count++].size = fread(data, 1, INPUT_BYTES, f);
    fclose(f);
}

static void load(struct corpus *c, const char *path)
{
    struct stat st;
    DIR *dir = !stat(path, &st) && S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    if (!dir) {
        load_file(c, path);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            load_file(c, name);
    }
    closedir(dir);
}

/* A random input: fresh, or a stored one with some bytes changed. */
static void run_random(struct corpus *c)
{
    uint8_t data[INPUT_BYTES];
    size_t size = 1 + next_random(c) % 512;
    if (c->count && (next_random(c) & 1)) {
        unsigned i = next_random(c) % c->count;
        size = c->item[i].size;
        memcpy(data, c->item[i].data, size);
        for (unsigned k = next_random(c) % 8; k-- > 0 && size;)
            data[next_random(c) % size] = (uint8_t)next_random(c);
    } else {
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)next_random(c);
    }
    LLVMFuzzerTestOneInput(data, size);
}

/* Messages of what is fuzzed go nowhere; a sanitizer, if there is one, keeps its descriptor. */
__attribute__((weak)) void __sanitizer_set_report_fd(void *fd);

static void silence(void)
{
    int reports = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
    if (reports < 0 || nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
        abort();
    close(nowhere);
    if (__sanitizer_set_report_fd)
        __sanitizer_set_report_fd((void *)(intptr_t)reports);
}

static uint64_t seed_of(const char *arg)
{
    struct timespec now;
    if (strcmp(arg, "new") != 0)
        return strtoull(arg, NULL, 10);
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    struct corpus *c = calloc(1, sizeof(*c));
    unsigned long randoms = 0;
    if (!c)
        abort();
    uint64_t seed = 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-r") && i + 1 < argc)
            randoms = strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "-s") && i + 1 < argc)
            seed = seed_of(argv[++i]);
        else
            load(c, argv[i]);
    }
    printf("seed %llu (-s)\n", (unsigned long long)seed);
    fflush(stdout);
    c->random = seed;
    silence();
    LLVMFuzzerTestOneInput(NULL, 0);
    for (unsigned i = 0; i < c->count; i++)
        LLVMFuzzerTestOneInput(c->item[i].data, c->item[i].size);
    for (unsigned long i = 0; i < randoms; i++)
        run_random(c);
    printf("%u stored inputs, %lu random ones\n", c->count, randoms);
    for (unsigned i = 0; i < c->count; i++)
        free(c->item[i].data);
    free(c);
    return 0;
}
