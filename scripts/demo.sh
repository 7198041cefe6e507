#!/usr/bin/env bash
# `make run`: a demo mail host with three accounts, under demo/, on loopback ports from 20000 on.
#
# The first run makes it; later runs keep what is there and print the same sign-ins. To begin anew,
# stop it and remove demo/. Environment: HIKYAKU_DEMO_DIR is another folder than demo/, and
# HIKYAKU_DEMO_PORT_BASE another port base (used when the host is made, and kept).
#
# The server is built as the tests build it: `make run` and `make test` compile everything once
# between them. PROFILE=release builds the fast one, which takes several times as long.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"
cd "$ROOT"

DEMO="$(realpath -m "${HIKYAKU_DEMO_DIR:-$ROOT/demo}")"
readonly DEMO
readonly CONFIG="$DEMO/hikyaku.toml"
readonly SIGN_INS="$DEMO/sign-ins.txt"
# There while the host is being made: what an interrupted first run left is not a host.
readonly UNFINISHED="$DEMO/.unfinished"
readonly PORT_FILE="$DEMO/port-base"
readonly HOST_NAME=mail.example.test
readonly ACCOUNTS=(alice bob taro)
readonly NAMES=('Alice Example' 'Bob Example' '飛脚 太郎')
# What issue and manual call the standard ports; each is reached at the port base plus this number.
readonly STANDARD_PORTS=(24 25 80 110 143 443 465 587 993 995)
# Seconds until a server that does not get ready counts as failed.
readonly PATIENCE_S=30

HIKYAKU=
PORT_BASE=
SERVER=
STOPPING=no

build() {
    have cargo || fail "cargo is not installed" "https://rustup.rs installs it"
    have cc || fail "there is no C compiler" "on Debian: apt-get install gcc libc6-dev"
    step "Building (the first time takes some minutes)"
    local folder=debug arguments=()
    if [[ "${PROFILE:-dev}" != dev ]]; then
        folder="$PROFILE" arguments=(--profile "$PROFILE")
    fi
    cargo build --bin hikyaku "${arguments[@]}"
    HIKYAKU="${CARGO_TARGET_DIR:-$ROOT/target}/$folder/hikyaku"
}

hikyaku() {
    "$HIKYAKU" --config "$CONFIG" "$@"
}

random_password() {
    # 16 letters and digits: about 80 bits, and no 0/O, 1/l to mistake.
    tr -dc 'a-km-zA-HJ-NP-Z2-9' < <(head -c 4096 /dev/urandom) | head -c 16
}

# The host, its tenant, domain and accounts, and something to read for Alice.
make_host() {
    step "Making a demo host in $DEMO"
    (umask 077 && mkdir -p "$DEMO")
    touch "$UNFINISHED"
    "$HIKYAKU" init --dir "$DEMO" --hostname "$HOST_NAME" --port-base "$PORT_BASE"
    printf '%s\n' "$PORT_BASE" >"$PORT_FILE"
    hikyaku tenant create example
    hikyaku domain create example.test --tenant example
    local password index
    password="$(random_password)"
    for index in "${!ACCOUNTS[@]}"; do
        printf '%s\n' "$password" | hikyaku account create "${ACCOUNTS[$index]}@example.test" \
            --name "${NAMES[$index]}" --password-stdin
    done
    hikyaku mailbox import --account alice@example.test --format mbox "$ROOT/scripts/sample.mbox"
    (umask 077 && for account in "${ACCOUNTS[@]}"; do
        printf '%-20s %s\n' "$account@example.test" "$password"
    done >"$SIGN_INS")
    rm "$UNFINISHED"
}

prepare() {
    if [[ -e "$UNFINISHED" ]]; then
        note "an earlier first run was interrupted; beginning anew"
        rm -rf "$DEMO"
    fi
    if [[ -e "$CONFIG" && -r "$SIGN_INS" && -r "$PORT_FILE" ]]; then
        PORT_BASE="$(cat "$PORT_FILE")"
        check_ports
        return
    fi
    if [[ -d "$DEMO" && -n "$(ls -A "$DEMO")" ]]; then
        fail "$DEMO holds files, but not a demo host that can be used" \
            "remove it, or name another folder: HIKYAKU_DEMO_DIR=… make run"
    fi
    PORT_BASE="${HIKYAKU_DEMO_PORT_BASE:-20000}"
    [[ "$PORT_BASE" =~ ^[0-9]+$ && "$PORT_BASE" -ge 1024 && "$PORT_BASE" -le 64000 ]] ||
        fail "HIKYAKU_DEMO_PORT_BASE is a number from 1024 to 64000, not '$PORT_BASE'"
    check_ports
    make_host
}

