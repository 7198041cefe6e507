#!/usr/bin/env bash
# A private PostgreSQL for the tests: under target/, on a free loopback port, never a system service.
#
#   postgres.sh run [--name NAME] -- COMMAND…   COMMAND with HIKYAKU_TEST_POSTGRES set; stopped after
#   postgres.sh start [--name NAME]             starts it and leaves it running (prints the URL)
#   postgres.sh url [--name NAME]               prints the URL of the one that runs
#   postgres.sh restart [--name NAME] [--crash] same port and data; --crash: without a clean shutdown
#   postgres.sh halt [--name NAME]              stops it and keeps its data …
#   postgres.sh resume [--name NAME]            … until this starts it again on the same port
#   postgres.sh stop [--name NAME]              stops it and removes its data
#
# Several `run`s at once share one cluster; the last one to leave stops it, unless `start` began it.
# A cluster that a killed run left behind is used again. Each name is a cluster of its own, for tests
# that stop and restart theirs. PostgreSQL refuses to run as root: then Debian's user `postgres` runs
# it, in a directory that this user can reach. The password is random and known to this checkout only.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"

# Seconds that a start or a stop may take before it counts as failed.
readonly PATIENCE_S=60
# Ports to try: above the demo host's 20024..20995, below the range the kernel hands to clients.
readonly PORT_LOWEST=22000
readonly PORT_HIGHEST=31999
readonly PORT_TRIES=20
# Tests run in parallel, and each opens a pool of its own for one or more nodes.
readonly MAX_CONNECTIONS=400

NAME=main
CRASH=no
# Of a cluster that this very process initialises.
PASSWORD=

usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# The newest server that Debian installed, or the one on the PATH.
find_server_bin() {
    local newest
    newest="$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' 2>/dev/null |
        sort -V | tail -n 1)"
    if [[ -z "$newest" ]]; then
        newest="$(command -v initdb || true)"
    fi
    [[ -n "$newest" ]] || fail "no PostgreSQL server is installed" \
        "install Debian's package postgresql, or run 'make test', which does" \
        "HIKYAKU_TEST_ENGINES=sqlite makes the tests do without it"
    dirname "$(readlink -f "$newest")"
}

