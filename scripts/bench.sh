#!/usr/bin/env bash
# `make bench`: measures the release build on this machine, on SQLite and on PostgreSQL.
#
# The data goes under target/bench, on the disk of the checkout: the time of a delivery is the time of
# an fsync there. Arguments are given to the measuring program (--messages, --connections, --size).

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"
cd "$ROOT"

readonly FOLDER="$ROOT/target/bench"
readonly BUILT="${CARGO_TARGET_DIR:-$ROOT/target}/release"

measure() {
    local name="$1"
    shift
    rm -rf "${FOLDER:?}/$name"
    mkdir -p "$FOLDER/$name"
    "$BUILT/hikyaku-bench" --binary "$BUILT/hikyaku" --dir "$FOLDER/$name" "$@"
    rm -rf "${FOLDER:?}/$name"
}

on_postgres() {
    measure postgres --database "$HIKYAKU_TEST_POSTGRES" "$@"
}

main() {
    step "Building with optimisation"
    cargo build --release --package hikyaku --package hikyaku-bench
    step "SQLite"
    measure sqlite "$@"
    step "PostgreSQL"
    if [[ "$(scripts/packages.sh --list || true)" == *' postgresql '* ]]; then
        note "PostgreSQL is not installed ('make test' installs it); not measured"
    else
        scripts/postgres.sh run --name bench -- "$ROOT/scripts/bench.sh" --on-postgres "$@"
    fi
}

case "${1:-}" in
    --on-postgres) shift && on_postgres "$@" ;;
    *) main "$@" ;;
esac
