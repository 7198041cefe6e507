#!/usr/bin/env bash
# `make test`: everything there is to prove, on SQLite and on PostgreSQL.
#
# Environment: HIKYAKU_TEST_ENGINES=sqlite does without PostgreSQL; CI=true demands that Cargo.lock
# is complete and prints where the time went.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"
cd "$ROOT"

LOCKED=()
if [[ "${CI:-}" == true ]]; then
    LOCKED=(--locked)
fi

# The longest list of open files that this user may have: thousands of connections are tested.
raise_file_limit() {
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
}

# Runs a command with the tests' PostgreSQL, unless it is not wanted.
with_engines() {
    if [[ "${HIKYAKU_TEST_ENGINES:-}" == sqlite ]]; then
        note "HIKYAKU_TEST_ENGINES=sqlite: nothing is proved about PostgreSQL"
        "$@"
    else
        scripts/postgres.sh run -- "$@"
    fi
}

run_tests() {
    if have cargo-nextest; then
        cargo nextest run --workspace "${LOCKED[@]}" --no-fail-fast
    else
        note "cargo-nextest is not installed; cargo test does the same, with less of an overview"
        cargo test --workspace "${LOCKED[@]}" --no-fail-fast --bins --lib --tests
    fi
}

# nextest leaves out the examples in the documentation.
run_examples() {
    cargo test --workspace "${LOCKED[@]}" --quiet --doc
}

run_everything() {
    run_tests
    step "Examples in the documentation"
    run_examples
}

main() {
    have cargo || fail "cargo is not installed" "https://rustup.rs installs it"
    scripts/packages.sh
    step "The rules of the house"
    cargo xtask tidy
    step "Build"
    cargo build --workspace "${LOCKED[@]}" --all-targets
    step "Tests"
    raise_file_limit
    with_engines "$ROOT/scripts/test.sh" --inside
    step "Everything passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
}

case "${1:-}" in
    '') main ;;
    --inside) run_everything ;;
    *) fail "unknown argument $1" "usage: scripts/test.sh" ;;
esac
