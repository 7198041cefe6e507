//! Which accounts many-at-once works are about.

use hikyaku_db::Tx;
use hikyaku_types::AccountId;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, ControlError, DomainRef, TenantRef,
    accounts::{
        self, AccountFilter, AccountSort, AccountView, AfterAccount, AliveStatus, Descending,
    },
};

/// Accounts of one page.
const PAGE: u32 = 200;

/// Accounts of one bulk change at most (default 100,000).
pub const MAX_SELECTED: usize = 100_000;

/// The accounts that a filter finds: the same words as the list of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// A fragment of a name, an address, a department, a title.
    pub q: Option<String>,
    /// Only of this tenant, by id or name.
    pub tenant: Option<String>,
    /// Only of this domain, by id or name.
    pub domain: Option<String>,
    /// Only those in this state.
    pub status: Option<AliveStatus>,
    /// Only of this department, whole.
    pub department: Option<String>,
    /// Only made of this template, by id or name.
    pub template: Option<String>,
}

impl Selection {
    fn filter(&self) -> AccountFilter {
        AccountFilter {
            q: self.q.clone(),
            tenant: self.tenant.as_deref().map(TenantRef::from),
            domain: self.domain.as_deref().map(DomainRef::from),
            status: self.status,
            department: self.department.clone(),
            template: self.template.clone(),
            ..AccountFilter::default()
        }
    }

    /// The next accounts in the order of their addresses, and where it goes on.
    pub(super) fn page(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        after: Option<&AfterAccount>,
    ) -> Result<(Vec<AccountView>, Option<AfterAccount>), ControlError> {
        let order = (AccountSort::Address, Descending::No);
        let page = accounts::list(tx, actor, &self.filter(), order, (after, PAGE))?;
        Ok((page.items, page.next))
    }

    /// All of them. Reads page by page and keeps the ids alone.
    ///
    /// # Errors
    /// As [`accounts::list`]; [`ControlError::Invalid`] for more than [`MAX_SELECTED`].
    pub fn ids(&self, tx: &Tx<'_>, actor: &Actor) -> Result<Vec<AccountId>, ControlError> {
        let mut ids = Vec::new();
        let mut after = None;
        loop {
            let (views, next) = self.page(tx, actor, after.as_ref())?;
            ids.extend(views.iter().map(|view| view.details.account.scope.account));
            if ids.len() > MAX_SELECTED {
                let detail = format!("it finds more than {MAX_SELECTED} accounts: narrow it down");
                return Err(ControlError::invalid("filter", detail));
            }
            match next {
                Some(place) => after = Some(place),
                None => return Ok(ids),
            }
        }
    }
}
