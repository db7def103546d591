#!/bin/sh
# SPDX-License-Identifier: MIT
# X on the screen with twm, xterm and glxgears, as ~/.xinitrc says; ends with X.
# A program instead: /root/startx.sh /usr/bin/x11perf -rect500
. /etc/profile
cd /root || exit 1
/usr/lib/riscreen/udev
[ $# -gt 0 ] || set -- /root/.xinitrc
exec xinit "$@" -- /usr/bin/Xorg :0 vt7 -nolisten tcp -noreset
