# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # work, guest_dir are set by guest/make
# The initramfs: busybox, the drivers and a shell /init. /dev/console is in the kernel's own built-in archive.

# busybox_applets BINARY: the names of its applets, read from its table, since the binary cannot run here.
busybox_applets() {
    tr '\0' '\n' <"$1" | LC_ALL=C awk '
        $0 == "[[" { n = 0; on = 1 }
        on { name[n++] = $0 }
        on && $0 == "zcat" { for (i = 0; i < n; i++) print name[i]; on = 0 }
        on && !/^[a-z0-9_[-]+$/ { on = 0 }'
}

# busybox_install ROOT: links for all applets that the root has no program for; init is for the caller to link.
busybox_install() {
    local root=$1 name
    [ -x "$root/usr/bin/busybox" ] || die "busybox-static does not hold usr/bin/busybox; its package has changed"
    busybox_applets "$root/usr/bin/busybox" >"$work/applets"
    [ "$(wc -l <"$work/applets")" -gt 100 ] || die "the applets of busybox cannot be read; its package has changed"
    while read -r name; do
        [ "$name" != init ] || continue
        [ -e "$root/usr/sbin/$name" ] || [ -L "$root/usr/sbin/$name" ] ||
            [ -e "$root/usr/bin/$name" ] || [ -L "$root/usr/bin/$name" ] || ln -s busybox "$root/usr/bin/$name"
    done <"$work/applets"
    # the kernel itself calls this one
    [ -e "$root/usr/sbin/modprobe" ] || ln -s ../bin/busybox "$root/usr/sbin/modprobe"
}

# The merged /usr of Debian: the links that base-files holds, made first.
root_skeleton() {
    local d
    for d in bin sbin lib; do
        mkdir -p "$1/usr/$d"
        ln -s "usr/$d" "$1/$d"
    done
    mkdir -p "$1"/{dev,proc,sys,run,tmp,mnt,etc,root,var/log,var/lib,var/tmp}
}

make_initrd() {
    local path=$1 list=$work/initrd.list tree=$work/initrd
    need_tool cpio cpio
    make_product kernel >/dev/null
    apt_begin
    package_alone "$list" busybox-static
    packages_fetch "$list"
    mkdir "$tree"
    root_skeleton "$tree"
    packages_unpack "$list" "$tree" --exclude=./usr/share
    busybox_install "$tree"
    modules_unpack boot "$tree"
    cp -a "$guest_dir/files/initrd/." "$tree/"
    find "$tree" -exec touch -h -d @0 {} +
    (cd "$tree" && find . | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | gzip -9n >"$work/initrd.gz"
    packages_manifest "$list" >"$work/initrd.manifest"
    product_finish "$work/initrd.gz" "$path" "$work/initrd.manifest"
    rm -rf "$tree"
}
