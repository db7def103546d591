/* SPDX-License-Identifier: MIT */
#include "board/file.h"

#include "host/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib: largest window, gzip header */

bool file_read(struct file *f, const char *path, uint64_t limit, struct error *err)
{
    struct host_bytes bytes;
    *f = (struct file){NULL, 0};
    int error = host_file_read(&bytes, path, limit, true, err);
    if (error == EFBIG)
        error_set(err, "%s: it does not fit into guest memory; raise -m", path);
    else if (error)
        error_set(err, "%s: %s; check the path", path, err->text);
    else if (!bytes.size)
        error_set(err, "%s: the file is empty; give another", path);
    if (error || !bytes.size) {
        host_bytes_free(&bytes);
        return false;
    }
    *f = (struct file){bytes.data, bytes.size};
    return true;
}

void file_free(struct file *f)
{
    free(f->data);
    *f = (struct file){NULL, 0};
}

/* Inflates into *out, growing it; Z_STREAM_END: whole; Z_BUF_ERROR: more than limit. */
static int inflate_all(z_stream *z, struct file *out, uint64_t limit)
{
    int ret = Z_OK;
    while (ret == Z_OK) {
        if (z->total_out == out->size) {
            if (out->size >= limit)
                return Z_BUF_ERROR;
            size_t size = (size_t)MIN(MAX(out->size * 2, (size_t)1 << 20), limit);
            uint8_t *grown = realloc(out->data, size);
            if (!grown)
                return Z_MEM_ERROR;
            *out = (struct file){grown, size};
        }
        z->next_out = out->data + z->total_out;
        z->avail_out = (uInt)MIN(out->size - z->total_out, (size_t)1 << 30);
        ret = inflate(z, Z_NO_FLUSH);
        if (ret == Z_BUF_ERROR)
            return Z_DATA_ERROR; /* it ends early */
    }
    return ret;
}

bool file_gunzip(struct file *f, const char *path, uint64_t limit, struct error *err)
{
    if (f->size < 18 || f->data[0] != 0x1f || f->data[1] != 0x8b)
        return true;
    z_stream z = {.next_in = f->data, .avail_in = (uInt)MIN(f->size, (size_t)UINT32_MAX)};
    struct file out = {NULL, 0};
    int ret = inflateInit2(&z, GZIP_WINDOW);
    if (ret == Z_OK) {
        ret = inflate_all(&z, &out, limit);
        inflateEnd(&z);
    }
    if (ret != Z_STREAM_END) {
        error_set(err, "%s: %s", path,
                  ret == Z_BUF_ERROR   ? "unpacked, it does not fit into guest memory; raise -m"
                  : ret == Z_MEM_ERROR ? ERROR_NO_MEMORY
                                       : "the gzip data is damaged or cut off; fetch it again");
        free(out.data);
        return false;
    }
    out.size = z.total_out;
    file_free(f);
    *f = out;
    return true;
}
