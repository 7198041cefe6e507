#!/usr/bin/env bash
# `make lint`: formatting, clippy, the rules of the house, and, where cargo-deny is installed, what
# deny.toml says about dependencies. All of them run, also when one finds something.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"
cd "$ROOT"

WRONG=()

# One check: its name, and the command.
check() {
    local name="$1"
    shift
    step "$name"
    "$@" || WRONG+=("$name")
}

check 'Formatting (make fmt repairs it)' cargo fmt --all --check
check 'Rules of the house' cargo xtask tidy
check 'Clippy' cargo clippy --workspace --all-targets --quiet -- -D warnings
if have cargo-deny; then
    # The advisory database would have to be fetched; the other checks need no network.
    check 'Dependencies' cargo deny --log-level error check bans licenses sources
else
    step 'Dependencies'
    note 'cargo-deny is not installed; deny.toml was not checked'
fi
if have shellcheck; then
    check 'Scripts' shellcheck --external-sources scripts/*.sh .ci/run
fi

if [[ ${#WRONG[@]} -gt 0 ]]; then
    fail "not clean: $(IFS=','; echo "${WRONG[*]}")"
fi
step 'Clean'
