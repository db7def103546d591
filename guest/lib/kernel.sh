# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work, guest_dir are set by guest/make
# The kernel as Debian ships it, and beside it a tar of the modules that the lists name: initrd and roots must match it.

# modules_copy FROM VERSION TO NAME...: copies modules and all they need, unpacked and stripped.
modules_copy() {
    local from=$1 version=$2 to=$3 name file rel
    shift 3
    for name in "$@"; do
        modprobe -d "$from" -S "$version" --show-depends "$name" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
    done | awk '!seen[$0]++' | while IFS= read -r file; do
        rel=${file#"$from"}
        mkdir -p "$to/${rel%/*}"
        case $file in
            *.xz) xz -dc "$file" >"$to/${rel%.xz}" ;;
            *.zst) zstd -qdc "$file" >"$to/${rel%.zst}" ;;
            *) cp "$file" "$to/$rel" ;;
        esac
        rel=${rel%.xz}
        perl "$guest_dir/lib/strip-ko.pl" "$to/${rel%.zst}"
    done
}

make_kernel() {
    local path=$1 list=$work/kernel.list tree=$work/kernel modules=$work/modules package version boot extra
    need_tool depmod kmod
    need_tool xz xz-utils
    need_tool perl perl-base
    apt_begin
    package=$(private_apt apt-cache depends linux-image-riscv64 | sed -n 's/^ *Depends: //p' | head -n 1)
    [ -n "$package" ] || die "linux-image-riscv64 is not in the package lists; the cure may be --refresh"
    package_alone "$list" "$package"
    packages_fetch "$list"
    mkdir -p "$tree" "$modules/usr"
    packages_unpack "$list" "$tree"
    version=$(cd "$tree/usr/lib/modules" && echo *)
    ln -s usr/lib "$tree/lib"
    depmod -b "$tree" "$version"
    mapfile -t boot < <(list_words "$guest_dir/lists/modules-boot.txt")
    mapfile -t extra < <(list_words "$guest_dir/lists/modules-extra.txt")
    mkdir "$modules/boot" "$modules/all"
    modules_copy "$tree" "$version" "$modules/boot" "${boot[@]}"
    modules_copy "$tree" "$version" "$modules/all" "${boot[@]}" "${extra[@]}"
    rmdir "$modules/usr"
    for boot in boot all; do
        mkdir -p "$modules/$boot/usr"
        mv "$modules/$boot/lib" "$modules/$boot/usr/lib"
        ln -s usr/lib "$modules/$boot/lib"
        cp "$tree/usr/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$modules/$boot/usr/lib/modules/$version/"
        depmod -b "$modules/$boot" "$version" 2>/dev/null
        rm "$modules/$boot/lib"
    done
    tar -C "$modules" --owner=0 --group=0 -cf "$work/modules.tar" boot all
    mv -f "$work/modules.tar" "$path.modules.tar"
    packages_manifest "$list" >"$work/kernel.manifest"
    mv "$tree/boot/vmlinux-$version" "$work/vmlinux"
    product_finish "$work/vmlinux" "$path" "$work/kernel.manifest"
    rm -rf "$tree" "$modules"
}

# modules_unpack boot|all ROOT: puts the kernel's modules into a tree.
modules_unpack() {
    local tar
    tar=$cache/images/kernel-$(product_hash kernel).modules.tar
    if [ ! -f "$tar" ]; then
        note "the modules come with Debian's kernel, so that is made first"
        make_kernel "${tar%.modules.tar}"
    fi
    tar -C "$2" -xf "$tar" --no-same-owner --keep-directory-symlink --strip-components=1 "$1"
}
