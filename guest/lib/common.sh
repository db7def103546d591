# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Messages, progress bars and checks that every part uses.

die() {
    printf 'guest/make: %s\n' "$*" >&2
    exit 3
}

note() {
    [ "${quiet:-0}" = 1 ] || printf 'guest/make: %s\n' "$*" >&2
}

# need_tool COMMAND PACKAGE: the host must have COMMAND.
need_tool() {
    command -v "$1" >/dev/null || die "$1 is missing; the cure: apt install $2"
}

# progress PERCENT TEXT: redraws one line on a terminal; says nothing elsewhere.
progress() {
    local percent=$1 bar full=30 filled
    [ "${quiet:-0}" = 0 ] && [ -t 2 ] || return 0
    filled=$((percent * full / 100))
    printf -v bar '%*s' "$filled" ''
    printf '\r[%-*s] %3d%% %-42.42s' "$full" "${bar// /#}" "$percent" "$2" >&2
}

# progress_end: leaves the progress line.
progress_end() {
    [ "${quiet:-0}" = 0 ] && [ -t 2 ] && printf '\r\033[K' >&2
    return 0
}

# list_words FILE...: the words of the lists, without comments.
list_words() {
    sed 's/#.*//' "$@" | tr -s '[:space:]' '\n' | sed '/^$/d'
}
