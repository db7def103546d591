# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work, guest_dir, overlay are set by guest/make
# The disks: packages unpacked but never configured, what their set-up scripts would have made, our files, the overlay,
# and mke2fs -d. fakeroot makes every file root's in the image.

# The smallest image of each disk in MiB; it grows with its content.
root_min=64 tools_min=256

# What no guest here reads.
root_excludes=(--exclude=./usr/share/{man,info,locale,lintian,doc-base,bug,menu,bash-completion,zsh}
    --exclude=./usr/share/doc/*/{changelog*,NEWS*,README*,examples,TODO*} --exclude=./var/cache/*
    --exclude=./usr/libexec/gcc)      # the C preprocessor that xrdb would like, 54 MB

# What is left out of the small root besides, so that it fits.
small_excludes=(--exclude=./usr/share/doc --exclude=./usr/lib/riscv64-linux-gnu/gconv/*.so --exclude=./usr/lib/locale
    --exclude=./usr/share/gdb)

# root_fill ROOT PACKAGE-LIST [TAR-OPTION...]
root_fill() {
    local root=$1 list=$2
    shift 2
    mkdir "$root"
    root_skeleton "$root"
    packages_unpack "$list" "$root" "${root_excludes[@]}" "$@"
    modules_unpack all "$root"
    busybox_install "$root"
}

# What the set-up scripts of the packages would have made.
root_configure() {
    local root=$1 base=$1/usr/share/base-passwd group
    # root logs in without a password: nobody but the one who runs the machine gets at its consoles
    sed 's#^root:[^:]*:0:0:root:/root:.*#root::0:0:root:/root:/bin/sh#' "$base/passwd.master" >"$root/etc/passwd"
    [ ! -x "$root/usr/bin/bash" ] || sed -i '1s#/bin/sh$#/bin/bash#' "$root/etc/passwd"
    cp "$base/group.master" "$root/etc/group"
    for group in input:101 render:102 kvm:103 sgx:104 messagebus:105 systemd-journal:106 systemd-network:107 seat:108; do
        grep -q "^${group%:*}:" "$root/etc/group" || echo "${group%:*}:x:${group#*:}:" >>"$root/etc/group"
    done
    printf '%s::/nonexistent:/usr/sbin/nologin\n' messagebus:x:105:105 systemd-network:x:107:107 >>"$root/etc/passwd"
    echo riscreen >"$root/etc/hostname"
    printf '127.0.0.1 localhost riscreen\n::1 localhost\n' >"$root/etc/hosts"
    printf '/dev/vda / ext4 defaults 0 1\n' >"$root/etc/fstab"
    [ -e "$root/etc/nsswitch.conf" ] || printf '%s: files\n' passwd group shadow >"$root/etc/nsswitch.conf"
    [ -e "$root/etc/ld.so.conf" ] || echo 'include /etc/ld.so.conf.d/*.conf' >"$root/etc/ld.so.conf"
    ln -sf /proc/mounts "$root/etc/mtab"
    [ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
    [ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"
}

# X finds bitmap fonts only by fonts.dir, and their short names by fonts.alias.
root_fonts() {
    local dir name
    [ -d "$1/usr/share/fonts/X11" ] || return 0
    need_tool mkfontdir xfonts-utils
    for dir in "$1"/usr/share/fonts/X11/*/; do
        mkfontdir "$dir"
        name=$(basename "$dir")
        cat "$1/etc/X11/fonts/$name"/*.alias >"$dir/fonts.alias" 2>/dev/null || rm -f "$dir/fonts.alias"
    done
}

# root_image ROOT FILE MINIMUM LABEL: the image has a third more room than its content, and at least MINIMUM MiB.
root_image() {
    local root=$1 file=$2 mib inodes log
    need_tool fakeroot fakeroot
    need_tool mke2fs e2fsprogs
    # packages hold files that nobody may read, and mke2fs must
    find "$root" ! -type l ! -perm -u+r -exec chmod u+r {} +
    mib=$(($(du -sm --apparent-size "$root" | cut -f 1) * 5 / 4 + 10))
    [ "$mib" -gt "$3" ] || mib=$3
    inodes=$(($(find "$root" | wc -l) * 3 / 2 + 4096))
    note "writing a $mib MiB image"
    rm -f "$file"
    truncate -s "${mib}M" "$file"
    log=$(fakeroot -- mke2fs -q -F -t ext4 -L "$4" -U 72697363-7265-656e-8000-000000000001 -m 0 -N "$inodes" \
        -E hash_seed=72697363-7265-656e-8000-000000000002,lazy_itable_init=0,root_owner=0:0 -O ^resize_inode \
        -d "$root" "$file" 2>&1) || die "mke2fs failed: ${log##*$'\n'}"
}

# Tells systemd that the root is as new as its packages: making its tables of hardware would take a minute of the first boot.
root_updated() {
    [ -x "$1/usr/lib/systemd/systemd" ] || return 0
    touch "$1/etc/.updated" "$1/var/.updated"
}

# Lays a folder over the root, without its owners.
root_lay() {
    tar -C "$2" -cf - . | tar -C "$1" -x -p --no-same-owner --keep-directory-symlink -f -
}

# root_make PRODUCT PATH MINIMUM "LISTS" "FILES" [TAR-OPTION...]
root_make() {
    local name=$1 path=$2 minimum=$3 list=$work/$1.list root=$work/$1 packages lists=() f
    for f in $4; do lists+=("$guest_dir/lists/$f.txt"); done
    apt_begin
    mapfile -t packages < <(list_words "${lists[@]}")
    packages_resolve "$list" "${packages[@]}"
    packages_fetch "$list"
    root_fill "$root" "$list" "${@:6}"
    root_configure "$root"
    root_fonts "$root"
    for f in $5; do root_lay "$root" "$guest_dir/files/$f"; done
    [ -z "$overlay" ] || root_lay "$root" "$overlay"
    root_updated "$root"
    root_image "$root" "$work/$name.ext4" "$minimum" "riscreen-$name"
    packages_manifest "$list" >"$work/$name.manifest"
    product_finish "$work/$name.ext4" "$path" "$work/$name.manifest"
    chmod -R u+w "$root"
    rm -rf "$root"
}

make_root() { root_make root "$1" $root_min root tiny "${small_excludes[@]}"; }
make_tools() { root_make tools "$1" $tools_min tools 'tiny desktop'; }
make_systemd() { root_make systemd "$1" $tools_min 'tools systemd' 'tiny desktop systemd'; }
