# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work, guest_dir are set by guest/make
# The 32-bit kernel: Debian has none, so it is built from Debian's own source of Linux with Debian's cross compiler.
# lists/kernel32.config says what is in it; nothing is a module.

kernel32_gcc=riscv64-linux-gnu-

# What the 32-bit kernel is never built from; to write it all out would take longer than to unpack it.
kernel32_excludes=('*/arch/[!r]*/*.[chS]' '*/arch/*.dts*' '*/Documentation/*.rst' '*/Documentation/*.yaml' '*/drivers/gpu/drm/amd/*.[ch]'
    '*/drivers/net/*/*.[ch]' '*/drivers/media/*.[ch]' '*/sound/*/*.[ch]' '*/tools/testing/*' '*/tools/perf/*')

# build_progress STEPS NAME: shows how far a build is that prints a line for each of about STEPS steps; keeps its log.
build_progress() {
    local n=0 line
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$work/$2.log"
        n=$((n + 1))
        progress $((n < $1 ? n * 100 / $1 : 99)) "building $2:${line//  / }"
    done
    progress_end
}

# build_failed NAME: ends with the compiler's first complaint; the whole log stays in the cache.
build_failed() {
    cp "$work/$1.log" "$cache/$1.log"
    die "$1 does not build: $(grep -m 1 -E 'error:|\*\*\*' "$cache/$1.log"); all that was said is in $cache/$1.log"
}

# kernel32_configure SOURCE OBJECTS: every line of the list must have come true, or the kernel would lack something.
kernel32_configure() {
    local list=$guest_dir/lists/kernel32.config line
    make -s -C "$1" O="$2" ARCH=riscv CROSS_COMPILE=$kernel32_gcc KCONFIG_ALLCONFIG="$list" allnoconfig \
        >"$work/kernel32.log" 2>&1 || die "could not configure the 32-bit kernel: $(tail -n 1 "$work/kernel32.log")"
    while IFS= read -r line; do
        grep -qxF "$line" "$2/.config" || die "this source of Linux has no ${line%%=*}; lists/kernel32.config wants $line"
    done < <(grep '^CONFIG_' "$list")
}

make_kernel32() {
    local path=$1 list=$work/kernel32.list tree=$work/kernel32 package f excludes=()
    for f in make:make bc:bc bison:bison flex:flex gcc:gcc ${kernel32_gcc}gcc:gcc-riscv64-linux-gnu xz:xz-utils; do
        need_tool "${f%:*}" "${f#*:}"
    done
    apt_begin
    package=$(private_apt apt-cache search --names-only '^linux-source-[0-9.]+$' | sort -V | sed -n '$s/ .*//p')
    [ -n "$package" ] || die "linux-source is not in the package lists; the cure may be --refresh"
    package_alone "$list" "$package"
    packages_fetch "$list"
    mkdir -p "$tree/source" "$tree/objects"
    packages_unpack "$list" "$tree" --exclude=./usr/share
    for f in "${kernel32_excludes[@]}"; do excludes+=(--exclude="$f"); done
    note "unpacking the source"
    xz -T0 -dc "$tree/usr/src/$package.tar.xz" | tar -x -C "$tree/source" --strip-components=1 "${excludes[@]}" -f - ||
        die "could not unpack $package; is the disk with $tree full?"
    rm -r "${tree:?}/usr"
    kernel32_configure "$tree/source" "$tree/objects"
    note "building; it takes some minutes"
    KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=guest KBUILD_BUILD_HOST=riscreen \
        nice make -C "$tree/objects" -j"$(nproc)" ARCH=riscv CROSS_COMPILE=$kernel32_gcc Image 2>&1 | build_progress 1250 kernel32 ||
        build_failed kernel32
    packages_manifest "$list" >"$work/kernel32.manifest"
    product_finish "$tree/objects/arch/riscv/boot/Image" "$path" "$work/kernel32.manifest"
    rm -rf "$tree"
}
