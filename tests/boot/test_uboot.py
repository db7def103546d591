#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""U-Boot in S-mode, under the built-in SBI, loads Linux and its initrd from a virtio disk and starts it with the device tree
that it was given, which it edits where it lies."""
import os
import shutil
import tempfile

from guest import Machine, disk_of, guest, skip

UBOOT = "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf"


def main():
    if not os.path.exists(UBOOT):
        skip(f"no {UBOOT}; it is in Debian's package u-boot-qemu")
    with tempfile.TemporaryDirectory(prefix="riscreen-test-") as folder:
        tree = os.path.join(folder, "tree")
        os.mkdir(tree)
        shutil.copyfile(guest("kernel"), os.path.join(tree, "Image"))
        shutil.copyfile(guest("initrd"), os.path.join(tree, "initrd"))
        disk = disk_of(tree, os.path.join(folder, "disk.ext4"), 96, "boot")
        with Machine(kernel=UBOOT, initrd=None, disk=disk) as m:
            m.wait("Hit any key")
            m.send("\n")
            m.wait("=> ")
            for command in ("setenv bootargs console=ttyS0 handed=on", "load virtio 0 $kernel_addr_r Image",
                            "load virtio 0 $ramdisk_addr_r initrd"):
                m.send(command + "\n")
                m.wait("(?m)^=> ")
            m.send("booti $kernel_addr_r $ramdisk_addr_r:$filesize $fdtcontroladdr\n")
            m.wait("Linux version")
            m.wait("Kernel command line: .*handed=on")
            m.wait("Run /init as init process")
            m.terminate()
            m.end()


if __name__ == "__main__":
    main()
