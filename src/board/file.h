/* SPDX-License-Identifier: MIT */
/* Whole files in memory: images that a machine loads. */
#ifndef BOARD_FILE_H
#define BOARD_FILE_H

#include "base/error.h"
#include "base/util.h"

struct file {
    uint8_t *data; /* malloc'd */
    size_t size;
};

/* Reads a regular file of at most `limit` bytes. False with one line in err. */
bool file_read(struct file *f, const char *path, uint64_t limit, struct error *err);
/* Replaces the contents, if they are gzip's, by what they hold, at most `limit` bytes. */
bool file_gunzip(struct file *f, const char *path, uint64_t limit, struct error *err);
void file_free(struct file *f);

#endif
