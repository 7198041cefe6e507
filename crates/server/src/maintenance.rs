//! What a running server does by itself: removing what is past its time.

mod turn;

use std::time::Duration;

use hikyaku_access::history;
use hikyaku_blob::BlobError;
use hikyaku_db::{Database, DbError, Lane, WriteTx};
use hikyaku_directory::{AccountScope, DirectoryError, PlatformScope, accounts, tenants};
use hikyaku_mailstore::{MailError, Mailstore};
use hikyaku_oplog::{Chain, chains, prune};
use hikyaku_transport::trace;
use hikyaku_types::{TenantId, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Limits;

/// Time between two rounds.
const INTERVAL: Duration = Duration::from_hours(1);
/// Time between two looks at contents that are kept in memory to be read again.
const TICK: Duration = Duration::from_secs(20);
/// Deleted accounts, and tenants, that are looked up at once.
const PAGE: u32 = 100;

/// The rooms that maintenance works in.
#[derive(Debug)]
pub(crate) struct Maintenance {
    pub(crate) db: Database,
    pub(crate) mailstore: Mailstore,
    pub(crate) limits: Limits,
    /// How long objects that nothing needs are kept.
    pub(crate) object_grace: Duration,
}

/// Why a part of a round was left to the next one.
#[derive(Debug, thiserror::Error)]
enum MaintenanceError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Contents(#[from] BlobError),
    #[error(transparent)]
    Control(#[from] hikyaku_control::ControlError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Maintenance {
    /// Goes round until the server stops.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wait() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.round_in_turn() => {}
            }
        }
    }

    /// The time until the next round, in which memory that nobody uses is given back.
    async fn wait(&self) {
        for _ in 0..INTERVAL.as_secs() / TICK.as_secs() {
            tokio::time::sleep(TICK).await;
            self.mailstore.contents().forget_unused();
            if let Err(error) = self.settle_tenants().await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "the dates of tenants were not looked at"
                );
            }
        }
    }

    /// Services that began and contracts that ended. The dates are in force at their instant; this
    /// writes them down, and ends the sessions that may not go on.
    async fn settle_tenants(&self) -> Result<(), MaintenanceError> {
        let settle = |tx: &WriteTx<'_>| {
            hikyaku_control::tenants::settle(tx, &hikyaku_control::Actor::system("dates"))
        };
        while self.db.write(Lane::Background, settle).await? > 0 {}
        Ok(())
    }

    /// Accounts from before there were searches get their terms.
    async fn make_searchable(&self) -> Result<(), MaintenanceError> {
        let operator = PlatformScope::operator();
        let some = move |tx: &WriteTx<'_>| accounts::make_searchable(tx, operator);
        while self.db.write(Lane::Background, some).await? > 0 {}
        Ok(())
    }

    /// One round. What fails is logged and tried again in the next one.
    async fn round(&self) {
        let tasks = [
            ("purging expunged mail", self.purge_mail().await),
            ("erasing deleted accounts", self.erase_accounts().await),
            ("purging the trace", self.purge_trace().await),
            ("pruning the operation log", self.prune_log().await),
            ("deleting unused objects", self.sweep_objects().await),
            ("forgetting requests", self.forget_requests().await),
            ("forgetting browsers", self.forget_browsers().await),
            ("purging the sign-in history", self.purge_sign_ins().await),
            ("forgetting old jobs", self.purge_jobs().await),
            ("making accounts searchable", self.make_searchable().await),
        ];
        for (task, result) in tasks {
            if let Err(error) = result {
                warn!(
                    error = &error as &dyn std::error::Error,
                    task, "maintenance failed"
                );
            }
        }
    }

    /// Idempotency keys that are past their time.
    async fn forget_requests(&self) -> Result<(), MaintenanceError> {
        let purge = |tx: &WriteTx<'_>| hikyaku_control::idempotency::purge(tx);
        while self.db.write(Lane::Background, purge).await? > 0 {}
        Ok(())
    }

    /// Sessions, remembered browsers and links that are past their time.
    async fn forget_browsers(&self) -> Result<(), MaintenanceError> {
        let sweep = |tx: &WriteTx<'_>| hikyaku_access::sessions::sweep(tx);
        while self.db.write(Lane::Background, sweep).await? > 0 {}
        Ok(())
    }

    async fn purge_mail(&self) -> Result<(), MaintenanceError> {
        let report = self.mailstore.purge().await?;
        if report.messages > 0 {
            info!(
                messages = report.messages,
                "expunged messages were past their time"
            );
        }
        Ok(())
    }

    async fn purge_jobs(&self) -> Result<(), MaintenanceError> {
        let jobs = hikyaku_jobs::purge(&self.db).await?;
        if jobs > 0 {
            info!(jobs, "jobs that ended long ago were forgotten");
        }
        Ok(())
    }

    /// Objects that lost their last content, and uploads that no transaction came to need.
    async fn sweep_objects(&self) -> Result<(), MaintenanceError> {
        let contents = self.mailstore.contents();
        let swept = contents.sweep(self.object_grace).await?;
        if swept.deleted + swept.forgotten > 0 {
            info!(
                deleted = swept.deleted,
                forgotten = swept.forgotten,
                "unused objects were swept up"
            );
        }
        Ok(())
    }

    /// An account that cannot be erased is left to the next round; the others do not wait for it.
    async fn erase_accounts(&self) -> Result<(), MaintenanceError> {
        let before = self.db.now().minus(days(self.limits.account_restore_days));
        loop {
            let operator = PlatformScope::operator();
            let due = self
                .db
                .read(move |tx| accounts::deleted(tx, operator, before, PAGE))
                .await?;
            let mut erased = 0;
            for account in due {
                let scope = account.scope;
                match self.erase_account(scope).await {
                    Ok(messages) => {
                        erased += 1;
                        info!(account.id = %scope.account, messages, "a deleted account was erased");
                    }
                    Err(error) => warn!(
                        account.id = %scope.account,
                        error = &error as &dyn std::error::Error,
                        "a deleted account was not erased"
                    ),
                }
            }
            if erased == 0 {
                return Ok(());
            }
        }
    }

    async fn erase_account(&self, scope: AccountScope) -> Result<u64, MaintenanceError> {
        self.db
            .write(Lane::Background, move |tx| {
                accounts::begin_erasure(tx, scope)
            })
            .await?;
        let messages = self.mailstore.erase(scope).await?;
        self.db
            .write(Lane::Background, move |tx| accounts::erase(tx, scope))
            .await?;
        Ok(messages)
    }

    async fn purge_sign_ins(&self) -> Result<(), MaintenanceError> {
        let before = self.db.now().minus(days(history::KEPT_DAYS));
        let purge = move |tx: &WriteTx<'_>| history::purge(tx, before);
        while self.db.write(Lane::Background, purge).await? > 0 {}
        Ok(())
    }

    /// What is past its time goes from the old end of each log, and leaves a checkpoint.
    async fn prune_log(&self) -> Result<(), MaintenanceError> {
        let before = self.db.now().minus(days(self.limits.operation_log_days));
        let mut last: Option<Chain> = None;
        loop {
            let after = last;
            let page = self.db.read(move |tx| chains(tx, after, PAGE)).await?;
            for chain in &page {
                prune(&self.db, *chain, before).await?;
            }
            match page.last() {
                Some(chain) => last = Some(*chain),
                None => return Ok(()),
            }
        }
    }

    async fn purge_trace(&self) -> Result<(), MaintenanceError> {
        let before = self.db.now().minus(days(self.limits.trace_days));
        let mut last: Option<String> = None;
        loop {
            let (operator, after) = (PlatformScope::operator(), last.clone());
            let page = self
                .db
                .read(move |tx| tenants::list(tx, operator, after.as_deref(), PAGE))
                .await?;
            for tenant in &page {
                self.purge_trace_of(tenant.scope.tenant, before).await?;
            }
            match page.last() {
                Some(tenant) => last = Some(tenant.name.clone()),
                None => return Ok(()),
            }
        }
    }

    async fn purge_trace_of(
        &self,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<(), MaintenanceError> {
        let purge = move |tx: &WriteTx<'_>| trace::purge(tx, tenant, before);
        while self.db.write(Lane::Background, purge).await? > 0 {}
        Ok(())
    }
}

const fn days(count: u32) -> Duration {
    Duration::from_hours(24 * count as u64)
}

#[cfg(test)]
mod tests;
