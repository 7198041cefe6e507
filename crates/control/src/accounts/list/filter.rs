//! What a list wants to see.

use hikyaku_db::Tx;
use hikyaku_directory::{
    AccountKind, DirectoryError,
    accounts::terms::{Mark, Piece, folded, pieces},
    templates,
};
use hikyaku_types::TemplateId;
use serde::{Deserialize, Serialize};

use super::{Narrow, row::Candidate};
use crate::{ControlError, DomainRef, TenantRef};

/// From how many percent of its limit a mailbox counts as nearly full: where the first notice goes
/// out (F-55).
pub const NEAR_QUOTA_PERCENT: i64 = 80;
/// Characters of a search at most: longer than any name.
const MAX_SEARCH_CHARS: usize = 200;

/// Which accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountFilter {
    /// A fragment of a name, of how it is read, of an address (also across its `@`), a department,
    /// a title, a telephone or an employee number. Case, width, kana and blanks do not matter.
    pub q: Option<String>,
    /// Only of this tenant.
    pub tenant: Option<TenantRef>,
    /// Only of this domain.
    pub domain: Option<DomainRef>,
    /// Only those in this state.
    pub status: Option<AliveStatus>,
    /// Only of this kind.
    pub kind: Option<AccountKind>,
    /// Only of this department, whole.
    pub department: Option<String>,
    /// Only made of this template, by id or name; needs a tenant or a domain.
    pub template: Option<String>,
    /// Only those whose mailbox is nearly full: [`NEAR_QUOTA_PERCENT`].
    pub near_quota: bool,
}

/// The state of a living account, as administrators ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliveStatus {
    /// Nothing is suspended.
    Active,
    /// May not sign in.
    Suspended,
    /// Takes no mail.
    ReceivingSuspended,
    /// May not send.
    SendingSuspended,
}

/// A filter, ready to judge.
#[derive(Debug)]
pub(super) struct Wanted {
    text: String,
    status: Option<AliveStatus>,
    kind: Option<AccountKind>,
    department: Option<String>,
    template: Option<TemplateId>,
    near_quota: bool,
}

impl Wanted {
    pub(super) fn of(
        tx: &Tx<'_>,
        filter: &AccountFilter,
        narrow: &Narrow,
    ) -> Result<Self, ControlError> {
        let text = folded(filter.q.as_deref().unwrap_or_default());
        if text.chars().count() > MAX_SEARCH_CHARS {
            let detail = format!("is longer than {MAX_SEARCH_CHARS} characters");
            return Err(ControlError::invalid("q", detail));
        }
        let template = match (&filter.template, narrow.tenant) {
            (None, _) => None,
            (Some(_), None) => {
                let detail = "templates are a tenant's: give the tenant or the domain too";
                return Err(ControlError::invalid("template", detail));
            }
            (Some(which), Some(tenant)) => {
                let scope = hikyaku_directory::TenantScope { tenant };
                let found = templates::find(tx, scope, which).map_err(|error| match error {
                    DirectoryError::NoSuchTemplate(_) => ControlError::invalid("template", error),
                    other => other.into(),
                })?;
                // Nothing was made of a template without a row.
                Some(found.id.unwrap_or_else(|| hikyaku_types::Id::from_i64(0)))
            }
        };
        Ok(Self {
            text,
            status: filter.status,
            kind: filter.kind,
            department: filter.department.as_deref().map(folded),
            template,
            near_quota: filter.near_quota,
        })
    }

    /// Whether every account is wanted.
    pub(super) fn is_everything(&self) -> bool {
        self.text.is_empty()
            && self.status.is_none()
            && self.kind.is_none()
            && self.department.is_none()
            && self.template.is_none()
            && !self.near_quota
    }

    /// The terms that every wanted account has: whole pieces, marks, and one short piece where the
    /// text is too short for others.
    pub(super) fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = self.marks().into_iter().map(Term::Exact).collect();
        // Domains have no terms; what stands before the @ is in the local part.
        let text = self.text.split('@').next().unwrap_or_default();
        let found = pieces(text);
        let whole = found.iter().filter(|(_, piece)| *piece == Piece::Whole);
        let mut whole: Vec<Term> = whole
            .map(|(text, _)| Term::Exact((*text).to_owned()))
            .collect();
        if whole.is_empty()
            && let Some((text, _)) = found.first()
        {
            whole.push(Term::Beginning((*text).to_owned()));
        }
        terms.append(&mut whole);
        terms
    }

    fn marks(&self) -> Vec<String> {
        let mut marks = Vec::new();
        match self.status {
            Some(AliveStatus::Suspended) => marks.push(Mark::SignInSuspended),
            Some(AliveStatus::ReceivingSuspended) => marks.push(Mark::NotReceiving),
            Some(AliveStatus::SendingSuspended) => marks.push(Mark::SendingSuspended),
            Some(AliveStatus::Active) | None => {}
        }
        match self.kind {
            Some(AccountKind::Person) | None => {}
            Some(kind) => marks.push(Mark::Kind(kind)),
        }
        marks.extend(self.department.as_deref().map(Mark::Department));
        marks.extend(self.template.map(Mark::Template));
        marks.iter().map(Mark::term).collect()
    }

    /// Whether an account is wanted.
    pub(super) fn fits(&self, row: &Candidate) -> bool {
        self.fits_text(row)
            && self.status.is_none_or(|status| fits_status(status, row))
            && self.kind.is_none_or(|kind| kind.to_string() == row.kind)
            && self
                .department
                .as_ref()
                .is_none_or(|wanted| folded(&row.department) == *wanted)
            && (self.template.is_none() || self.template == row.template)
            && (!self.near_quota || is_near_quota(row))
    }

    fn fits_text(&self, row: &Candidate) -> bool {
        if self.text.contains('@') {
            folded(&row.address).contains(&self.text)
        } else {
            row.search_text.contains(&self.text)
        }
    }
}

/// A term as it is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Exact(String),
    Beginning(String),
}

fn fits_status(status: AliveStatus, row: &Candidate) -> bool {
    let (in_suspended, receives, sends) = (
        row.status == "suspended",
        row.receiving == "open",
        row.sending == "open",
    );
    match status {
        AliveStatus::Active => !in_suspended && receives && sends,
        AliveStatus::Suspended => in_suspended,
        AliveStatus::ReceivingSuspended => !receives,
        AliveStatus::SendingSuspended => !sends,
    }
}

fn is_near_quota(row: &Candidate) -> bool {
    row.used.iter().zip(row.quota).any(|(used, quota)| {
        quota > 0 && used.saturating_mul(100) >= quota.saturating_mul(NEAR_QUOTA_PERCENT)
    })
}
