# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work is set by guest/make
# OpenSBI as Debian ships it: firmware for riscreen's --bios.

opensbi_unpack() {
    local list=$work/opensbi.list
    [ ! -d "$work/opensbi" ] || return 0
    apt_begin
    package_alone "$list" opensbi
    packages_fetch "$list"
    mkdir "$work/opensbi"
    packages_unpack "$list" "$work/opensbi"
    packages_manifest "$list" >"$work/opensbi.manifest"
}

# opensbi_file NAME PATH: takes the generic platform's file called NAME out of the package.
opensbi_file() {
    local found
    opensbi_unpack
    found=$(find "$work/opensbi" -path "*/generic/$1" | head -n 1)
    [ -n "$found" ] || die "the opensbi package holds no generic/$1; its package has changed"
    cp "$found" "$work/file"
    cp "$work/opensbi.manifest" "$work/file.manifest"
    product_finish "$work/file" "$2" "$work/file.manifest"
}

make_opensbi_jump() { opensbi_file fw_jump.elf "$1"; }
make_opensbi_dynamic() { opensbi_file fw_dynamic.bin "$1"; }
