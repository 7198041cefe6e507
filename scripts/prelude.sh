# shellcheck shell=bash
# What every script here starts with: strict mode, the repository's root, and three ways to speak.
# Sourced, never run: `source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"`.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck disable=SC2034 # for those who source this
readonly ROOT
# Messages of tools are read by people and by tests: one language, whatever the user's is.
export LC_ALL=C.UTF-8

# A step that the reader waits for.
step() {
    printf '\n==> %s\n' "$*"
}

# Something worth knowing that stops nothing.
note() {
    printf '    %s\n' "$*"
}

# Ends the script: what is wrong on the first line, what to do about it on those that follow.
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do
        printf '       %s\n' "$line" >&2
    done
    exit 1
}

# Is there such a command?
have() {
    command -v "$1" >/dev/null 2>&1
}

am_root() {
    [[ "$(id -u)" -eq 0 ]]
}
