/* SPDX-License-Identifier: MIT */
/* What a program of riscreen does before anything else. */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

/*
 * First thing in main. Descriptors 0, 1 and 2 that are closed are opened on /dev/null: the next
 * file to be opened, perhaps a disk, would become standard output. No program executed later
 * gains privileges (prctl(2), PR_SET_NO_NEW_PRIVS). Ends the process if it has no descriptors.
 */
void host_process_begin(void);

#endif
