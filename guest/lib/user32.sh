# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # work, guest_dir are set by guest/make
# The 32-bit userland: Debian has none for RISC-V, so musl and busybox are built from Debian's sources. The compiler is
# Debian's 64-bit one, which makes 32-bit code as well; libgcc comes from the compiler for bare metal, which has it in
# 32 bits.

user32_tools() {
    local f
    for f in make:make gcc:gcc riscv64-linux-gnu-gcc:gcc-riscv64-linux-gnu riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf; do
        need_tool "${f%:*}" "${f#*:}"
    done
    [ -d "$user32_headers/linux" ] ||
        die "the kernel's headers are not in $user32_headers; the cure: apt install linux-libc-dev-riscv64-cross"
    # a run may have begun without the list of sources
    [ "$apt_sources" = 1 ] || { apt_sources=1 apt_ready=0; }
    apt_begin
}
user32_headers=/usr/riscv64-linux-gnu/include

# user32_build NAME STEPS DIR MAKE-ARGUMENT...
user32_build() {
    local name=$1 steps=$2 dir=$3
    shift 3
    nice make -C "$dir" -j"$(nproc)" "$@" 2>&1 | build_progress "$steps" "$name" ||
        build_failed "$name"
}

# A folder with musl, the kernel's headers, libgcc, and bin/rv32-gcc which compiles and links with them.
make_musl32() {
    local path=$1 list=$work/musl32.list tree=$work/musl32 sys=$work/musl32/sys f
    user32_tools
    mkdir -p "$tree/objects" "$sys"
    source_unpack "$list" musl "$tree/source"
    (cd "$tree/objects" && CC="riscv64-linux-gnu-gcc -march=rv32ima -mabi=ilp32" CFLAGS=-Os AR=riscv64-linux-gnu-ar \
        RANLIB=riscv64-linux-gnu-ranlib LIBCC='' ../source/configure --target=riscv32-linux-musl --prefix=/ \
        --disable-shared --disable-wrapper) >"$work/musl.log" 2>&1 ||
        die "musl cannot be configured: $(tail -n 1 "$work/musl.log")"
    user32_build musl 1650 "$tree/objects"
    make -s -C "$tree/objects" DESTDIR="$sys" install >>"$work/musl.log" 2>&1
    for f in linux asm asm-generic drm mtd; do cp -rL "$user32_headers/$f" "$sys/include/"; done
    cp "$(riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32 -print-libgcc-file-name)" "$sys/lib/"
    cp -a "$guest_dir/files/musl32/." "$sys/"
    tar -C "$sys" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/musl32.tar" .
    packages_manifest "$list" >"$work/musl32.manifest"
    product_finish "$work/musl32.tar" "$path" "$work/musl32.manifest"
    rm -rf "$tree"
}

# busybox32_configure SOURCE OBJECTS: nothing but the list, and the defaults of what that brings along.
busybox32_configure() {
    local config=$2/.config word words
    mapfile -t words < <(list_words "$guest_dir/lists/busybox32.txt")
    make -s -C "$1" O="$2" allnoconfig >"$work/busybox.log" 2>&1
    for word in "${words[@]}"; do sed -i "/^# CONFIG_$word is/d; /^CONFIG_$word=/d" "$config"; done
    printf 'CONFIG_%s=y\n' "${words[@]}" >>"$config"
    # `yes` ends by a broken pipe
    (set +o pipefail; yes '' | make -s -C "$2" oldconfig) >>"$work/busybox.log" 2>&1
    for word in "${words[@]}"; do
        grep -qx "CONFIG_$word=y" "$config" || die "this source of busybox has no $word; lists/busybox32.txt wants it"
    done
}

make_initrd32() {
    local path=$1 list=$work/initrd32.list tree=$work/initrd32 musl name
    need_tool cpio cpio
    musl=$(make_product musl32)
    user32_tools
    mkdir -p "$tree/objects" "$tree/sys" "$tree/root"
    tar -C "$tree/sys" -xf "$musl"
    source_unpack "$list" busybox "$tree/source"
    busybox32_configure "$tree/source" "$tree/objects"
    user32_build busybox 300 "$tree/objects" CC="$tree/sys/bin/rv32-gcc" AR=riscv64-linux-gnu-ar HOSTCC=gcc SKIP_STRIP=y \
        busybox busybox.links
    root_skeleton "$tree/root"
    riscv64-linux-gnu-strip -o "$tree/root/usr/bin/busybox" "$tree/objects/busybox"
    list_words "$tree/objects/busybox.links" | while read -r name; do ln -sf busybox "$tree/root/usr/bin/${name##*/}"; done
    cp -a "$guest_dir/files/initrd32/." "$tree/root/"
    find "$tree/root" -exec touch -h -d @0 {} +
    (cd "$tree/root" && find . | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | gzip -9n >"$work/initrd32.gz"
    packages_manifest "$list" >"$work/initrd32.manifest"
    product_finish "$work/initrd32.gz" "$path" "$work/initrd32.manifest"
    rm -rf "$tree"
}
