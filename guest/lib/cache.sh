# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # cache, guest_dir, overlay, ... are set by guest/make
# The cache: finished files named by the hash of their inputs, made in a scratch folder and moved in whole.
#
#   $cache/images/NAME-HASH.SUFFIX       a product, read-only; beside it .sha256 and .manifest (package versions)
#   $cache/debs/                         packages, checked by SHA256; *.part are downloads to resume
#   $cache/apt/, $cache/apt-*/           apt's private state, nothing of the host's
#   $cache/work.PID/                     scratch, removed at exit

# One run at a time changes the cache.
cache_lock() {
    need_tool flock util-linux
    mkdir -p "$cache/images" "$cache/debs" || die "cannot write to $cache; give another place with --cache DIR"
    exec 8>"$cache/lock"
    flock -n 8 || { note "waiting for another guest/make"; flock 8; }
    work=$cache/work.$$
    rm -rf "$cache"/work.*
    mkdir "$work"
    trap 'progress_end; rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
}

# What each product is made from, one file or folder of guest/ a line.
product_inputs() {
    case $1 in
        kernel) echo lib/kernel.sh lib/strip-ko.pl lists/modules-boot.txt lists/modules-extra.txt ;;
        initrd) echo lib/initrd.sh files/initrd lists/modules-boot.txt ;;
        root) echo lib/root.sh lists/root.txt files/tiny ;;
        tools) echo lib/root.sh lists/tools.txt files/tiny files/desktop ;;
        systemd) echo lib/root.sh lists/tools.txt lists/systemd.txt files/tiny files/desktop files/systemd ;;
        installer-*) echo lib/installer.sh ;;
        opensbi-*) echo lib/opensbi.sh ;;
        kernel32) echo lib/kernel32.sh lists/kernel32.config ;;
        initrd32) echo lib/user32.sh lists/busybox32.txt files/initrd32 ;;
        musl32) echo lib/user32.sh files/musl32 ;;
        directfb) echo lib/directfb.sh lists/directfb.txt files/directfb ;;
    esac
}

product_suffix() {
    case $1 in
        initrd) echo .cpio.gz ;;
        root | tools | systemd | directfb) echo .ext4 ;;
        installer-initrd) echo .gz ;;
        opensbi-jump) echo .elf ;;
        opensbi-dynamic) echo .bin ;;
        initrd32) echo .cpio.gz ;;
        musl32) echo .tar ;;
    esac
}

# Prints the content, the executable bit and the name of each file, so that a change of any of them changes the hash.
hash_files() {
    local f
    cd "$guest_dir" || return 1
    # shellcheck disable=SC2046
    find $(product_inputs "$1") -type f -o -type l | sort | while IFS= read -r f; do
        if [ -L "$f" ]; then echo "link $(readlink "$f") $f"
        elif [ -x "$f" ]; then echo "exe $(sha256sum <"$f") $f"
        else echo "file $(sha256sum <"$f") $f"; fi
    done
}

# product_hash NAME: 12 hex digits over the recipe, the lists, the files, the release, and the overlay.
product_hash() {
    {
        echo "riscreen guest $1 $suite"
        hash_files "$1"
        case $1 in
            initrd | root | tools | systemd) product_hash kernel ;;
            initrd32) product_hash musl32 ;;
        esac
        case $1 in
            root | tools | systemd)
                [ -z "$overlay" ] || tar -C "$overlay" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | sha256sum
                ;;
        esac
    } | sha256sum | cut -c 1-12
}

# The user's own file for a product, or nothing.
product_own() {
    local name=RISCREEN_${1^^}
    name=${name//-/_}
    printf '%s' "${!name:-}"
}

# product_path NAME: where the product is, or will be.
product_path() {
    local own
    own=$(product_own "$1")
    if [ -n "$own" ]; then
        [ -f "$own" ] || die "the ready-made $1, $own, is no file; correct RISCREEN_$(tr a-z- A-Z_ <<<"$1") or unset it"
        realpath -- "$own"
    else
        echo "$cache/images/$1-$(product_hash "$1")$(product_suffix "$1")"
    fi
}

# A cached product is whole when it has the size that its checksum file was written for.
product_ready() {
    [ -f "$1" ] && [ -f "$1.sha256" ] && [ "$(stat -c %s "$1")" = "$(sed -n 's/^# size //p' "$1.sha256")" ]
}

# product_finish FILE PATH [MANIFEST]: checksums FILE and moves it to its place in the cache.
product_finish() {
    local base=${2##*/}
    [ -z "${3:-}" ] || mv -f "$3" "$2.manifest"
    chmod 444 "$1"
    { echo "$(sha256sum <"$1" | cut -d ' ' -f 1)  $base"; echo "# size $(stat -c %s "$1")"; } >"$1.sha256"
    mv -f "$1" "$2"
    mv -f "$1.sha256" "$2.sha256"
}

# Takes a product from the folder --from, when it is there and its checksum is right.
product_take() {
    local base=${1##*/}
    [ -n "$from" ] && [ -f "$from/$base" ] || return 1
    [ -f "$from/$base.sha256" ] || { note "$from/$base has no .sha256; not used"; return 1; }
    (cd "$from" && sha256sum --quiet -c "$base.sha256" >/dev/null 2>&1) || { note "$from/$base differs from its .sha256; not used"; return 1; }
    cp --sparse=always --reflink=auto "$from/$base" "$work/$base"
    [ ! -f "$from/$base.manifest" ] || cp "$from/$base.manifest" "$work/$base.manifest"
    if [ "${base%%-*}" = kernel ]; then
        [ -f "$from/$base.modules.tar" ] && cp "$from/$base.modules.tar" "$1.modules.tar"
    fi
    if [ -f "$work/$base.manifest" ]; then product_finish "$work/$base" "$1" "$work/$base.manifest"
    else product_finish "$work/$base" "$1"; fi
}

# make_product NAME: makes it unless it is there; prints its path.
declare -A made=()
make_product() {
    local path start=$SECONDS again=$((refresh || force))
    path=$(product_path "$1")
    if [ -z "$(product_own "$1")" ] && [ -z "${made[$1]:-}" ]; then
        if [ $again = 1 ] || { ! product_ready "$path" && ! product_take "$path"; }; then
            note "making $1"
            "make_${1//-/_}" "$path"
            note "$1 took $((SECONDS - start)) s: $(($(stat -c %s "$path") / 1000000)) MB, $(($(stat -c %b "$path") / 1954)) MB on disk"
        fi
    fi
    made[$1]=1
    echo "$path"
}

cache_verify() {
    local f bad=0
    cd "$cache/images" 2>/dev/null || die "nothing is cached yet; make it with guest/make all"
    for f in *.sha256; do
        if sha256sum --quiet -c "$f" >/dev/null 2>&1; then echo "${f%.sha256}: right"
        else echo "${f%.sha256}: wrong; the cure: guest/make --force"; bad=1; fi
    done
    return $bad
}

cache_clean() {
    local keep=() f
    for f in $products; do keep+=("$(product_path "$f")"); done
    for f in "$cache"/images/*; do
        [[ " ${keep[*]} " == *" ${f%.sha256} "* || " ${keep[*]} " == *" ${f%.manifest} "* || " ${keep[*]} " == *" ${f%.modules.tar} "* ]] || rm -f "$f"
    done
    rm -rf "$cache/debs" "$cache/apt" "$cache"/apt-*
}
