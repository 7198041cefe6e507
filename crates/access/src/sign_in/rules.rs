//! What decides beside the secret: status, switches, networks, and which password opens what.

use std::net::IpAddr;

use hikyaku_directory::{
    Account, AccountStatus, accounts::Way, credentials::MustChange, tenants::TenantStatus,
};

use super::{Protocol, SignInError, candidate::Candidate};
use crate::policy::MainPassword;

/// Whether an account may be used this way, by who knows a secret of it.
pub(super) fn may_use(candidate: &Candidate, protocol: Protocol) -> bool {
    let account = &candidate.account;
    account.status == AccountStatus::Active
        && candidate.tenant == TenantStatus::Active
        && allows(account, protocol)
}

/// Whether tenant and account let the protocol be used from there.
pub(super) fn may_come_from(candidate: &Candidate, protocol: Protocol, ip: IpAddr) -> bool {
    let way = match protocol {
        Protocol::Smtp => Way::Smtp,
        Protocol::Imap => Way::Imap,
        Protocol::Pop3 => Way::Pop,
        Protocol::Web => Way::Web,
    };
    candidate.policy.networks.allow(protocol, ip) && candidate.networks.allow(way, ip)
}

/// Everything that decides on the main password when it is right.
///
/// A password that has to be changed is changed in a browser: the other protocols have no way to,
/// and refuse it with that reason.
pub(super) fn check(
    candidate: &Candidate,
    protocol: Protocol,
    ip: IpAddr,
) -> Result<(), SignInError> {
    if !may_use(candidate, protocol) || !may_come_from(candidate, protocol, ip) {
        return Err(SignInError::NotAllowed);
    }
    if protocol == Protocol::Web {
        return Ok(());
    }
    if !main_password_opens(candidate) {
        return Err(SignInError::AppPasswordNeeded);
    }
    let stored = candidate.password.as_ref();
    if stored.is_some_and(|stored| stored.must_change == MustChange::AtNextSignIn) {
        return Err(SignInError::MustChange);
    }
    Ok(())
}

/// Whether the main password opens the protocols of mail programs.
pub(super) fn main_password_opens(candidate: &Candidate) -> bool {
    let rule = candidate
        .main_password
        .unwrap_or(candidate.policy.main_password);
    match rule {
        MainPassword::UntilSecondFactor => candidate.second_factor_at.is_none(),
        MainPassword::Always => true,
        MainPassword::Never => false,
    }
}

fn allows(account: &Account, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Smtp => account.access.smtp,
        Protocol::Imap => account.access.imap,
        Protocol::Pop3 => account.access.pop,
        Protocol::Web => account.access.web,
    }
}
