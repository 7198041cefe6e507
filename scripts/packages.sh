#!/usr/bin/env bash
# Installs the Debian packages that the tests use and that are missing, after printing which and why.
#
#   packages.sh           installs what is missing (as root, or through sudo)
#   packages.sh --list    prints what is missing, and fails if anything is
#
# Nothing is started and no PostgreSQL cluster is made: services of this machine stay as they are.
# What has to be put in place for that is taken away again, also after an interrupted run.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/prelude.sh"

# Package, a command it brings (for systems without dpkg), what it is for. `?`: good to have.
readonly PACKAGES="\
 postgresql         initdb       the second database engine, run privately under target/
 python3            python3      imaplib, poplib and smtplib as clients
 swaks              swaks        an SMTP and LMTP client
 libnet-ssleay-perl -            STARTTLS in swaks
 curl               curl         a client for SMTP, IMAP, POP3 and HTTP
 isync              mbsync       an IMAP client that synchronises both ways
 libsasl2-modules   -            AUTH PLAIN and LOGIN in mbsync and mutt
 fetchmail          fetchmail    a POP3 and IMAP client
 getmail6           getmail      a POP3 and IMAP client
 mutt               mutt         a mail reader, in batch mode
 strace             strace       records writes and syncs for the power-cut test
?offlineimap3       offlineimap  an IMAP client that synchronises both ways"

# Where Debian's scripts look before they start a service, and before they make a cluster.
readonly POLICY=/usr/sbin/policy-rc.d
readonly POLICY_MARK='# placed by hikyaku: scripts/packages.sh'
readonly CLUSTERS=/etc/postgresql-common/createcluster.conf
readonly CLUSTERS_SAVED="$CLUSTERS.before-hikyaku"

# Is the package (or, without dpkg, what it brings) there?
is_there() {
    local package="$1" command="$2"
    if have dpkg-query; then
        [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]]
    elif [[ "$package" == postgresql ]]; then
        have initdb || [[ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ]]
    else
        [[ "$command" == - ]] || have "$command"
    fi
}

# Prints the lines of PACKAGES whose package is missing.
missing() {
    local line need package command rest
    while IFS= read -r line; do
        need="${line:0:1}"
        read -r package command rest <<<"${line:1}"
        # Without PostgreSQL's tests its packages are not needed either.
        if [[ "$package" == postgresql && "${HIKYAKU_TEST_ENGINES:-}" == sqlite ]]; then
            continue
        fi
        is_there "$package" "$command" || printf '%s\t%s\t%s\n' "$need" "$package" "$rest"
    done <<<"$PACKAGES"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# Takes away what an interrupted run left, and at the end what this one placed.
restore() {
    if [[ -f "$POLICY" ]] && grep -qF "$POLICY_MARK" "$POLICY"; then
        rm -f "$POLICY"
    fi
    if [[ -f "$CLUSTERS_SAVED" ]]; then
        mv -f "$CLUSTERS_SAVED" "$CLUSTERS"
    fi
}

forbid_services() {
    # An administrator's own policy stays; it is there for a reason of theirs.
    [[ ! -e "$POLICY" ]] || return 0
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
    chmod 755 "$POLICY"
}

# The server's package makes a cluster unless this file forbids it; another package owns the file.
forbid_clusters() {
    apt install --no-install-recommends postgresql-common
    cp -p "$CLUSTERS" "$CLUSTERS_SAVED"
    printf '\ncreate_main_cluster = false\n' >>"$CLUSTERS"
}

# As root: installs the packages named.
install_them() {
    restore
    trap restore EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    forbid_services
    apt update
    local package wanted=()
    for package in "$@"; do
        # A package that is good to have may not exist in this release of Debian.
        if [[ "$package" != \?* ]]; then
            wanted+=("$package")
        elif apt-cache show "${package#\?}" >/dev/null 2>&1; then
            wanted+=("${package#\?}")
        else
            note "this release of Debian has no package ${package#\?}; going on without it"
        fi
    done
    if [[ " ${wanted[*]} " == *" postgresql "* ]]; then
        forbid_clusters
    fi
    apt install --no-install-recommends "${wanted[@]}"
}

# Prints what is missing and why, and installs it.
main() {
    local list need package why names=() required=0
    list="$(missing)"
    [[ -n "$list" ]] || return 0
    step "Debian packages that the tests use and that are missing"
    while IFS=$'\t' read -r need package why; do
        note "$(printf '%-20s %s' "$package" "$why")"
        names+=("${need# }$package")
        [[ "$need" == \? ]] || required=$((required + 1))
    done <<<"$list"
    [[ "${1:-}" != --list ]] || exit 1
    if ! have apt-get; then
        [[ "$required" -gt 0 ]] || return 0
        fail "this system has no apt-get" "install what is listed above, then run this again"
    fi
    note "They are installed now. No service is started, and no database cluster is made."
    if am_root; then
        install_them "${names[@]}"
    elif have sudo && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
        sudo "${BASH_SOURCE[0]}" --install "${names[@]}"
    elif [[ "$required" -eq 0 ]]; then
        note "not without root or sudo; the tests go on, they can do without these"
    else
        fail "only root can install packages, and there is no sudo" "let an administrator run:" \
            "  $ROOT/scripts/packages.sh"
    fi
}

case "${1:-}" in
    --install) shift && install_them "$@" ;;
    --list | '') main "$@" ;;
    *) fail "unknown argument $1" "usage: scripts/packages.sh [--list]" ;;
esac
