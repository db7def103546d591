# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154  # cache, mirror, suite, ... are set by guest/make
# Packages: a private apt that knows only the riscv64 archive, so the host's apt is neither used up nor changed.
# apt checks the archive's signature with Debian's own keys; each package is checked by the SHA256 of the signed lists.
# apt_other does the same with another architecture and release, in a state of its own beside the first.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The Debian mirror of the host's own apt configuration.
apt_host_mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "main" && $3 !~ /-security\/?$/ { rank = ($1 == "Debian") ? 0 : ($3 ~ /\/debian\/?$/) ? 1 : 9
             if (rank < 9) print rank, $3 }' | sort -s -k 1,1n | sed -n '1s/^. //p'
}

# Writes the private configuration. $1 is the release as the mirror's folder is called. The list of sources is read
# only for subjects that need it (apt_sources=1).
apt_sources=0 apt_arch=riscv64 apt_state=apt
apt_configure() {
    local dir=$cache/$apt_state
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    : >"$dir/status"
    echo "deb [arch=$apt_arch signed-by=$keyring] $mirror $1 main" >"$dir/sources.list"
    [ $apt_sources = 0 ] || echo "deb-src [signed-by=$keyring] $mirror $1 main" >>"$dir/sources.list"
    cat >"$dir/apt.conf" <<END
#clear APT::Update;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
APT::Architecture "$apt_arch";
APT::Architectures { "$apt_arch"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$dir";
Dir::State::lists "$dir/lists";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null/";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null/";
END
}

private_apt() {
    local command=$1
    shift
    "$command" -c "$cache/$apt_state/apt.conf" "$@"
}

# Reads the package lists. A mirror in the middle of a sync is tried under the release's other names, too: they are
# signed by the same keys, and the code name inside is checked.
apt_update() {
    local name inrelease
    for name in "$suite" stable oldstable; do
        rm -rf "${cache:?}/$apt_state/lists"
        apt_configure "$name"
        if private_apt apt-get -qq update >"$work/apt.log" 2>&1 && ! grep -q '^[WE]:' "$work/apt.log"; then
            inrelease=$(echo "$cache/$apt_state"/lists/*InRelease)
            grep -q "^Codename: $suite\$" "$inrelease" || continue
            note "package lists: Debian $(sed -n 's/^Version: //p' "$inrelease") ($suite) of $(sed -n 's/^Date: //p' "$inrelease")"
            return 0
        fi
        [ "$name" != "$suite" ] || mv "$work/apt.log" "$work/apt.first"
    done
    die "the mirror gave no valid lists for $suite ($({ grep '^E:' "$work/apt.first" || grep '^W:' "$work/apt.first"; } |
        sed -n '1s/^.: //p' | cut -c 1-200)); try again later or give another with --mirror URI"
}

# Sets apt up once a run.
apt_ready=0
apt_begin() {
    [ $apt_ready = 0 ] || return 0
    need_tool apt-get apt
    need_tool dpkg-deb dpkg
    need_tool gpgv gpgv
    [ -f $keyring ] || die "$keyring is missing; the cure: apt install debian-archive-keyring"
    [ -n "$mirror" ] || mirror=$(apt_host_mirror)
    [ -n "$mirror" ] || die "apt's configuration names no Debian mirror; give one with --mirror URI or RISCREEN_MIRROR"
    if [ "$refresh" = 1 ] || ! grep -qs "[]] $mirror " "$cache/$apt_state/sources.list" ||
        { [ $apt_sources = 1 ] && ! grep -qs '^deb-src ' "$cache/$apt_state/sources.list"; } ||
        ! grep -qs "^Codename: $suite\$" "$cache/$apt_state"/lists/*InRelease; then
        note "reading package lists"
        apt_update
    fi
    apt_ready=1
}

# apt_other ARCHITECTURE RELEASE COMMAND...: runs COMMAND while apt looks at another architecture of another release.
apt_other() {
    local apt_arch=$1 suite=$2 apt_state=apt-$2-$1 apt_sources=0 apt_ready=0
    shift 2
    "$@"
}

# packages_resolve LIST PACKAGE...: writes LIST, a line "URI FILE SIZE SHA256" for each package and all it depends on.
packages_resolve() {
    local list=$1
    shift
    private_apt apt-get -qq -y --print-uris install "$@" >"$work/uris" 2>"$work/apt.log" ||
        die "apt finds no way to install: $(sed -n 's/^E: //p' "$work/apt.log" | tail -n 1); the cure may be --refresh"
    uris_to_list "$list"
}

# package_alone LIST PACKAGE...: the same for these packages without what they depend on.
package_alone() {
    local list=$1
    shift
    (cd "$work" && private_apt apt-get -qq --print-uris download "$@") >"$work/uris" 2>"$work/apt.log" ||
        die "apt has no package $*: $(sed -n 's/^E: //p' "$work/apt.log" | tail -n 1); the cure may be --refresh"
    uris_to_list "$list"
}

# source_unpack LIST PACKAGE TREE: downloads a source package, patched as Debian builds it, into TREE; adds to LIST.
source_unpack() {
    local list=$work/$2.source dir=$work/$2.files
    need_tool dpkg-source dpkg-dev
    private_apt apt-get -qq --print-uris --download-only source "$2" >"$work/uris" 2>"$work/apt.log" ||
        die "apt has no source of $2; the cure may be --refresh"
    uris_to_list "$list"
    packages_fetch "$list"
    mkdir "$dir"
    cut -d ' ' -f 2 "$list" | while read -r file; do ln -s "$cache/debs/$file" "$dir/"; done
    # the signed list of sources vouches for the files already
    dpkg-source --no-check -x "$dir"/*.dsc "$3" >"$work/dpkg-source.log" 2>&1 ||
        die "could not unpack the source of $2: $(tail -n 1 "$work/dpkg-source.log")"
    cat "$list" >>"$1"
}

uris_to_list() {
    sed -n "s/^'\([^']*\)' \([^ ]*\) \([0-9]*\) SHA256:\([0-9a-f]*\)$/\1 \2 \3 \4/p" "$work/uris" | sort -k 2 >"$1"
    [ -s "$1" ] || die "apt named no package with a SHA256; the cure may be --refresh"
}

# A download that is whole gets its real name; so a file in debs/ without .part is always right.
deb_accept() {
    local file=$cache/debs/$1
    [ -f "$file.part" ] || return 1
    if [ "$(stat -c %s "$file.part")" = "$2" ]; then
        if [ "$(sha256sum <"$file.part")" = "$3  -" ]; then
            mv "$file.part" "$file"
            return 0
        fi
        rm -f "$file.part"
    fi
    return 1
}

# packages_fetch LIST: downloads what is missing, with apt's own downloader; resumes what was broken off.
packages_fetch() {
    local uri file size sum todo=() bytes=0 line percent text helper=/usr/lib/apt/apt-helper
    while read -r uri file size sum; do
        [ -f "$cache/debs/$file" ] || deb_accept "$file" "$size" "$sum" && continue
        todo+=("$uri" "$cache/debs/$file.part" "SHA256:$sum")
        bytes=$((bytes + size))
    done <"$1"
    if [ ${#todo[@]} -gt 0 ]; then
        note "downloading $((${#todo[@]} / 3)) packages, $((bytes / 1000000)) MB"
        private_apt "$helper" -o APT::Status-Fd=7 download-file "${todo[@]}" 7>&1 >"$work/apt.log" 2>&1 |
            while IFS=: read -r line _ percent text; do
                [ "$line" != dlstatus ] || progress "${percent%%.*}" "$text"
            done || true
        progress_end
        while read -r uri file size sum; do
            [ -f "$cache/debs/$file" ] || deb_accept "$file" "$size" "$sum" ||
                die "could not download $file; run the same command to resume, with --refresh when the mirror has changed"
        done <"$1"
    fi
}

# packages_unpack LIST ROOT [TAR-OPTION...]: unpacks the packages, all owned by whoever runs this.
packages_unpack() {
    local list=$1 root=$2 file n=0 total
    shift 2
    total=$(wc -l <"$list")
    while read -r _ file _ _; do
        n=$((n + 1))
        progress $((n * 100 / total)) "unpacking ${file%%_*}"
        # --fsys-tarfile complains when tar stops early; tar's own status counts
        dpkg-deb --fsys-tarfile "$cache/debs/$file" | tar -x -p --no-same-owner --keep-directory-symlink -C "$root" "$@" -f - ||
            die "could not unpack $file; is the disk with $root full?"
    done <"$list"
    progress_end
}

# packages_manifest LIST: what a product was made from, a line "SHA256  FILE" for each package.
packages_manifest() {
    awk '{ print $4 "  " $2 }' "$1"
}
