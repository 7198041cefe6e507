//! From a row of the outbox to a message.

use hikyaku_db::{DbError, Tx};
use hikyaku_directory::{DirectoryError, TenantScope, tenants};
use hikyaku_message::{
    HeaderText, Mailbox,
    build::{self, BuildError, Entity, HeaderBlock},
    charset::Target,
};
use hikyaku_types::{Domain, EmailAddress, OffsetTimestamp, Timestamp};
use serde_json::json;

use crate::{
    Event,
    event::Variables,
    outbox::Waiting,
    render::Rendered,
    settings,
    template::{self, Owner, Template},
};

/// The service's name in texts when nobody has set one.
const PRODUCT: &str = "Hikyaku";

/// Everything of the database that a notice is made from.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) template: Template,
    pub(crate) tenant: String,
    pub(crate) product: String,
    pub(crate) sender_name: String,
    /// The sender's address, when the tenant has one that is its own.
    pub(crate) sender_address: Option<EmailAddress>,
}

/// Collects it.
pub(crate) fn material(
    tx: &Tx<'_>,
    waiting: &Waiting,
    event: Event,
) -> Result<Material, DirectoryError> {
    let scope = Some(waiting.tenant);
    let tenant = tenants::load(tx, waiting.tenant)?;
    let (own, platform) = (settings::load(tx, scope)?, settings::load(tx, None)?);
    let sender_address = match own.sender_address {
        Some(address) => Some(address),
        None => first_domain(tx, waiting.tenant)?,
    };
    Ok(Material {
        template: template::load(tx, scope, event, waiting.language)?,
        product: own
            .product
            .or(platform.product)
            .unwrap_or_else(|| PRODUCT.to_owned()),
        sender_name: own.sender_name.unwrap_or_else(|| tenant.name.clone()),
        sender_address,
        tenant: tenant.name,
    })
}

/// `noreply@` of the tenant's oldest domain.
fn first_domain(tx: &Tx<'_>, scope: TenantScope) -> Result<Option<EmailAddress>, DbError> {
    let name = tx.query_opt(
        "SELECT name FROM domain WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT 1",
        hikyaku_db::params![scope.tenant],
        |row| row.get::<String>(0),
    )?;
    Ok(name.and_then(|name| format!("noreply@{name}").parse().ok()))
}

/// The text: the template's, or the program's own when a stored one fails on real values.
pub(crate) fn text(material: &Material, waiting: &Waiting, now: Timestamp) -> Option<Rendered> {
    let variables = variables(material, waiting, now);
    let template = &material.template;
    match template.draft.render(&variables) {
        Ok(text) => Some(text),
        Err(error) if template.owner != Owner::Program => {
            tracing::warn!(
                tenant.id = %waiting.tenant.tenant, event = %template.event,
                language = template.language.tag(), %error,
                "a notice is sent with the program's text, because the stored one fails"
            );
            let own = template::program(template.event, template.language);
            own.draft.render(&variables).ok()
        }
        Err(error) => {
            tracing::error!(event = %template.event, %error, "a notice cannot be written");
            None
        }
    }
}

fn variables(material: &Material, waiting: &Waiting, now: Timestamp) -> Variables {
    let mut variables = waiting.variables.clone();
    let always = [
        ("product", json!(material.product)),
        ("tenant", json!(material.tenant)),
        ("sender", json!(material.sender_name)),
        ("address", json!(waiting.address)),
        ("date", json!(date(now, &waiting.time_zone))),
    ];
    for (name, value) in always {
        variables.entry(name).or_insert(value);
    }
    variables
}

/// An instant as people read it, in their zone: `2026/11/21 09:05`.
fn date(at: Timestamp, zone: &str) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    instant
        .to_zoned(zone)
        .strftime("%Y/%m/%d %H:%M")
        .to_string()
}

/// The message: plain text, marked as automatic (RFC 3834) so that nothing answers it.
pub(crate) fn message(
    (material, host): (&Material, &Domain),
    text: &Rendered,
    (to, now): (&EmailAddress, Timestamp),
    unique: &str,
) -> Result<Vec<u8>, BuildError> {
    let sender = match &material.sender_address {
        Some(address) => mailbox(address, Some(&material.sender_name)),
        None => Mailbox {
            name: Some(HeaderText::from_parts(
                material.sender_name.as_bytes(),
                &material.sender_name,
            )),
            local: "noreply".into(),
            host: host.as_str().into(),
            ..Mailbox::default()
        },
    };
    let id = build::message_id(&format!("{unique}.notice"), host)?;
    let header = HeaderBlock::new()
        .date("Date", OffsetTimestamp::utc(now))?
        .addresses("From", &[sender], Target::Utf8)?
        .addresses("To", &[mailbox(to, None)], Target::Utf8)?
        .text("Subject", &text.subject, Target::Utf8)?
        .message_ids("Message-ID", &[&id])?
        .structured("Auto-Submitted", "auto-generated")?
        .structured("X-Hikyaku-Notice", material.template.event.word())?;
    let body = Entity::text("plain", &text.body, Target::Utf8)?;
    build::message(&header, &body)
}

fn mailbox(address: &EmailAddress, name: Option<&str>) -> Mailbox {
    Mailbox {
        name: name.map(|name| HeaderText::from_parts(name.as_bytes(), name)),
        local: address.local().into(),
        host: address.domain().as_str().into(),
        ..Mailbox::default()
    }
}