# The user who runs the server: ourselves, or, as root, one without rights.
server_user() {
    if ! am_root; then
        id -un
    elif id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# Runs a command as the server's user, from a directory it can enter, without our locks.
as_server() {
    if am_root; then
        (cd / && exec setpriv --reuid="$SERVER_USER" --regid="$SERVER_GROUP" --clear-groups \
            env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE HOME=/ "$@" 7>&- 8>&-)
    else
        (cd / && exec env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE "$@" 7>&- 8>&-)
    fi
}

# Where the cluster lives. target/ of the checkout, except where the server's user cannot get there
# (a checkout under /root, say): then a directory in /tmp, named after the checkout.
choose_home() {
    local candidate="$ROOT/target/postgres/$NAME"
    mkdir -p "$ROOT/target/postgres"
    if am_root && ! as_server test -x "$ROOT/target/postgres"; then
        local checkout
        checkout="$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)"
        candidate="/tmp/hikyaku-postgres-$checkout-$NAME"
    fi
    if [[ ! -d "$candidate" ]]; then
        mkdir -m 700 "$candidate" || fail "cannot make $candidate"
        ! am_root || chown "$SERVER_USER:$SERVER_GROUP" "$candidate"
    fi
    [[ ! -L "$candidate" && "$(stat -c %U "$candidate")" == "$SERVER_USER" ]] ||
        fail "$candidate belongs to $(stat -c %U "$candidate"), not to $SERVER_USER" \
            "remove it (another user ran the tests here) and try again"
    echo "$candidate"
}

# One start or stop at a time. File descriptor 8 holds the lock until `unlock`.
lock() {
    exec 8>"$STATE/$NAME.lock"
    flock --timeout "$((PATIENCE_S * 2))" 8 || fail "another postgres.sh holds $STATE/$NAME.lock"
}

unlock() {
    exec 8>&-
}

# A killed server may stay on as a zombie where nothing reaps it: pg_ctl takes that for alive.
is_running() {
    local pid
    pid="$(as_server head -n 1 "$DATA/postmaster.pid" 2>/dev/null)" || return 1
    [[ -r "/proc/$pid/stat" ]] && ! grep -q ') Z ' "/proc/$pid/stat" &&
        as_server "$BIN/pg_ctl" status -D "$DATA" >/dev/null 2>&1
}

# A running server is of use when it answers with our password.
answers() {
    is_running && [[ -r "$STATE/$NAME.url" ]] &&
        "$BIN/psql" -X -q -A -t -d "$(cat "$STATE/$NAME.url")" -c 'SELECT 1' >/dev/null 2>&1
}

# A new, empty cluster with a new password.
initialise() {
    rm -rf "$DATA" "$HOME_DIR/log" "$STATE/$NAME.url" "$STATE/$NAME.port"
    PASSWORD="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
    (umask 077 && printf '%s\n' "$PASSWORD" | as_server tee "$HOME_DIR/password" >/dev/null)
    # Databases of real installations sort by a language's rules. ICU's root order differs from the
    # order of bytes, so a query that trusts one engine's order of text fails here and not there.
    local order=(--locale=C.UTF-8)
    if [[ "$("$BIN/postgres" --version | grep -oE '[0-9]+' | head -n 1)" -ge 15 ]]; then
        order+=(--locale-provider=icu --icu-locale=und)
    fi
    as_server "$BIN/initdb" -D "$DATA" --username=hikyaku --encoding=UTF8 "${order[@]}" \
        --auth=password --pwfile="$HOME_DIR/password" --no-sync >"$STATE/$NAME.initdb" 2>&1 ||
        fail "initdb did not work" "$(cat "$STATE/$NAME.initdb")"
    rm -f "$STATE/$NAME.initdb" "$HOME_DIR/password"
    # fsync and synchronous_commit stay on: what the tests prove must hold as it is installed.
    as_server tee -a "$DATA/postgresql.conf" >/dev/null <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = $MAX_CONNECTIONS
# Tests make and drop databases, and each drop waits for a checkpoint: none is spread over time.
checkpoint_completion_target = 0
checkpoint_timeout = 1h
shared_buffers = 128MB
max_wal_size = 512MB
log_destination = 'stderr'
logging_collector = off
log_checkpoints = off
SETTINGS
}

port_is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Starts what is initialised on the given port.
start_on() {
    as_server "$BIN/pg_ctl" start -w -t "$PATIENCE_S" -D "$DATA" -l "$HOME_DIR/log" \
        -o "-p $1" </dev/null >/dev/null 2>&1
}

write_url() {
    (umask 077 && printf 'postgres://hikyaku:%s@127.0.0.1:%s/postgres\n' \
        "$PASSWORD" "$1" >"$STATE/$NAME.url")
    printf '%s\n' "$1" >"$STATE/$NAME.port"
}

# Two checkouts may choose the same port in the same moment: the server that loses tries another.
start_somewhere() {
    local try port
    for ((try = 0; try < PORT_TRIES; try++)); do
        port="$(shuf -i "$PORT_LOWEST-$PORT_HIGHEST" -n 1)"
        if port_is_free "$port" && start_on "$port"; then
            write_url "$port"
            return
        fi
        if [[ -f "$HOME_DIR/log" ]] && ! grep -q 'could not bind' "$HOME_DIR/log"; then
            break
        fi
    done
    fail "PostgreSQL does not start" "the end of its log, $HOME_DIR/log:" \
        "$(tail -n 20 "$HOME_DIR/log" 2>/dev/null)"
}

# Under the lock: a cluster that answers, old or new.
ensure_started() {
    answers && return
    ! is_running || shut_down immediate
    initialise
    start_somewhere
}

# Under the lock: stops the server in the given mode (fast, immediate), and makes sure of it.
shut_down() {
    is_running || return 0
    as_server "$BIN/pg_ctl" stop -w -t "$PATIENCE_S" -m "$1" -D "$DATA" >/dev/null 2>&1 ||
        as_server "$BIN/pg_ctl" stop -w -t "$PATIENCE_S" -m immediate -D "$DATA" >/dev/null 2>&1 ||
        fail "PostgreSQL in $DATA does not stop"
}

remove() {
    rm -rf "$HOME_DIR" "$STATE/$NAME.url" "$STATE/$NAME.port" "$STATE/$NAME.keep"
}

cmd_start() {
    lock
    ensure_started
    touch "$STATE/$NAME.keep"
    unlock
    cat "$STATE/$NAME.url"
}

cmd_stop() {
    lock
    shut_down fast
    remove
    unlock
}

cmd_url() {
    answers || fail "no PostgreSQL '$NAME' of this checkout is running" \
        "scripts/postgres.sh start starts it"
    cat "$STATE/$NAME.url"
}

cmd_restart() {
    lock
    [[ -f "$STATE/$NAME.port" ]] || fail "there is no PostgreSQL '$NAME' to restart"
    if [[ "$CRASH" == yes ]]; then
        shut_down immediate
    else
        shut_down fast
    fi
    start_on "$(cat "$STATE/$NAME.port")" || fail "PostgreSQL does not come back" \
        "$(tail -n 20 "$HOME_DIR/log")"
    unlock
}

cmd_halt() {
    lock
    shut_down fast
    unlock
}

cmd_resume() {
    lock
    [[ -f "$STATE/$NAME.port" ]] || fail "there is no PostgreSQL '$NAME' to resume"
    is_running || start_on "$(cat "$STATE/$NAME.port")" || fail "PostgreSQL does not come back" \
        "$(tail -n 20 "$HOME_DIR/log")"
    unlock
}

# The last user of a cluster that no `start` wants kept switches it off.
leave() {
    exec 7>&-
    [[ ! -e "$STATE/$NAME.keep" ]] || return 0
    lock
    exec 7>"$STATE/$NAME.users"
    if flock --exclusive --nonblock 7; then
        shut_down fast
        remove
    fi
    exec 7>&-
    unlock
}

cmd_run() {
    [[ $# -gt 0 ]] || usage
    lock
    # The shared lock says "in use" for exactly as long as this process lives, however it ends.
    exec 7>"$STATE/$NAME.users"
    flock --shared 7
    trap leave EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    ensure_started
    unlock
    local url status=0
    url="$(cat "$STATE/$NAME.url")"
    HIKYAKU_TEST_POSTGRES="$url" "$@" 7>&- || status=$?
    exit "$status"
}

main() {
    [[ $# -gt 0 ]] || usage
    local command="$1"
    shift
    while [[ $# -gt 0 ]]; do
        case "$1" in
            --name) NAME="${2:?--name needs a value}" && shift 2 ;;
            --crash) CRASH=yes && shift ;;
            --) shift && break ;;
            *) usage ;;
        esac
    done
    [[ "$NAME" =~ ^[a-z0-9-]{1,40}$ ]] || fail "a cluster's name is 1 to 40 of a-z, 0-9 and -"
    SERVER_USER="$(server_user)"
    SERVER_GROUP="$(id -gn "$SERVER_USER")"
    BIN="$(find_server_bin)"
    STATE="$ROOT/target/postgres/state"
    mkdir -p "$STATE"
    HOME_DIR="$(choose_home)"
    DATA="$HOME_DIR/data"
    case "$command" in
        start | stop | url | restart | halt | resume) "cmd_$command" ;;
        run) cmd_run "$@" ;;
        *) usage ;;
    esac
}

main "$@"
