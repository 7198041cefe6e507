//! Templates: the program's, the platform's, a tenant's.

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_directory::{Language, TenantScope};
use hikyaku_types::{Id, TenantId, Timestamp};
use serde_json::json;

use crate::{
    Event, defaults,
    event::Variables,
    render::{Rendered, TemplateError, render},
};

/// A text with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The subject.
    pub subject: String,
    /// The body, plain text.
    pub body: String,
}

/// Whose text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The program comes with it.
    Program,
    /// The operator has set it for all tenants.
    Platform,
    /// The tenant has set it for itself.
    Tenant,
}

impl Owner {
    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Platform => "platform",
            Self::Tenant => "tenant",
        }
    }
}

/// A template in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Of what.
    pub event: Event,
    /// In which language.
    pub language: Language,
    /// Whose it is.
    pub owner: Owner,
    /// The text.
    pub draft: Draft,
    /// When it was set; not for the program's.
    pub updated_at: Option<Timestamp>,
}

impl Draft {
    /// Tries the text with sample values, as it is tried before it is stored.
    pub fn check(&self, event: Event) -> Result<Rendered, TemplateError> {
        let mut variables = event.sample();
        let always = [
            ("product", json!("Hikyaku")),
            ("tenant", json!("株式会社サンプル")),
            ("sender", json!("株式会社サンプル")),
            ("address", json!("taro@example.co.jp")),
            ("date", json!("2026/11/22 09:05")),
        ];
        for (name, value) in always {
            variables.entry(name).or_insert(value);
        }
        self.render(&variables)
    }

    /// Renders the text.
    pub(crate) fn render(&self, variables: &Variables) -> Result<Rendered, TemplateError> {
        render(self, variables)
    }
}

/// The number that stands for the owner of texts and settings: 0 is the platform.
pub(crate) fn owner_number(tenant: Option<TenantScope>) -> i64 {
    tenant.map_or(0, |scope| scope.tenant.to_i64())
}

/// The text in force: the tenant's, else the platform's, else the program's.
pub fn load(
    tx: &Tx<'_>,
    tenant: Option<TenantScope>,
    event: Event,
    language: Language,
) -> Result<Template, DbError> {
    let found = tx.query_opt(
        "SELECT tenant_id, subject, body, updated_at FROM notice_template \
         WHERE tenant_id IN (0, ?1) AND event = ?2 AND language = ?3 \
         ORDER BY tenant_id DESC LIMIT 1",
        params![owner_number(tenant), event.word(), language.tag()],
        |row| read(row, event, language),
    )?;
    Ok(found.unwrap_or_else(|| program(event, language)))
}

/// Every stored text that is in force: the tenant's, and the platform's where it has none. Texts of
/// events that this program does not know are passed over.
pub fn stored(tx: &Tx<'_>, tenant: Option<TenantScope>) -> Result<Vec<Template>, DbError> {
    let rows = tx.query(
        "SELECT tenant_id, subject, body, updated_at, event, language FROM notice_template \
         WHERE tenant_id IN (0, ?1) ORDER BY tenant_id DESC, event, language",
        params![owner_number(tenant)],
        |row| {
            let key = row
                .text(4)?
                .parse::<Event>()
                .ok()
                .zip(row.text(5)?.parse().ok());
            key.map(|(event, language)| read(row, event, language))
                .transpose()
        },
    )?;
    let mut found: Vec<Template> = Vec::new();
    for template in rows.into_iter().flatten() {
        let same =
            |other: &Template| (other.event, other.language) == (template.event, template.language);
        if !found.iter().any(same) {
            found.push(template);
        }
    }
    Ok(found)
}

/// What the program comes with.
pub fn program(event: Event, language: Language) -> Template {
    Template {
        event,
        language,
        owner: Owner::Program,
        draft: defaults::default(event, language),
        updated_at: None,
    }
}

/// Sets the text of a tenant, or of the platform. Check it before ([`Draft::check`]).
pub fn set(
    tx: &WriteTx<'_>,
    tenant: Option<TenantScope>,
    (event, language): (Event, Language),
    draft: &Draft,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO notice_template (tenant_id, event, language, subject, body, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (tenant_id, event, language) DO UPDATE
         SET subject = excluded.subject, body = excluded.body, updated_at = excluded.updated_at",
        params![
            owner_number(tenant),
            event.word(),
            language.tag(),
            &draft.subject,
            &draft.body,
            tx.now(),
        ],
    )?;
    Ok(())
}

/// Takes the own text away, so that the one above it holds again.
pub fn restore(
    tx: &WriteTx<'_>,
    tenant: Option<TenantScope>,
    (event, language): (Event, Language),
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM notice_template WHERE tenant_id = ?1 AND event = ?2 AND language = ?3",
        params![owner_number(tenant), event.word(), language.tag()],
    )?;
    Ok(())
}

fn read(row: &Row<'_>, event: Event, language: Language) -> Result<Template, DbError> {
    let tenant: TenantId = row.get(0)?;
    Ok(Template {
        event,
        language,
        owner: match tenant.to_i64() {
            0 => Owner::Platform,
            _ => Owner::Tenant,
        },
        draft: Draft {
            subject: row.get(1)?,
            body: row.get(2)?,
        },
        updated_at: Some(row.get(3)?),
    })
}
