//! Lists of accounts (AD-02, F-40): searched, filtered, sorted and paged, each page in bounded time
//! however many accounts there are.
//!
//! There are two ways to a page. When a term of the search or of a filter is rare, its accounts are
//! read, judged and sorted ([`rare`]). When every term is common, or there is none, the accounts
//! are walked in the order wanted and judged one by one ([`walk`]): what is common is soon found. A
//! walk that has looked at many and found few ends with what it has and says where to go on, so
//! that a page may be shorter than asked for and still have a next one.

mod filter;
mod order;
mod rare;
mod row;
mod walk;

use hikyaku_db::Tx;
use hikyaku_directory::AccountScope;
use hikyaku_types::{DomainId, Permission, TenantId};

pub use filter::{AccountFilter, AliveStatus, NEAR_QUOTA_PERCENT};
pub use order::{AccountSort, AfterAccount, Key};

use super::view::{self, AccountView};
use crate::{Actor, Area, ControlError};
use filter::Wanted;
use order::Order;
use row::Candidate;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPage {
    /// The accounts.
    pub items: Vec<AccountView>,
    /// Where the next page begins; nothing on the last one.
    pub next: Option<AfterAccount>,
}

/// Which accounts a statement looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Narrow {
    tenant: Option<TenantId>,
    /// Empty: all.
    domains: Vec<DomainId>,
}

/// Up to `limit` accounts that the actor may see and the filter wants, behind `after`.
///
/// # Errors
/// [`ControlError::Forbidden`]; [`ControlError::NotFound`] for a tenant or a domain out of reach;
/// [`ControlError::Invalid`] for an order that needs a tenant or a domain.
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    filter: &AccountFilter,
    order: (AccountSort, Descending),
    (after, limit): (Option<&AfterAccount>, u32),
) -> Result<AccountPage, ControlError> {
    let narrow = narrow(tx, actor, filter)?;
    let order = Order {
        by: order.0,
        descending: order.1 == Descending::Yes,
    };
    if narrow.tenant.is_none() && !order.by.is_indexed_everywhere() {
        let detail = "this order needs a tenant or a domain: give one";
        return Err(ControlError::invalid("sort", detail));
    }
    let wanted = Wanted::of(tx, filter, &narrow)?;
    let after = after.cloned().unwrap_or_else(|| order.beginning());
    let found = match rare::term(tx, &wanted, &narrow)? {
        Some(term) => rare::page(tx, (&wanted, &narrow), order, &term, (&after, limit))?,
        None => walk::page(tx, (&wanted, &narrow), order, (&after, limit))?,
    };
    let scopes: Vec<AccountScope> = found.0.iter().map(|found| found.scope).collect();
    Ok(AccountPage {
        items: view::many(tx, &scopes)?,
        next: found.1,
    })
}

/// Whether an order goes backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Descending {
    /// From the first.
    #[default]
    No,
    /// From the last.
    Yes,
}

/// What a page holds, and where the next one begins.
type Found = (Vec<Candidate>, Option<AfterAccount>);

/// Where the actor may look and the filter wants to.
fn narrow(tx: &Tx<'_>, actor: &Actor, filter: &AccountFilter) -> Result<Narrow, ControlError> {
    let area = actor.area(Permission::AccountsRead)?;
    if let Some(which) = &filter.domain {
        let domain = which.find(tx, actor, Permission::AccountsRead)?;
        return Ok(Narrow {
            tenant: Some(domain.tenant.tenant),
            domains: vec![domain.id],
        });
    }
    if let Some(which) = &filter.tenant {
        let tenant = which.find(tx, actor, Permission::AccountsRead)?;
        return Ok(Narrow {
            tenant: Some(tenant.scope.tenant),
            domains: Vec::new(),
        });
    }
    Ok(match area {
        Area::Platform(_) => Narrow {
            tenant: None,
            domains: Vec::new(),
        },
        Area::Tenant(scope) => Narrow {
            tenant: Some(scope.tenant),
            domains: Vec::new(),
        },
        Area::Domains(scope, domains) => Narrow {
            tenant: Some(scope.tenant),
            domains,
        },
    })
}
