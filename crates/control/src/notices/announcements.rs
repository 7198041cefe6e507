//! Announcements.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::TenantScope;
use hikyaku_notices::announcements::{
    self, Announcement, Audience, BODY_CHARS, Bilingual, Draft, TITLE_CHARS,
};
use hikyaku_oplog::Target;
use hikyaku_types::{AnnouncementId, Permission, Timestamp};
use serde_json::{Value, json};

use super::Whose;
use crate::{Actor, ControlError, Principal};

/// What the actor's own pages show now. Needs no permission: whoever administers something sees
/// what is for administrators.
pub fn shown_announcements(tx: &Tx<'_>, actor: &Actor) -> Result<Vec<Announcement>, ControlError> {
    let tenant = match &actor.principal {
        Principal::Account { scope, .. } => Some(scope.tenant_scope()),
        Principal::ApiKey { tenant, .. } => tenant.map(|tenant| TenantScope { tenant }),
        _ => None,
    };
    let audience = match actor.rights.iter().next() {
        Some(_) => Audience::Administrators,
        None => Audience::Users,
    };
    Ok(announcements::shown(tx, tenant, audience)?)
}

/// All of a tenant's, or of the platform's, the newest first.
pub fn list_announcements(
    tx: &Tx<'_>,
    actor: &Actor,
    whose: Whose,
    (after, limit): (Option<(Timestamp, AnnouncementId)>, u32),
) -> Result<Vec<Announcement>, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesRead)?;
    Ok(announcements::list(tx, scope, after, limit)?)
}

/// One.
pub fn load_announcement(
    tx: &Tx<'_>,
    actor: &Actor,
    whose: Whose,
    id: AnnouncementId,
) -> Result<Announcement, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesRead)?;
    announcements::load(tx, scope, id)?.ok_or_else(unknown)
}

/// Makes one.
pub fn create_announcement(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    draft: &Draft,
) -> Result<Announcement, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    check(draft)?;
    let author = actor.principal.logged().name;
    let id = announcements::create(tx, scope, draft, &author)?;
    let act = whose.act("announcement.create", target(id, draft));
    actor.log(tx, act.after(logged(draft)))?;
    announcements::load(tx, scope, id)?.ok_or_else(unknown)
}

/// Changes one.
pub fn update_announcement(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    (id, draft): (AnnouncementId, &Draft),
) -> Result<Announcement, ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    let before = announcements::load(tx, scope, id)?.ok_or_else(unknown)?;
    check(draft)?;
    announcements::update(tx, id, draft)?;
    let act = whose.act("announcement.change", target(id, draft));
    actor.log(tx, act.before(logged(&before.draft)).after(logged(draft)))?;
    announcements::load(tx, scope, id)?.ok_or_else(unknown)
}

/// Takes one away.
pub fn delete_announcement(
    tx: &WriteTx<'_>,
    actor: &Actor,
    whose: Whose,
    id: AnnouncementId,
) -> Result<(), ControlError> {
    let scope = whose.scope(actor, Permission::NoticesWrite)?;
    let before = announcements::load(tx, scope, id)?.ok_or_else(unknown)?;
    announcements::delete(tx, id)?;
    let act = whose.act("announcement.delete", target(id, &before.draft));
    actor.log(tx, act.before(logged(&before.draft)))?;
    Ok(())
}

fn unknown() -> ControlError {
    ControlError::NotFound {
        kind: "announcement",
    }
}

fn check(draft: &Draft) -> Result<(), ControlError> {
    if draft.title.ja.trim().is_empty() {
        return Err(ControlError::invalid("title", "is empty"));
    }
    if longest(&draft.title) > TITLE_CHARS || has_control(&draft.title) {
        let detail = format!("at most {TITLE_CHARS} characters in one line");
        return Err(ControlError::invalid("title", detail));
    }
    if longest(&draft.body) > BODY_CHARS {
        let detail = format!("at most {BODY_CHARS} characters");
        return Err(ControlError::invalid("body", detail));
    }
    if draft.ends_at.is_some_and(|end| end <= draft.starts_at) {
        return Err(ControlError::invalid("ends_at", "is not after starts_at"));
    }
    Ok(())
}

fn longest(text: &Bilingual) -> usize {
    text.ja.chars().count().max(text.en.chars().count())
}

fn has_control(text: &Bilingual) -> bool {
    text.ja.chars().chain(text.en.chars()).any(char::is_control)
}

fn target(id: AnnouncementId, draft: &Draft) -> Target {
    Target::new("announcement", id, &draft.title.ja)
}

fn logged(draft: &Draft) -> Value {
    json!({
        "audience": draft.audience.word(),
        "kind": draft.kind.word(),
        "title": { "ja": draft.title.ja, "en": draft.title.en },
        "body": { "ja": draft.body.ja, "en": draft.body.en },
        "starts_at": draft.starts_at,
        "ends_at": draft.ends_at,
    })
}
