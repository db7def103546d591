# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work is set by guest/make
# Debian's network installer: a kernel and an initrd that need no disk of ours.

installer_unpack() {
    local list=$work/installer.list version=13
    [ ! -d "$work/installer" ] || return 0
    apt_begin
    package_alone "$list" "debian-installer-$version-netboot-riscv64"
    packages_fetch "$list"
    mkdir "$work/installer"
    packages_unpack "$list" "$work/installer"
    packages_manifest "$list" >"$work/installer.manifest"
}

# installer_file NAME PATH: moves the file called NAME out of the package.
installer_file() {
    local found
    installer_unpack
    found=$(find "$work/installer" -type f -name "$1" -size +1M | sort | head -n 1)
    [ -n "$found" ] || die "the installer package holds no file $1; its package has changed"
    mv "$found" "$work/file"
    cp "$work/installer.manifest" "$work/file.manifest"
    product_finish "$work/file" "$2" "$work/file.manifest"
}

make_installer_kernel() { installer_file linux "$1"; }
make_installer_initrd() { installer_file initrd.gz "$1"; }
