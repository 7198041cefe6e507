//! The size of a mailbox, and who decides on it (C-02, T-021, T-022, T-041).

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    AccountScope, TenantScope,
    contracts::{self, MailboxSize},
};
use hikyaku_mailstore::Quota;
use hikyaku_types::{ByteSize, DomainId};

use crate::ControlError;

/// Who decides on the size of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuotaOwner {
    /// The administrator, for each mailbox.
    #[default]
    Account,
    /// The contract: the plan or the tier of the domain. The field cannot be changed.
    Contract,
}

impl QuotaOwner {
    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Contract => "contract",
        }
    }
}

/// Who decides in a domain.
pub(crate) fn owner(
    tx: &Tx<'_>,
    tenant: TenantScope,
    domain: DomainId,
) -> Result<QuotaOwner, ControlError> {
    Ok(match contracts::mailbox_size(tx, tenant, domain)? {
        MailboxSize::Individual { .. } => QuotaOwner::Account,
        MailboxSize::Fixed(_) => QuotaOwner::Contract,
    })
}

/// The quota of a mailbox in a domain when an administrator asks for this size; `None` is the usual
/// one, 0 is "no limit of its own".
///
/// # Errors
/// [`ControlError::Invalid`] when the contract fixes the size or has a lower ceiling.
pub(crate) fn for_mailbox(
    tx: &Tx<'_>,
    (tenant, domain): (TenantScope, DomainId),
    wanted: Option<ByteSize>,
    messages: u64,
) -> Result<Quota, ControlError> {
    let bytes = match (contracts::mailbox_size(tx, tenant, domain)?, wanted) {
        (MailboxSize::Fixed(size), Some(wanted)) if wanted != size => {
            return Err(ControlError::invalid(
                "quota_bytes",
                format!("the contract gives every mailbox of this domain {size}: leave it out"),
            ));
        }
        (MailboxSize::Fixed(size), _) => size,
        (MailboxSize::Individual { usual, .. }, None) => usual,
        (MailboxSize::Individual { ceiling, .. }, Some(wanted)) => match ceiling {
            Some(most) if wanted > most => {
                return Err(ControlError::invalid(
                    "quota_bytes",
                    format!("the contract allows {most} at most"),
                ));
            }
            Some(most) if wanted.bytes() == 0 => most,
            _ => wanted,
        },
    };
    Ok(Quota { bytes, messages })
}

/// Sets what an administrator asks for; what is `None` stays.
pub(crate) fn change(
    tx: &WriteTx<'_>,
    (scope, domain): (AccountScope, DomainId),
    bytes: Option<ByteSize>,
    messages: Option<u64>,
) -> Result<(), ControlError> {
    if bytes.is_none() && messages.is_none() {
        return Ok(());
    }
    let before = hikyaku_mailstore::accounts::usage(tx, scope)?.quota;
    let messages = messages.unwrap_or(before.messages);
    let quota = match bytes {
        Some(wanted) => for_mailbox(tx, (scope.tenant_scope(), domain), Some(wanted), messages)?,
        None => Quota { messages, ..before },
    };
    Ok(hikyaku_mailstore::accounts::set_quota(tx, scope, quota)?)
}
