//! Templates of notices.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{Language, accounts};
use hikyaku_notices::{
    Event, Notice, Recipient, Rendered, TemplateError, enqueue,
    template::{self, Draft, Template},
};
use hikyaku_oplog::Target;
use hikyaku_types::{EmailAddress, Permission};
use serde_json::{Value, json};

use super::Whose;
use crate::{Actor, ControlError};

/// One text: of which event, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateKey {
    /// The event.
    pub event: Event,
    /// The language.
    pub language: Language,
}

impl TemplateKey {
    fn pair(self) -> (Event, Language) {
        (self.event, self.language)
    }

    fn target(self) -> Target {
        let name = format!("{}.{}", self.event, self.language);
        Target::new("notice_template", &name, &name)
    }
}

/// The texts in force, of every event in both languages.
pub fn list_templates(
    tx: &Tx<'_>,
    actor: &Actor,
    whose: Whose,
) -> Result<Vec<Template>, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesRead)?;
    let mut all = template::stored(tx, scope)?;
    for event in Event::ALL {
        for language in [Language::Ja, Language::En] {
            if !all
                .iter()
                .any(|found| (found.event, found.language) == (*event, language))
            {
                all.push(template::program(*event, language));
            }
        }
    }
    all.sort_by_key(|found| (found.event, found.language.tag()));
    Ok(all)
}

/// The text in force.
pub fn load_template(
    tx: &Tx<'_>,
    actor: &Actor,
    whose: Whose,
    key: TemplateKey,
) -> Result<Template, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesRead)?;
    Ok(template::load(tx, scope, key.event, key.language)?)
}

/// Sets a text, after trying it.
pub fn set_template(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    (key, draft): (TemplateKey, &Draft),
) -> Result<Template, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    draft.check(key.event).map_err(refused)?;
    let before = template::load(tx, scope, key.event, key.language)?;
    template::set(tx, scope, key.pair(), draft)?;
    let act = whose.act("notice_template.set", key.target());
    actor.log(tx, act.before(shown(&before.draft)).after(shown(draft)))?;
    Ok(template::load(tx, scope, key.event, key.language)?)
}

/// Takes the own text away: what stands above it holds again.
pub fn restore_template(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    key: TemplateKey,
) -> Result<Template, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    let before = template::load(tx, scope, key.event, key.language)?;
    template::restore(tx, scope, key.pair())?;
    let now = template::load(tx, scope, key.event, key.language)?;
    if now != before {
        let act = whose.act("notice_template.restore", key.target());
        actor.log(
            tx,
            act.before(shown(&before.draft)).after(shown(&now.draft)),
        )?;
    }
    Ok(now)
}

/// What a text looks like with sample values; of the text in force when none is given.
pub fn preview_template(
    tx: &Tx<'_>,
    actor: &Actor,
    whose: Whose,
    (key, draft): (TemplateKey, Option<&Draft>),
) -> Result<Rendered, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesRead)?;
    match draft {
        Some(draft) => draft.check(key.event),
        None => template::load(tx, scope, key.event, key.language)?
            .draft
            .check(key.event),
    }
    .map_err(refused)
}

/// Sends the text in force with sample values to the actor's own mailbox; gives its address.
pub fn send_test_notice(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    key: TemplateKey,
) -> Result<EmailAddress, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    let own = actor.own_account().ok_or_else(|| {
        ControlError::conflict(
            "no_mailbox",
            "a test goes to the own mailbox: sign in with one",
        )
    })?;
    let address = accounts::load(tx, own)?.address;
    let notice = Notice {
        event: key.event,
        tenant: scope.unwrap_or(own.tenant_scope()),
        to: Recipient::Address(address.clone(), key.language),
        variables: key.event.sample(),
    };
    enqueue(tx, &notice)?;
    actor.log(tx, whose.act("notice_template.test", key.target()))?;
    Ok(address)
}

fn refused(error: TemplateError) -> ControlError {
    let field = match &error {
        TemplateError::Empty("subject")
        | TemplateError::Refused {
            part: "subject", ..
        } => "subject",
        _ => "body",
    };
    ControlError::invalid(field, error)
}

fn shown(draft: &Draft) -> Value {
    json!({ "subject": draft.subject, "body": draft.body })
}
