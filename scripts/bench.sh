#!/usr/bin/env bash
# `make bench`: measures the release build on this machine, on SQLite and on PostgreSQL, and beside it
# Postfix with Dovecot, which it fetches from Debian and runs privately (scripts/bench-postfix.sh).
#
#   make bench ARGS="--quick"                     a trial of a few minutes
#   make bench ARGS="--budget 25"                 shorter runs, 25 minutes in all
#   make bench ARGS="--only delivery,memory"      a part (delivery, imap, pop3, memory, large)
#   make bench ARGS="--without postfix,postgres"  fewer systems
#   make bench ARGS="--help"                      everything else
#
# Data goes under target/bench, on the disk of the checkout: a delivery costs what an fsync costs
# there. Results go to bench/results, as Markdown and JSON; those of --quick stay in target/bench.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"
cd "$ROOT"

readonly FOLDER="$ROOT/target/bench"
readonly BUILT="${CARGO_TARGET_DIR:-$ROOT/target}/release"

# Is a system left out by --without?
is_left_out() {
    local name="$1" argument before=
    shift
    for argument in "$@"; do
        if [[ "$before" == --without || "$argument" == --without=* ]]; then
            [[ ",${argument#--without=}," != *",$name,"* ]] || return 0
        fi
        before="$argument"
    done
    return 1
}

# The cluster that tests use has other checkpoints than PostgreSQL comes with. The measurement runs
# with the defaults; fsync and synchronous_commit are on in both.
use_defaults_of_postgres() {
    local setting
    for setting in "checkpoint_completion_target = 0.9" "checkpoint_timeout = '5min'" \
        "max_wal_size = '1GB'" "log_checkpoints = on"; do
        psql -X -q -d "$HIKYAKU_TEST_POSTGRES" -c "ALTER SYSTEM SET $setting"
    done
    psql -X -q -d "$HIKYAKU_TEST_POSTGRES" -c 'SELECT pg_reload_conf()' >/dev/null
}

measure() {
    local extra=() results="$ROOT/bench/results" argument
    for argument in "$@"; do
        [[ "$argument" != --quick ]] || results="$FOLDER/results"
    done
    if [[ -n "${HIKYAKU_TEST_POSTGRES:-}" ]]; then
        use_defaults_of_postgres
        extra+=(--postgres "$HIKYAKU_TEST_POSTGRES")
    fi
    is_left_out postfix "$@" || extra+=(--postfix "$ROOT/scripts/bench-postfix.sh")
    # A thousand sessions on both ends, and what each server opens for them.
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
    rm -rf "${FOLDER:?}/work"
    "$BUILT/hikyaku-bench" --binary "$BUILT/hikyaku" --dir "$FOLDER/work" --results "$results" \
        --fact "commit=$(git describe --always --dirty --exclude='*' 2>/dev/null || echo unknown)" \
        --fact "compiler=$(rustc --version)" "${extra[@]}" "$@"
    rm -rf "${FOLDER:?}/work"
}

main() {
    have cargo || fail "cargo is not installed" "https://rustup.rs installs it"
    step "Building with optimisation"
    cargo build --release --package hikyaku --package hikyaku-bench
    if [[ " $* " == *" --help "* ]]; then
        exec "$BUILT/hikyaku-bench" --help
    fi
    mkdir -p "$FOLDER"
    is_left_out postfix "$@" || scripts/bench-postfix.sh fetch
    step "Measuring"
    if is_left_out postgres "$@"; then
        measure "$@"
    elif ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! have initdb; then
        note "PostgreSQL is not installed ('make test' installs it); not measured"
        measure "$@"
    else
        scripts/postgres.sh run --name bench -- "$ROOT/scripts/bench.sh" --measure "$@"
    fi
}

case "${1:-}" in
    --measure) shift && measure "$@" ;;
    *) main "$@" ;;
esac
