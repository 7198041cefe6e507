#!/usr/bin/env bash
# The other side of `make bench`: Postfix and Dovecot from Debian, private and for the moment.
#
#   bench-postfix.sh fetch               downloads and unpacks the packages under target/bench/debian
#   bench-postfix.sh versions            prints `package version` of what was unpacked
#   bench-postfix.sh run DIR PORT_BASE   empty mailboxes in DIR; serves until standard input ends
#
# Nothing is installed, and no mail server of this machine is touched: the packages are unpacked, and
# laid over /usr in a mount namespace of their own, which has its own /etc, /run and /var and ends with
# the last process in it. `run` reads in DIR: `users` (one address a line), `password`,
# `certificate.pem` and `key.pem`; it prints `ready`, and keeps its logs and mail in DIR/var.
# Ports are PORT_BASE + 25, 110, 143, 993, 995 on 127.0.0.1.
#
# It needs root, or a user who may make user namespaces with more than one user in them (Debian's
# package uidmap and a line in /etc/subuid and /etc/subgid).

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"

readonly HOME_DIR="$ROOT/target/bench/debian"
readonly TREE="$HOME_DIR/tree"
readonly PACKAGES=(postfix dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd)
# Seconds until servers that do not get ready count as failed.
readonly PATIENCE_S=30

usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# The shared libraries of unpacked packages that this system does not have installed either.
missing_libraries() {
    local package
    for package in "$HOME_DIR"/*.deb; do
        dpkg-deb --field "$package" Depends Pre-Depends
    done | grep -oE '\blib[a-z0-9.+-]+' | sort -u | while IFS= read -r package; do
        [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
            compgen -G "$HOME_DIR/${package}_*.deb" >/dev/null || printf '%s\n' "$package"
    done
}

# One attempt, into the folder of the packages.
download_once() {
    local options=()
    # apt's own user cannot write to a checkout in somebody's home.
    ! am_root || options+=(-o APT::Sandbox::User=root)
    (cd "$HOME_DIR" && apt-get -q -q "${options[@]}" download "$@")
}

download() {
    if download_once "$@"; then
        return 0
    fi
    # A fresh machine has no package lists yet, and an old one names versions that are gone.
    if am_root; then
        note "apt-get update (the package lists are missing or old)"
        apt-get -q -q -o Acquire::Retries=3 update && download_once "$@" && return 0
    fi
    fail "apt-get cannot download $*" "the package lists may be missing or old:" \
        "let an administrator run 'apt-get update', then try again"
}

cmd_fetch() {
    [[ ! -e "$HOME_DIR/complete" ]] || return 0
    if ! have apt-get || ! have dpkg-deb; then
        fail "this system has no apt-get and dpkg-deb" \
            "the comparison needs Debian's packages; --without postfix leaves it out"
    fi
    step "Fetching Postfix and Dovecot of Debian, to compare with (unpacked, never installed)"
    rm -rf "$HOME_DIR"
    mkdir -p "$TREE"
    note "${PACKAGES[*]}"
    download "${PACKAGES[@]}"
    local library libraries=()
    while true; do
        mapfile -t libraries < <(missing_libraries)
        [[ ${#libraries[@]} -gt 0 ]] || break
        note "${libraries[*]} (shared libraries of these)"
        download "${libraries[@]}"
    done
    for library in "$HOME_DIR"/*.deb; do
        dpkg-deb --extract "$library" "$TREE"
    done
    touch "$HOME_DIR/complete"
}

cmd_versions() {
    [[ -e "$HOME_DIR/complete" ]] || fail "nothing is unpacked" "scripts/bench-postfix.sh fetch"
    local package
    for package in postfix dovecot-core; do
        # shellcheck disable=SC2016 # dpkg-deb expands these
        dpkg-deb --show --showformat '${Package} ${Version}\n' "$HOME_DIR/${package}"_*.deb
    done
}

# Users of the private system; their numbers are no real user's, and nobody signs in as them.
write_users() {
    cat >"$1/passwd" <<USERS
root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
postfix:x:60101:60101::/var/spool/postfix:/usr/sbin/nologin
dovecot:x:60103:60103::/usr/lib/dovecot:/usr/sbin/nologin
dovenull:x:60104:60104::/nonexistent:/usr/sbin/nologin
vmail:x:60105:60105::/var/mail:/usr/sbin/nologin
USERS
    cat >"$1/group" <<GROUPS
root:x:0:
nogroup:x:65534:
postfix:x:60101:
postdrop:x:60102:
dovecot:x:60103:
dovenull:x:60104:
vmail:x:60105:
GROUPS
    printf '127.0.0.1 localhost mail.bench.test\n' >"$1/hosts"
    printf 'passwd: files\ngroup: files\nhosts: files\n' >"$1/nsswitch.conf"
    cp /etc/services /etc/protocols "$1/" 2>/dev/null || true
    [[ ! -e /etc/localtime ]] || cp -L /etc/localtime "$1/"
}

# Debian's defaults, with Maildir over LMTP instead of mbox. in_flow_delay would make senders wait
# when they are faster than the deliveries; without it this system is faster in this measurement.
write_postfix() {
    local etc="$1" port="$2"
    mkdir -p "$etc/postfix"
    cp -r "$TREE/etc/postfix/." "$etc/postfix/"
    cp "$TREE/usr/share/postfix/dynamicmaps.cf" "$etc/postfix/"
    sed -E -e 's/^(smtp +inet +n +- +)y( .*)$/127.0.0.1:'"$port"' inet n - n\2/' \
        -e 's/^([a-z]+ +unix +[yn-] +[yn-] +)y /\1n /' \
        "$TREE/usr/share/postfix/master.cf.dist" >"$etc/postfix/master.cf"
    grep -q '^postlog ' "$etc/postfix/master.cf" ||
        printf 'postlog unix-dgram n - n - 1 postlogd\n' >>"$etc/postfix/master.cf"
    cat >"$etc/postfix/main.cf" <<MAIN
compatibility_level = 3.6
myhostname = mail.bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
biff = no
append_dot_mydomain = no
readme_directory = no
mailbox_size_limit = 0
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
alias_maps =
alias_database =
maillog_file = /var/log/postfix.log
virtual_mailbox_domains = bench.test
virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
virtual_transport = lmtp:unix:private/dovecot-lmtp
in_flow_delay = 0
MAIN
    awk '{print $1, $1}' "$3" >"$etc/postfix/mailboxes"
}

# Debian's defaults (mail_fsync = optimized: each delivery is synced), with what a thousand sessions
# of one address need: limits, and login processes that serve more than one connection each.
write_dovecot() {
    local etc="$1" base="$2"
    mkdir -p "$etc/dovecot"
    cat >"$etc/dovecot/dovecot.conf" <<CONF
protocols = imap pop3 lmtp
listen = 127.0.0.1
log_path = /var/log/dovecot.log
mail_location = maildir:~/Maildir
mail_privileged_group = vmail
mail_max_userip_connections = 4000
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = </etc/dovecot/certificate.pem
ssl_key = </etc/dovecot/key.pem
namespace inbox {
  inbox = yes
}
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=/var/mail/%n
}
service imap-login {
  inet_listener imap {
    port = $((base + 143))
  }
  inet_listener imaps {
    port = $((base + 993))
  }
  service_count = 0
  process_min_avail = 2
  client_limit = 2000
}
service pop3-login {
  inet_listener pop3 {
    port = $((base + 110))
  }
  inet_listener pop3s {
    port = $((base + 995))
  }
  service_count = 0
  process_min_avail = 2
}
service imap {
  process_limit = 4000
}
service anvil {
  client_limit = 10000
}
service auth {
  client_limit = 10000
}
service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
CONF
    cp "$3/certificate.pem" "$3/key.pem" "$etc/dovecot/"
}

# The root of the private system: Debian's tree over /usr, and everything else its own.
make_root() {
    local root="$1" dir="$2" name
    mkdir -p "$root"
    mount -t tmpfs -o mode=755 tmpfs "$root"
    mkdir -p "$root"/{usr,etc,dev,proc,run,tmp,var,root}
    chmod 1777 "$root/tmp"
    mount -t overlay -o "ro,lowerdir=$TREE/usr:/usr" overlay "$root/usr" ||
        fail "this kernel does not lay $TREE/usr over /usr (overlayfs)"
    for name in bin sbin lib lib32 lib64; do
        [[ ! -L "/$name" ]] || cp -P "/$name" "$root/$name"
    done
    [[ -e "$root/bin/bash" ]] || fail "/bin is no link to /usr/bin on this system"
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mount --bind "$dir/var" "$root/var"
}

# Hashes as `doveadm pw` makes them when nobody asks for a scheme.
write_passwords() {
    local root="$1" dir="$2" hash
    hash="$(chroot "$root" /usr/bin/doveadm pw -p "$(cat "$dir/password")")"
    awk -v hash="$hash" '{print $1 ":" hash}' "$dir/users" >"$root/etc/dovecot/users"
    chown 0:60103 "$root/etc/dovecot/users"
    chmod 640 "$root/etc/dovecot/users"
}

answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1" && IFS= read -r -t 5 -u 3 _) 2>/dev/null
}

wait_until_ready() {
    local base="$1" port waited
    for ((waited = 0; waited < PATIENCE_S * 20; waited++)); do
        for port in 25 110 143; do
            answers "$((base + port))" || break
            [[ "$port" -ne 143 ]] || return 0
        done
        sleep 0.05
    done
    fail "Postfix and Dovecot do not get ready" "$(tail -n 20 "$2"/var/log/*.log 2>/dev/null)"
}

# As the first process of the namespaces: when it ends, everything in them ends.
cmd_inside() {
    local dir="$1" base="$2" root="$1/root"
    # Here, because only here files of the users below can be removed by an ordinary user.
    rm -rf "${dir:?}/var"
    mkdir -p "$dir"/var/{log,mail,lib/postfix,lib/dovecot,spool/postfix}
    chown 60105:60105 "$dir/var/mail"
    chown 60101:60101 "$dir/var/lib/postfix"
    make_root "$root" "$dir"
    write_users "$root/etc"
    write_postfix "$root/etc" "$((base + 25))" "$dir/users"
    write_dovecot "$root/etc" "$base" "$dir"
    write_passwords "$root" "$dir"
    # The queue's folders first: Dovecot puts its socket into one of them.
    chroot "$root" /usr/sbin/postfix check >"$dir/var/log/start.log" 2>&1 ||
        fail "postfix check complains" "$(cat "$dir/var/log/start.log")"
    chroot "$root" /usr/sbin/dovecot >>"$dir/var/log/start.log" 2>&1 ||
        fail "Dovecot does not start" "$(cat "$dir/var/log/start.log")"
    chroot "$root" /usr/sbin/postfix start >>"$dir/var/log/start.log" 2>&1 ||
        fail "Postfix does not start" "$(cat "$dir/var/log/start.log" "$dir"/var/log/postfix.log)"
    wait_until_ready "$base" "$dir"
    echo ready
    # Until the other side of the pipe is gone, however it ended.
    cat >/dev/null
    # The mail is of no use any more; the logs stay. All processes here but this one are theirs.
    kill -KILL -1
    rm -rf "${dir:?}"/var/{mail,spool,lib} 2>/dev/null || true
}

cmd_run() {
    [[ $# -eq 2 ]] || usage
    local dir namespaces=(--mount --pid --fork --kill-child=KILL --propagation private)
    dir="$(realpath "$1")"
    [[ -e "$HOME_DIR/complete" ]] || fail "nothing is unpacked" "scripts/bench-postfix.sh fetch"
    if ! am_root; then
        namespaces+=(--user --map-root-user --map-auto)
        unshare "${namespaces[@]}" true 2>/dev/null ||
            fail "an ordinary user cannot run Postfix and Dovecot here" \
                "run it as root, or install uidmap and allow user namespaces with subordinate ids" \
                "--without postfix measures Hikyaku alone"
    fi
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
    exec unshare "${namespaces[@]}" "${BASH_SOURCE[0]}" inside "$dir" "$2"
}

case "${1:-}" in
    fetch | versions | inside | run) command="$1" && shift && "cmd_$command" "$@" ;;
    *) usage ;;
esac
