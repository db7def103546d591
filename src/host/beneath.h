/* SPDX-License-Identifier: MIT */
/*
 * Opens files beneath a folder for someone who is not trusted. Wherever the path and the symbolic
 * links in it lead, the file lies beneath the folder: the kernel refuses to leave it (openat2(2),
 * RESOLVE_BENEATH); a kernel without that call follows no links at all. Any thread.
 */
#ifndef HOST_BENEATH_H
#define HOST_BENEATH_H

#include <stdbool.h>

/*
 * Opens a regular file for reading. folder: a directory's descriptor; path: relative to it. FIFOs,
 * devices, sockets and directories are neither opened nor waited for. Returns a descriptor that is
 * the caller's, or -1 with errno.
 */
int host_open_beneath(int folder, const char *path);
/* The same as a kernel without openat2 does it: no symbolic link on the way, nor at its end. */
int host_open_beneath_no_links(int folder, const char *path);

#endif
