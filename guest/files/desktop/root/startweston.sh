#!/bin/sh
# SPDX-License-Identifier: MIT
# weston on the screen, drawn by pixman; further arguments go to weston.
. /etc/profile
cd /root || exit 1
/usr/lib/riscreen/udev
export XDG_RUNTIME_DIR=/run/weston SEATD_VTBOUND=0 LIBSEAT_BACKEND=seatd
mkdir -p -m 700 $XDG_RUNTIME_DIR
exec seatd-launch -- weston --backend=drm --renderer=pixman --idle-time=0 --continue-without-input "$@"
