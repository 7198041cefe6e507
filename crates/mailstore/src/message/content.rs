//! Reading the bytes of a message: the prefix, then the content from an offset on.

use bytes::{Bytes, BytesMut};
use hikyaku_blob::{ContentHash, Contents, Stored};
use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::MessageId;

use crate::{Mailstore, error::MailError};

/// A message's bytes, taken out of the database but not yet decoded.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    prefix: Vec<u8>,
    skip: usize,
    stored: Stored,
}

impl Raw {
    /// What was taken out of the database.
    pub(super) fn new(prefix: Vec<u8>, skip: usize, stored: Stored) -> Self {
        Self {
            prefix,
            skip,
            stored,
        }
    }

    /// Takes a message's bytes out of the database.
    pub(crate) fn load(
        tx: &Tx<'_>,
        scope: AccountScope,
        message: MessageId,
    ) -> Result<Self, MailError> {
        let row = tx.query_opt(
            "SELECT m.prefix, m.blob_skip, m.blob_hash FROM message m \
             JOIN mail_account a ON a.account_id = m.account_id \
             WHERE m.account_id = ?1 AND m.id = ?2 AND a.tenant_id = ?3",
            params![scope.account, message, scope.tenant],
            |row| {
                Ok((
                    row.get::<Vec<u8>>(0)?,
                    row.get::<usize>(1)?,
                    row.get::<ContentHash>(2)?,
                ))
            },
        )?;
        let (prefix, skip, hash) = row.ok_or(MailError::NoSuchMessage)?;
        let stored = hikyaku_blob::load(tx, scope.tenant, &hash)?;
        Ok(Self::new(prefix, skip, stored))
    }

    /// Bytes of the message, about.
    pub(crate) fn size(&self) -> u64 {
        self.stored.size() + self.prefix.len() as u64
    }

    /// Brings the content here when it is an object. Not within a transaction.
    pub(crate) async fn bring(self, contents: &Contents) -> Result<Self, MailError> {
        Ok(Self {
            stored: contents.bring(self.stored).await?,
            ..self
        })
    }

    /// Decodes and checks the content and puts the message together as it is read. An object has to
    /// be brought here first.
    pub(crate) fn open(self) -> Result<Bytes, MailError> {
        let content = self.stored.open()?;
        if self.skip > content.len() {
            return Err(MailError::Damaged {
                what: "message.blob_skip",
            });
        }
        let rest = content.slice(self.skip..);
        if self.prefix.is_empty() {
            return Ok(rest);
        }
        let mut whole = BytesMut::with_capacity(self.prefix.len() + rest.len());
        whole.extend_from_slice(&self.prefix);
        whole.extend_from_slice(&rest);
        Ok(whole.freeze())
    }
}

impl Mailstore {
    /// The bytes of a message as it is read. Checked against the hash they were stored under.
    pub async fn content(
        &self,
        scope: AccountScope,
        message: MessageId,
    ) -> Result<Bytes, MailError> {
        let raw = self
            .db()
            .read(move |tx| Raw::load(tx, scope, message))
            .await?
            .bring(self.contents())
            .await?;
        if raw.size() <= self.limits().inline_work_bytes as u64 {
            return raw.open();
        }
        self.blocking(move || raw.open()).await?
    }
}
