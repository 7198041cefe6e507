//! Reading every content again: those in the database, and objects.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use hikyaku_blob::{BlobError, ContentHash, Verified};
use hikyaku_directory::{DirectoryError, accounts};
use hikyaku_mailstore::{MailError, check::Affected};
use hikyaku_types::{ByteSize, TenantId};
use serde::Serialize;

use super::Doctor;
use crate::{ndjson::Lines, problem::Problem};

/// What reading the contents found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Contents {
    /// Contents that were read.
    read: u64,
    /// Their bytes.
    bytes: u64,
    /// Those of them that are objects.
    objects: u64,
    /// Contents whose object is not there.
    missing: u64,
    /// Contents that are not what was written.
    damaged: u64,
    /// Objects of the store.
    stored_objects: u64,
    /// Those of them that nothing refers to; they are deleted after the grace time.
    unused_objects: u64,
}

/// How far the reading is.
#[derive(Debug, Serialize)]
struct Progress {
    contents: u64,
    bytes: u64,
}

impl Doctor {
    /// Reads all contents of all tenants, not faster than `rate` bytes a second.
    pub(super) async fn read_contents(
        &mut self,
        rate: Option<ByteSize>,
        lines: &Lines,
    ) -> Result<(), Problem> {
        let mut report = Contents::default();
        for tenant in self.services.mailstore.tenants_with_contents().await? {
            let mut after = None;
            loop {
                let begun = Instant::now();
                let mailstore = &self.services.mailstore;
                let verified = mailstore.verify_contents(tenant, after).await?;
                report.add(&verified);
                after = verified.next;
                let bytes = verified.bytes;
                self.tell_faults(tenant, verified.faults).await?;
                lines.progress(Progress {
                    contents: report.read,
                    bytes: report.bytes,
                });
                if after.is_none() {
                    break;
                }
                tokio::time::sleep(rest(bytes, rate, begun)).await;
            }
        }
        self.count_unused(&mut report).await?;
        self.report.contents = Some(report);
        Ok(())
    }

    async fn count_unused(&self, report: &mut Contents) -> Result<(), Problem> {
        let mut after = None;
        loop {
            let contents = self.services.mailstore.contents();
            let found = contents.find_unused(after).await.map_err(MailError::from)?;
            report.stored_objects += found.objects;
            report.unused_objects += found.unused;
            after = found.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Names the messages that cannot be read, or the content when no message has it.
    async fn tell_faults(
        &mut self,
        tenant: TenantId,
        faults: Vec<(ContentHash, BlobError)>,
    ) -> Result<(), Problem> {
        let faults: BTreeMap<ContentHash, BlobError> = faults.into_iter().collect();
        let hashes = faults.keys().copied().collect();
        let mut unnamed = faults.clone();
        for affected in self.services.mailstore.affected(tenant, hashes).await? {
            let Some(fault) = faults.get(&affected.content) else {
                continue;
            };
            unnamed.remove(&affected.content);
            let place = self.owner(&affected).await?;
            self.found(place, format!("{}: {fault}", whereabouts(&affected)));
        }
        for fault in unnamed.into_values() {
            self.found(format!("tenant {tenant}"), fault.to_string());
        }
        Ok(())
    }

    /// The address of a message's owner, or its number when the account is deleted.
    async fn owner(&self, affected: &Affected) -> Result<String, Problem> {
        let scope = affected.scope;
        let loaded = self
            .services
            .db
            .read(move |tx| accounts::load(tx, scope))
            .await;
        match loaded {
            Ok(account) => Ok(account.address.to_string()),
            Err(DirectoryError::NoSuchAccount(_)) => Ok(format!("account {}", scope.account)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Contents {
    fn add(&mut self, verified: &Verified) {
        self.read += verified.contents;
        self.bytes += verified.bytes;
        self.objects += verified.objects;
        for (_, fault) in &verified.faults {
            match fault {
                BlobError::NoObject { .. } => self.missing += 1,
                _ => self.damaged += 1,
            }
        }
    }
}

fn whereabouts(affected: &Affected) -> String {
    match &affected.place {
        Some((mailbox, uid)) => format!("{} UID {uid}", mailbox.as_str()),
        None => format!("the expunged message {}", affected.message),
    }
}

/// What is left of the time that so many bytes may take.
fn rest(bytes: u64, rate: Option<ByteSize>, begun: Instant) -> Duration {
    let Some(rate) = rate.map(ByteSize::bytes).filter(|rate| *rate > 0) else {
        return Duration::ZERO;
    };
    let allowed = Duration::from_secs_f64(bytes as f64 / rate as f64);
    allowed.saturating_sub(begun.elapsed())
}
