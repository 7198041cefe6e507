//! Announcements (O-034, AD-30): what the operator tells tenants, and administrators their users.

use std::str::FromStr;

use hikyaku_db::{DbError, Row, Tx, Value, WriteTx, params};
use hikyaku_directory::{Language, TenantScope};
use hikyaku_types::{AnnouncementId, Timestamp};

use crate::template::owner_number;

/// Announcements that one page shows at most (100).
pub const SHOWN_MAX: u32 = 100;
/// Characters of a title (200).
pub const TITLE_CHARS: usize = 200;
/// Characters of a body (10,000).
pub const BODY_CHARS: usize = 10_000;

macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident, $unknown:ident, $what:literal {
            $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$each])* $variant),+
        }

        #[doc = concat!("A word that is no ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("there is no {what} \"{0}\"", what = $what)]
        pub struct $unknown(String);

        impl $name {
            /// The word in tables and in the API.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl FromStr for $name {
            type Err = $unknown;

            fn from_str(word: &str) -> Result<Self, $unknown> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($unknown(word.chars().take(64).collect())),
                }
            }
        }
    };
}

words! {
    /// Whom an announcement is for.
    Audience, UnknownAudience, "audience" {
        /// Those who administer something.
        Administrators = "administrators",
        /// Everybody.
        Users = "users",
    }
}
words! {
    /// How it is shown.
    Kind, UnknownKind, "kind of announcement" {
        /// Like the others.
        Info = "info",
        /// Before the others.
        Important = "important",
        /// As a banner.
        Maintenance = "maintenance",
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bilingual {
    /// Japanese.
    pub ja: String,
    /// English; empty: the Japanese one for all.
    pub en: String,
}

impl Bilingual {
    /// The text for a reader.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::En if !self.en.is_empty() => &self.en,
            Language::En | Language::Ja => &self.ja,
        }
    }
}

/// An announcement's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whom it is for.
    pub audience: Audience,
    /// How it is shown.
    pub kind: Kind,
    /// One line.
    pub title: Bilingual,
    /// Plain text.
    pub body: Bilingual,
    /// From when it is shown.
    pub starts_at: Timestamp,
    /// Until when; nothing: until it is taken down.
    pub ends_at: Option<Timestamp>,
}

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// The tenant whose announcement it is; nothing: the platform's.
    pub tenant: Option<TenantScope>,
    /// What it says.
    pub draft: Draft,
    /// Who made it, as the operation log names them.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "id, tenant_id, audience, kind, title_ja, body_ja, title_en, body_en, \
     starts_at, ends_at, created_by, created_at, updated_at";

/// What readers of a tenant see now, the newest first: the tenant's own and the platform's.
pub fn shown(
    tx: &Tx<'_>,
    tenant: Option<TenantScope>,
    audience: Audience,
) -> Result<Vec<Announcement>, DbError> {
    let wider = match audience {
        Audience::Administrators => Audience::Users,
        Audience::Users => audience,
    };
    let own = owner_number(tenant);
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM announcement WHERE tenant_id IN (0, ?1) AND starts_at <= ?2 \
             AND (ends_at IS NULL OR ends_at > ?2) AND audience IN (?3, ?4) \
             ORDER BY starts_at DESC, id DESC LIMIT ?5"
        ),
        params![own, tx.now(), audience.word(), wider.word(), SHOWN_MAX],
        announcement,
    )
}

/// All of a tenant's, or of the platform's, the newest first; from behind `after` on.
pub fn list(
    tx: &Tx<'_>,
    tenant: Option<TenantScope>,
    after: Option<(Timestamp, AnnouncementId)>,
    limit: u32,
) -> Result<Vec<Announcement>, DbError> {
    let mut parameters: Vec<Value<'_>> = params![owner_number(tenant), limit].to_vec();
    let behind = match after {
        Some((at, id)) => {
            parameters.extend(params![at, id].iter().cloned());
            "AND (starts_at < ?3 OR (starts_at = ?3 AND id < ?4))"
        }
        None => "",
    };
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM announcement WHERE tenant_id = ?1 {behind} \
             ORDER BY starts_at DESC, id DESC LIMIT ?2"
        ),
        &parameters,
        announcement,
    )
}

/// One; nothing when it is not there or somebody else's.
pub fn load(
    tx: &Tx<'_>,
    tenant: Option<TenantScope>,
    id: AnnouncementId,
) -> Result<Option<Announcement>, DbError> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM announcement WHERE id = ?1 AND tenant_id = ?2"),
        params![id, owner_number(tenant)],
        announcement,
    )
}

/// Writes a new one.
pub fn create(
    tx: &WriteTx<'_>,
    tenant: Option<TenantScope>,
    draft: &Draft,
    created_by: &str,
) -> Result<AnnouncementId, DbError> {
    let id: AnnouncementId = tx.new_id();
    tx.execute(
        "INSERT INTO announcement (id, tenant_id, audience, kind, title_ja, body_ja, title_en,
             body_en, starts_at, ends_at, created_by, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
        params![
            id,
            owner_number(tenant),
            draft.audience.word(),
            draft.kind.word(),
            &draft.title.ja,
            &draft.body.ja,
            &draft.title.en,
            &draft.body.en,
            draft.starts_at,
            draft.ends_at,
            created_by,
            tx.now(),
        ],
    )?;
    Ok(id)
}

/// Changes one.
pub fn update(tx: &WriteTx<'_>, id: AnnouncementId, draft: &Draft) -> Result<(), DbError> {
    tx.execute(
        "UPDATE announcement SET audience = ?2, kind = ?3, title_ja = ?4, body_ja = ?5,
             title_en = ?6, body_en = ?7, starts_at = ?8, ends_at = ?9, updated_at = ?10
         WHERE id = ?1",
        params![
            id,
            draft.audience.word(),
            draft.kind.word(),
            &draft.title.ja,
            &draft.body.ja,
            &draft.title.en,
            &draft.body.en,
            draft.starts_at,
            draft.ends_at,
            tx.now(),
        ],
    )?;
    Ok(())
}

/// Takes one away.
pub fn delete(tx: &WriteTx<'_>, id: AnnouncementId) -> Result<(), DbError> {
    tx.execute("DELETE FROM announcement WHERE id = ?1", params![id])?;
    Ok(())
}

fn announcement(row: &Row<'_>) -> Result<Announcement, DbError> {
    let tenant: hikyaku_types::TenantId = row.get(1)?;
    let of_tenant = hikyaku_types::Id::to_i64(tenant) != 0;
    Ok(Announcement {
        id: row.get(0)?,
        tenant: of_tenant.then_some(TenantScope { tenant }),
        draft: Draft {
            audience: row.text(2)?.parse().map_err(|_| word(2, "an audience"))?,
            kind: row
                .text(3)?
                .parse()
                .map_err(|_| word(3, "a kind of announcement"))?,
            title: Bilingual {
                ja: row.get(4)?,
                en: row.get(6)?,
            },
            body: Bilingual {
                ja: row.get(5)?,
                en: row.get(7)?,
            },
            starts_at: row.get(8)?,
            ends_at: row.get(9)?,
        },
        created_by: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
    })
}

/// A column holds a text that this program would not have written.
fn word(index: usize, expected: &'static str) -> DbError {
    DbError::Conversion {
        index,
        expected,
        found: "another text",
    }
}
