# SPDX-License-Identifier: MIT
"""How far Debian boots, and the commands for it: what bench/boot and bench/profile share.

A stage ends with a line on the serial console. A disk is a private copy, which the machine may write.
"""
import collections
import os
import subprocess

import harness

# init starts X; a client of the X server looks for glxgears' window
DESKTOP = ('riscreen.desktop=x riscreen.run="until xwininfo -display :0 -name glxgears; do sleep 0.5; done '
           '>/dev/null 2>&1; echo desktop \'is\' up; sleep 600"')

Stage = collections.namedtuple('Stage', 'what disk memory append line')
STAGES = {
    'init': Stage("to its init's first line", None, '512M', '', 'riscreen: init'),
    # an emulator that shares its processors needs longer than 90 s until udev has found the console
    'login': Stage('with systemd, to its login', 'systemd', '1G', 'systemd.default_device_timeout_sec=900',
                   'riscreen login: root (automatic login)'),
    'desktop': Stage('to glxgears on the X desktop', 'tools', '1G', DESKTOP, 'desktop is up'),
}


def copy_disk(stage, folder):
    """The path of a copy of the stage's disk in folder; None: it has none."""
    subject = STAGES[stage].disk
    if not subject:
        return None
    path = harness.guest_path(subject)
    if not path or not os.path.exists(path):
        raise SystemExit(f'no {path}: make it with guest/make {subject}')
    copy = os.path.join(folder, 'disk.ext4')
    subprocess.run(['cp', '--sparse=always', '--reflink=auto', path, copy], check=True)
    os.chmod(copy, 0o600)
    return copy


def riscreen_command(riscreen, args, stage, harts, disk):
    s = STAGES[stage]
    return [*riscreen, '-H', '-m', s.memory, '-c', str(harts), '-k', args.kernel, '-i', args.initrd,
            *(['-d', disk] if disk else []), '-a', f'console=ttyS0 {s.append}']


def qemu_command(args, stage, harts, disk):
    """With a GPU, a keyboard and a tablet, as riscreen has them: the same drivers load."""
    s = STAGES[stage]
    drive = ['-drive', f'file={disk},format=raw,if=none,id=disk', '-device', 'virtio-blk-device,drive=disk']
    return [args.qemu or 'qemu-system-riscv64', '-M', 'virt', '-m', s.memory, '-smp', str(harts),
            '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-bios', 'default',
            '-global', 'virtio-mmio.force-legacy=false', '-kernel', args.kernel,
            '-initrd', args.initrd, '-append', f'console=ttyS0 {s.append}', '-device', 'virtio-gpu-device',
            '-device', 'virtio-keyboard-device', '-device', 'virtio-tablet-device',
            '-device', 'virtio-rng-device', *(drive if disk else [])]
