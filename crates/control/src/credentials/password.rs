//! Setting passwords of others (T-028). One's own is changed in a session ([`crate::session`]).
//!
//! Hashes are computed and passwords judged by the caller, outside of the transaction: first the
//! rules are read ([`rules`]), then the hash is made, then it is set.

use hikyaku_access::{
    browsers,
    policy::{self, Judgement, PasswordPolicy},
    sessions,
};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    Account, Language,
    credentials::{self, MustChange},
    logins,
    password::PasswordHash,
};
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_types::Secret;
use serde_json::json;

use super::{covered, of_account};
use crate::{AccountRef, Actor, ControlError, Principal};

/// What a new password of an account must be like.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    policy: PasswordPolicy,
    /// What a guess would begin with: names and addresses of the owner.
    inputs: Vec<String>,
    /// Whether faults are warnings only: at the machine's own command line.
    lenient: bool,
}

impl PasswordRules {
    /// The rules of a tenant for an account that is to be: `inputs` are its addresses and names.
    pub fn new(actor: &Actor, policy: PasswordPolicy, inputs: Vec<String>) -> Self {
        Self {
            policy,
            inputs,
            lenient: matches!(actor.principal, Principal::Console(_)),
        }
    }

    /// What is to be said of a password. Takes about a millisecond.
    pub fn judge(&self, password: &Secret) -> Judgement {
        let inputs: Vec<&str> = self.inputs.iter().map(String::as_str).collect();
        self.policy.judge(password, &inputs)
    }

    /// Refuses what the tenant's policy does not accept; the operator's own command line is warned
    /// only, by the answer of [`PasswordRules::judge`].
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for the field `password`.
    pub fn check(&self, password: &Secret) -> Result<Judgement, ControlError> {
        let judged = self.judge(password);
        if self.lenient || judged.faults.is_empty() {
            return Ok(judged);
        }
        let faults = judged.faults.iter();
        let texts: Vec<String> = faults.map(|fault| fault.text(Language::En)).collect();
        Err(ControlError::invalid("password", texts.join(" ")))
    }
}

/// The rules for the password of an account that the actor may set.
pub fn rules(
    tx: &Tx<'_>,
    actor: &Actor,
    account: &AccountRef,
) -> Result<PasswordRules, ControlError> {
    let account = covered(tx, actor, account)?;
    of(tx, actor, &account)
}

/// Sets the password of an account. All its sessions end, on every protocol; its owner is told.
///
/// # Errors
/// The conflict `own_password` for one's own, which is changed with the present one
/// ([`crate::session::change_password`]).
pub fn set_password(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
    hash: &PasswordHash,
    must_change: MustChange,
) -> Result<(), ControlError> {
    let account = covered(tx, actor, account)?;
    if actor.own_account() == Some(account.scope) {
        return Err(ControlError::conflict(
            "own_password",
            "change your own password with the present one: POST /api/v1/session/password",
        ));
    }
    replace(tx, &account, hash, must_change)?;
    let by = actor.principal.logged().name;
    tell(tx, &account, &by)?;
    let forced = must_change == MustChange::AtNextSignIn;
    let act = of_account(&account, "account.password").after(json!({ "must_change": forced }));
    Ok(actor.log(tx, act)?)
}

fn of(tx: &Tx<'_>, actor: &Actor, account: &Account) -> Result<PasswordRules, ControlError> {
    let policy = policy::load(tx, account.scope.tenant_scope())?.password;
    let mut inputs = logins::list(tx, account.scope)?;
    inputs.extend([account.address.to_string(), account.name.clone()]);
    Ok(PasswordRules::new(actor, policy, inputs))
}

fn replace(
    tx: &WriteTx<'_>,
    account: &Account,
    hash: &PasswordHash,
    must_change: MustChange,
) -> Result<(), ControlError> {
    credentials::set_password(tx, account.scope, hash)?;
    if must_change == MustChange::AtNextSignIn {
        credentials::require_change(tx, account.scope, must_change)?;
    }
    sessions::revoke_all(tx, account.scope, None)?;
    browsers::forget_all(tx, account.scope)?;
    Ok(())
}

fn tell(tx: &WriteTx<'_>, account: &Account, by: &str) -> Result<(), ControlError> {
    let notice = Notice::new(
        Event::PasswordChanged,
        account.scope.tenant_scope(),
        Recipient::Account(account.scope),
        json!({ "by": by }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    Ok(())
}
