# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work, guest_dir are set by guest/make
# DirectFB: no Debian release has it for riscv64, and the newest that has it at all is bookworm. So the disk holds
# bookworm's amd64 packages and trixie's riscv64 qemu-user, which runs x86-64 programs in the guest and hands their system
# calls to the guest's kernel: the framebuffer sees DirectFB's own ioctls, mmap and pans.

directfb_release=bookworm directfb_arch=amd64

# directfb_packages LIST TREE [FILE-OR-TAR-OPTION...] -- PACKAGE...: fetches the packages alone and unpacks them.
directfb_packages() {
    local list=$1 tree=$2 options=()
    shift 2
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    apt_begin
    package_alone "$list" "$@"
    packages_fetch "$list"
    packages_unpack "$list" "$tree" "${options[@]}"
}

# directfb_trim ROOT: of the modules what a framebuffer, a keyboard and a mouse need. linux_input goes, too: qemu-user does
# not know evdev's ioctls, and the driver takes what it was not told for the keys and axes of the device.
directfb_trim() {
    local modules
    modules=$(echo "$1"/usr/lib/*/directfb-*/)
    [ -d "$modules/systems" ] || die "the packages of DirectFB hold no modules; they have changed"
    find "$modules"/{gfxdrivers,systems,inputdrivers} -name '*.so' ! -name '*_fbdev.so' ! -name '*_keyboard.so' \
        ! -name '*_ps2mouse.so' -delete
    # these are linked with libraries of their own
    rm -f "$modules"/interfaces/IDirectFBImageProvider/*_jpeg.so "$modules"/interfaces/IDirectFBFont/*_ft2.so
    # the dynamic linker is found below the disk's own root, wherever that is mounted
    ln -sf ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$1/lib64/"
}

make_directfb() {
    local path=$1 list=$work/directfb.list tree=$work/directfb packages
    mapfile -t packages < <(list_words "$guest_dir/lists/directfb.txt")
    mkdir -p "$tree/usr/lib64"
    ln -s usr/lib "$tree/lib"
    ln -s usr/lib64 "$tree/lib64"
    apt_other $directfb_arch $directfb_release directfb_packages "$list" "$tree" "${root_excludes[@]}" \
        --exclude=./usr/share/{doc,lintian} --exclude=./usr/lib/*/gconv --exclude=./lib/*/gconv -- "${packages[@]}"
    directfb_packages "$list.qemu" "$tree" ./usr/bin/qemu-x86_64 -- qemu-user
    cat "$list.qemu" >>"$list"
    directfb_trim "$tree"
    root_lay "$tree" "$guest_dir/files/directfb"
    root_image "$tree" "$work/directfb.ext4" 32 directfb
    packages_manifest "$list" >"$work/directfb.manifest"
    product_finish "$work/directfb.ext4" "$path" "$work/directfb.manifest"
    rm -rf "$tree"
}
