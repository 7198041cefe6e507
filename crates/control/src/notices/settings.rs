//! From whom notices come, and who gets those to administrators.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{DirectoryError, TenantScope, domains};
use hikyaku_notices::settings::{self, NoticeSettings};
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, Permission};
use serde_json::{Value, json};

use super::Whose;
use crate::{Actor, ControlError};

/// Characters of the service's name and of the sender's (100).
const NAME_CHARS: usize = 100;
/// Addresses that get the notices to administrators (50).
const ADMINISTRATORS_MAX: usize = 50;

/// What is set.
pub fn load_settings(
    tx: &Tx<'_>,
    actor: &Actor,
    whose: Whose,
) -> Result<NoticeSettings, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesRead)?;
    Ok(settings::load(tx, scope)?)
}

/// Sets all of it. A tenant's sender is an address in a domain of its own: nobody writes in the
/// name of others.
pub fn update_settings(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    new: &NoticeSettings,
) -> Result<NoticeSettings, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    check_name("product", new.product.as_deref())?;
    check_name("sender_name", new.sender_name.as_deref())?;
    if let Some(address) = &new.sender_address {
        check_sender(tx, scope, address)?;
    }
    if new.administrators.len() > ADMINISTRATORS_MAX {
        let detail = format!("{ADMINISTRATORS_MAX} addresses at most");
        return Err(ControlError::invalid("administrators", detail));
    }
    let before = settings::load(tx, scope)?;
    settings::set(tx, scope, new)?;
    let target = Target::new("notice_settings", "", "");
    let act = whose.act("notice_settings.set", target);
    actor.log(tx, act.before(shown(&before)).after(shown(new)))?;
    Ok(new.clone())
}

fn check_name(field: &'static str, name: Option<&str>) -> Result<(), ControlError> {
    let Some(name) = name else {
        return Ok(());
    };
    if name.trim().is_empty() {
        return Err(ControlError::invalid(
            field,
            "is empty: leave it out instead",
        ));
    }
    if name.chars().any(char::is_control) || name.chars().count() > NAME_CHARS {
        let detail = format!("at most {NAME_CHARS} characters, none of them a control character");
        return Err(ControlError::invalid(field, detail));
    }
    Ok(())
}

fn check_sender(
    tx: &Tx<'_>,
    scope: Option<TenantScope>,
    address: &EmailAddress,
) -> Result<(), ControlError> {
    let foreign = || {
        let detail = format!("{} is not a domain of this tenant", address.domain());
        ControlError::invalid("sender_address", detail)
    };
    let Some(scope) = scope else {
        let detail = "the platform's notices come from each tenant's own address";
        return Err(ControlError::invalid("sender_address", detail));
    };
    match domains::find(tx, scope, address.domain()) {
        Ok(_) => Ok(()),
        Err(DirectoryError::NoSuchDomain(_)) => Err(foreign()),
        Err(error) => Err(error.into()),
    }
}

fn shown(settings: &NoticeSettings) -> Value {
    let addresses = settings.administrators.iter().map(ToString::to_string);
    json!({
        "product": settings.product,
        "sender_name": settings.sender_name,
        "sender_address": settings.sender_address.as_ref().map(ToString::to_string),
        "administrators": addresses.collect::<Vec<_>>(),
    })
}