check_ports() {
    local standard taken=()
    for standard in "${STANDARD_PORTS[@]}"; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$((PORT_BASE + standard))") 2>/dev/null; then
            taken+=("$((PORT_BASE + standard))")
        fi
    done
    [[ ${#taken[@]} -eq 0 ]] && return
    fail "in use already on 127.0.0.1: ${taken[*]}" \
        "perhaps the demo host is running in another window" \
        "a new demo host can take other ports: remove $DEMO, then" \
        "HIKYAKU_DEMO_PORT_BASE=21000 make run"
}

# Does /healthz answer that all is well?
is_ready() {
    local answer
    answer="$(
        exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$((PORT_BASE + 80))" || exit 1
        printf 'GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$HOST_NAME" >&3
        head -n 1 <&3
    )" && [[ "$answer" == *' 200 '* ]]
}

# Asks the server to drain, and waits for it.
stop_server() {
    trap '' INT TERM HUP
    STOPPING=yes
    printf '\n'
    step "Stopping"
    kill -TERM "$SERVER" 2>/dev/null || true
}

start_server() {
    step "Starting the server"
    # A process group of its own: Ctrl-C reaches this script, which then asks the server to drain.
    set -m
    "$HIKYAKU" --config "$CONFIG" serve </dev/null &
    SERVER=$!
    set +m
    trap stop_server INT TERM HUP
    local waited
    for ((waited = 0; waited < PATIENCE_S * 10; waited++)); do
        is_ready && return
        kill -0 "$SERVER" 2>/dev/null || break
        sleep 0.1
    done
    local status=0
    kill -TERM "$SERVER" 2>/dev/null || true
    wait "$SERVER" || status=$?
    [[ "$STOPPING" == no ]] || exit 130
    fail "the server did not get ready (status $status); its last lines above say why"
}

print_guide() {
    local password
    password="$(awk 'NR == 1 {print $2}' "$SIGN_INS")"
    cat <<GUIDE

Hikyaku is running. These accounts are kept in $SIGN_INS:

$(sed 's/^/    /' "$SIGN_INS")

A mail program on this machine (server 127.0.0.1, user name = the whole address):

    IMAP   $((PORT_BASE + 993)) with TLS, or $((PORT_BASE + 143)) with STARTTLS
    POP3   $((PORT_BASE + 995)) with TLS, or $((PORT_BASE + 110)) with STARTTLS
    SMTP   $((PORT_BASE + 465)) with TLS, or $((PORT_BASE + 587)) with STARTTLS
    The certificate is self-signed: the program asks once whether to trust it.

In another window (the last two want swaks, which 'make test' installs):

    # what is in Alice's mailbox; then the newest letter
    curl -k 'imaps://127.0.0.1:$((PORT_BASE + 993))/INBOX?ALL' -u 'alice@example.test:$password'
    curl -k 'imaps://127.0.0.1:$((PORT_BASE + 993))/INBOX;MAILINDEX=6' -u 'alice@example.test:$password'

    # Bob writes to Alice and Taro, as from his mail program
    swaks --server 127.0.0.1:$((PORT_BASE + 587)) -tls --auth-user bob@example.test --auth-password '$password' \\
        --from bob@example.test --to alice@example.test,taro@example.test --body 'Tea at three?'

    # a stranger's server delivers mail for Taro
    swaks --server 127.0.0.1:$((PORT_BASE + 25)) --from stranger@elsewhere.test --to taro@example.test

    # the operator's side
    $HIKYAKU --config $CONFIG account list
    curl http://127.0.0.1:$((PORT_BASE + 80))/metrics

Ctrl-C stops it. The next 'make run' has the same mail and the same sign-ins.

GUIDE
}

main() {
    build
    prepare
    start_server
    print_guide
    local status=0
    wait "$SERVER" || status=$?
    # A signal ended the wait before the server was done: wait for its own word.
    if [[ "$STOPPING" == yes ]]; then
        status=0
        wait "$SERVER" || status=$?
    fi
    [[ $status -eq 0 ]] || fail "the server ended with status $status"
    step "Stopped. demo/ keeps the mail."
}

main
