//! [`Mailstore`]: the asynchronous door to this room.

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_blob::{Contents, ReferenceSource, SpaceWatch};
use hikyaku_db::{Database, Hint, HintSubscription, Lane};
use hikyaku_directory::AccountScope;
use hikyaku_message::ParsedMessage;
use hikyaku_types::TenantId;

use crate::{content::Content, error::MailError, hold::Hold, limits::Limits, list::LONGEST};

/// The mail of all accounts. Cheap to clone.
///
/// Every method takes the scope of one account and finds nothing outside it. Dropping a call's
/// future is safe at any time: what was begun in one transaction is done or not done; an operation
/// that works in chunks stops between two.
#[derive(Debug, Clone)]
pub struct Mailstore {
    db: Database,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    holds: Holds,
    references: Vec<ReferenceSource>,
    space: SpaceWatch,
    contents: Contents,
}

/// The registered holds, for a transaction to take along.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holds(Arc<Vec<Arc<dyn Hold>>>);

impl Holds {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Hold>> {
        self.0.iter()
    }
}

/// What other rooms register with the mail store when the house is wired.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Who may keep expunged messages beyond their window.
    pub holds: Vec<Arc<dyn Hold>>,
    /// Who refers to contents beside the messages themselves (such as a queue), so that the
    /// consistency checker can count.
    pub references: Vec<ReferenceSource>,
    /// Where the contents are, to tell when there is too little room for more.
    pub space: SpaceWatch,
    /// How contents are prepared and read.
    pub contents: Contents,
}

impl Mailstore {
    /// The mail in a database, with nobody else concerned.
    pub fn new(db: Database, limits: Limits) -> Self {
        Self::with_registry(db, limits, Registry::default())
    }

    /// The mail in a database, with those who registered.
    pub fn with_registry(db: Database, limits: Limits, registry: Registry) -> Self {
        Self {
            db,
            inner: Arc::new(Inner {
                limits,
                holds: Holds(Arc::new(registry.holds)),
                references: registry.references,
                space: registry.space,
                contents: registry.contents,
            }),
        }
    }

    /// The registered holds.
    pub(crate) fn holds(&self) -> &Holds {
        &self.inner.holds
    }

    /// Refuses new mail while storage is low; reading and deleting go on (design §4).
    pub fn check_space(&self) -> Result<(), MailError> {
        if self.inner.space.is_low() {
            return Err(MailError::StorageLow);
        }
        Ok(())
    }

    /// Where contents go and come from.
    pub fn contents(&self) -> &Contents {
        &self.inner.contents
    }

    /// Who refers to contents beside messages.
    pub(crate) fn references(&self) -> &[ReferenceSource] {
        &self.inner.references
    }

    /// The database.
    pub fn db(&self) -> &Database {
        &self.db
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Listens to changes of an account's mail. A hint says "look again", with
    /// [`Mailstore::changes`].
    pub fn watch(&self, scope: AccountScope) -> HintSubscription {
        self.db.hints().subscribe(Hint::Mail(scope.account))
    }

    /// Makes a message ready for storing in this tenant: parsed, hashed and compressed, small ones
    /// at once, large ones on a thread that may block; and uploaded when it is to be an object.
    pub async fn prepare(&self, tenant: TenantId, message: Bytes) -> Result<Content, MailError> {
        let content = if message.len() <= self.limits().inline_work_bytes {
            prepare(self.contents(), &message)
        } else {
            let contents = self.contents().clone();
            self.blocking(move || prepare(&contents, &message)).await?
        };
        content.upload(self.contents(), &[tenant]).await
    }

    /// Runs work for the processor on a thread that may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, MailError> {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| MailError::Interrupted)
    }

    /// How many messages one transaction of a long operation touches.
    pub(crate) fn chunk(&self) -> usize {
        self.limits().chunk_messages.clamp(1, LONGEST)
    }

    /// The lane of an operation on this many messages: what takes several chunks is bulk work.
    pub(crate) fn lane_for(&self, messages: usize) -> Lane {
        if messages > self.chunk() {
            Lane::Background
        } else {
            Lane::Mail
        }
    }
}

fn prepare(contents: &Contents, message: &Bytes) -> Content {
    Content::parsed(contents, message, &ParsedMessage::parse(message))
}
