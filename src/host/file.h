/* SPDX-License-Identifier: MIT */
/*
 * The gate for files that the user or a client names, whatever lies there: a FIFO that nobody
 * has open, a device that never ends, a file larger than all memory. Nothing here waits in open,
 * and what is read has a bound.
 *
 * Read are regular files, pipes that somebody writes to (`<(command)`, /dev/stdin) and character
 * devices; written are regular files, pipes that somebody reads, and character devices. A pipe
 * that stands still is given up after a while. Block devices, sockets and folders are refused.
 * Any thread. Errors are errno values; host_file_why has words for those that mean more here.
 */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include "base/error.h"
#include "base/util.h"

#include <stdio.h>

#define HOST_FILE_QUIET_S 10 /* a pipe may deliver no byte for so long */
#define HOST_FILE_STALL_S 2  /* a pipe may take no byte for so long */

struct host_bytes {
    uint8_t *data; /* malloc'd, with a NUL behind the last byte; NULL: none */
    size_t size;
};

/*
 * The whole file, of at most `limit` bytes. 0, or an errno, with the reason in err: EFBIG the file is
 * larger; ENODATA a pipe ended without a byte; ETIMEDOUT a pipe delivered nothing for HOST_FILE_QUIET_S;
 * ENOTSUP what cannot be read as a file. regular: nothing but a regular file will do.
 */
int host_file_read(struct host_bytes *b, const char *path, size_t limit, bool regular,
                   struct error *err);
void host_bytes_free(struct host_bytes *b);
/* Opens a regular file for reading piece by piece, whatever its size; fclose it. NULL with the
 * reason in err. */
FILE *host_file_open(const char *path, struct error *err);

/*
 * Opens a file for writing, and makes it if it is not there. It is neither truncated nor, if it is
 * a pipe or device, waited for: write with host_file_write. A descriptor, or -1 with errno: ENXIO
 * a pipe that nobody reads, or a socket; ENOTSUP what cannot be written as a file.
 */
int host_file_open_write(const char *path);
/* All n bytes; 0, or an errno: ETIMEDOUT no byte was taken for HOST_FILE_STALL_S. */
int host_file_write(int fd, const void *data, size_t n);
/* The stream of a descriptor of host_file_open_write, from its beginning; a regular file is
 * emptied. It owns the descriptor and is written as by host_file_write. NULL with errno: closed. */
FILE *host_file_stream(int fd);
/* host_file_open_write and host_file_stream. */
FILE *host_file_create(const char *path);

/* strerror, in words that fit a file of this gate. */
const char *host_file_why(int error);

#endif
