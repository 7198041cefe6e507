//! Checking accounts, one snapshot each.

use hikyaku_db::Tx;
use hikyaku_directory::AccountScope;

use crate::{Mailstore, accounts, error::MailError};

use super::{Finding, Inconsistency, changes, counters, messages, structure};

/// Most findings listed for one account (200): enough to see what is wrong.
pub const FINDINGS_MAX: usize = 200;

/// What was found in one account so far.
pub(super) struct Findings {
    scope: AccountScope,
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn add(&mut self, inconsistency: Inconsistency) {
        if self.list.len() < FINDINGS_MAX {
            self.list.push(Finding {
                tenant: self.scope.tenant,
                account: Some(self.scope.account),
                inconsistency,
            });
        }
    }

    pub(super) fn extend(&mut self, found: impl IntoIterator<Item = Inconsistency>) {
        found
            .into_iter()
            .for_each(|inconsistency| self.add(inconsistency));
    }
}

impl Mailstore {
    /// Checks the mail of one account, except the counts of references to contents, which belong to
    /// the tenant ([`Mailstore::check_tenant`]). Nothing wrong is an empty list.
    pub async fn check(&self, scope: AccountScope) -> Result<Vec<Finding>, MailError> {
        self.db().read(move |tx| check(tx, scope)).await
    }

    /// Checks all accounts and all tenants.
    pub async fn check_all(&self) -> Result<Vec<Finding>, MailError> {
        let mut findings = Vec::new();
        let mut tenants = std::collections::BTreeSet::new();
        let mut after = None;
        loop {
            let page = self.db().read(move |tx| accounts::after(tx, after)).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.account);
            for scope in page {
                tenants.insert(scope.tenant);
                findings.extend(self.check(scope).await?);
            }
        }
        tenants.extend(self.db().read(super::contents::tenants).await?);
        for tenant in tenants {
            findings.extend(self.check_tenant(tenant).await?);
        }
        Ok(findings)
    }
}

fn check(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<Finding>, MailError> {
    accounts::usage(tx, scope)?;
    let mut findings = Findings {
        scope,
        list: Vec::new(),
    };
    structure::check(tx, scope, &mut findings)?;
    counters::check(tx, scope, &mut findings)?;
    changes::check(tx, scope, &mut findings)?;
    messages::check(tx, scope, &mut findings)?;
    Ok(findings.list)
}
