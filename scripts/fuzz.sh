#!/usr/bin/env bash
# `make fuzz`: runs the targets of fuzz/ under libFuzzer, one after the other.
#
#   fuzz.sh [TARGET] [SECONDS]     all targets, 60 seconds each, unless told otherwise
#
# New inputs collect in fuzz/corpus/TARGET; an input that breaks something is written to
# fuzz/artifacts/TARGET and ends the run.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"
cd "$ROOT"

readonly SECONDS_EACH_DEFAULT=60
# The longest input that libFuzzer makes, in bytes: long enough for nested structures.
readonly INPUT_BYTES_MAX=16384
# An input that takes longer than this is a finding: parsing is linear.
readonly INPUT_PATIENCE_S=5

main() {
    local wanted="${1:-}" seconds="${2:-$SECONDS_EACH_DEFAULT}" targets target folder seeds
    cargo fuzz --version >/dev/null 2>&1 || fail "cargo-fuzz is not installed" \
        "cargo install cargo-fuzz installs it (it compiles for some minutes)" \
        "make test runs the same functions over seeds and mutations, without it"
    [[ "$seconds" =~ ^[0-9]+$ ]] || fail "TIME is a number of seconds, not '$seconds'"
    targets="$(cargo fuzz list)"
    if [[ -n "$wanted" ]]; then
        grep -qxF "$wanted" <<<"$targets" || fail "there is no target '$wanted'" "$targets"
        targets="$wanted"
    fi
    # The coverage flags are unstable names of a stable compiler; this repository pins one.
    export RUSTC_BOOTSTRAP=1
    for target in $targets; do
        step "$target for $seconds seconds"
        mkdir -p "fuzz/corpus/$target"
        seeds=()
        # Target imap_reader calls imap-proto's `fuzz::reader`, whose seeds lie beside its tests.
        for folder in fuzz/seeds/"$target" crates/"${target%%_*}"*/tests/seeds/"${target#*_}"; do
            [[ ! -d "$folder" ]] || seeds+=("$folder")
        done
        # Our code has no `unsafe`: panics, hangs and memory are what there is to find, and without
        # a sanitizer they are found several times as fast.
        cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "${seeds[@]}" -- \
            -max_total_time="$seconds" -max_len="$INPUT_BYTES_MAX" -timeout="$INPUT_PATIENCE_S" \
            -rss_limit_mb=2048 -print_final_stats=1
    done
    step "Nothing found"
}

main "$@"
