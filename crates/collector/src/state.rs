//! What is remembered of the mail that was taken over: the tables `collected_folder` and
//! `collected_message`.

use std::{collections::HashMap, fmt};

use hikyaku_db::{
    DbError, Lane, Tx, Value, WriteTx, params,
    sql::{in_list, values_list},
};
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{Mailstore, accounts};
use hikyaku_types::{Id, MessageId};

use crate::CollectError;

/// Messages that one statement asks for at most.
pub(crate) const ASKED_AT_ONCE: usize = 200;

/// Rows that one INSERT has, largest first.
const ROWS: [usize; 3] = [64, 8, 1];

/// A folder of a source in one generation of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FolderId(i64);

impl Id for FolderId {
    fn to_i64(self) -> i64 {
        self.0
    }

    fn from_i64(raw: i64) -> Self {
        Self(raw)
    }
}

impl fmt::Display for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which folder of which source.
#[derive(Debug, Clone)]
pub(crate) struct FolderKey {
    pub(crate) source: String,
    pub(crate) name: Vec<u8>,
    pub(crate) generation: u32,
}

/// The rows of a folder: of this generation of its numbers, and of earlier ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct FolderRows {
    /// Nothing in a dry run of a folder that was never taken.
    pub(crate) current: Option<FolderId>,
    pub(crate) older: Vec<FolderId>,
}

/// A message that was taken before.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) message: MessageId,
    /// Its flags there, when they were last seen.
    pub(crate) flags: String,
}

/// A message that is settled now.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) name: Vec<u8>,
    pub(crate) message: MessageId,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) flags: String,
}

/// The records of one account.
#[derive(Debug, Clone)]
pub(crate) struct State {
    mail: Mailstore,
    scope: AccountScope,
}

impl State {
    pub(crate) const fn new(mail: Mailstore, scope: AccountScope) -> Self {
        Self { mail, scope }
    }

    /// The rows of a folder, as they are.
    pub(crate) async fn look(&self, key: &FolderKey) -> Result<FolderRows, CollectError> {
        let (scope, key) = (self.scope, key.clone());
        let db = self.mail.db();
        Ok(db.read(move |tx| rows_of(tx, scope, &key)).await?)
    }

    /// The rows of a folder; the current one is made if it is missing.
    pub(crate) async fn open(&self, key: &FolderKey) -> Result<FolderRows, CollectError> {
        let (scope, key) = (self.scope, key.clone());
        let open = move |tx: &WriteTx<'_>| {
            // The row of an account that is being erased is not made any more.
            accounts::usage(tx, scope)?;
            let parameters = params![
                scope.account,
                tx.new_id::<FolderId>().to_i64(),
                key.source.as_str(),
                key.name.as_slice(),
                key.generation
            ];
            tx.execute(
                "INSERT INTO collected_folder (account_id, id, source, name, generation) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                parameters,
            )?;
            Ok::<_, CollectError>(rows_of(tx, scope, &key)?)
        };
        self.mail.db().write(Lane::Background, open).await
    }

    /// Those of these messages that are settled; at most [`ASKED_AT_ONCE`].
    pub(crate) async fn known(
        &self,
        folder: FolderId,
        names: Vec<Vec<u8>>,
    ) -> Result<HashMap<Vec<u8>, Known>, CollectError> {
        let scope = self.scope;
        let db = self.mail.db();
        Ok(db.read(move |tx| known(tx, scope, folder, &names)).await?)
    }

    /// Carries messages of an older generation over to this one. Returns which were found.
    pub(crate) async fn carry(
        &self,
        rows: &FolderRows,
        messages: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Vec<bool>, CollectError> {
        let Some(current) = rows.current else {
            return Ok(vec![false; messages.len()]);
        };
        let (scope, older) = (self.scope, rows.older.clone());
        let carry = move |tx: &WriteTx<'_>| {
            let mut carried = Vec::with_capacity(messages.len());
            for (name, fingerprint) in &messages {
                carried.push(carry_one(tx, scope, &older, (current, name, fingerprint))?);
            }
            Ok::<_, DbError>(carried)
        };
        Ok(self.mail.db().write(Lane::Background, carry).await?)
    }

    /// Remembers the flags that messages have there now.
    pub(crate) async fn remember_flags(
        &self,
        folder: FolderId,
        messages: Vec<(Vec<u8>, String)>,
    ) -> Result<(), CollectError> {
        let scope = self.scope;
        let remember = move |tx: &WriteTx<'_>| {
            for (name, flags) in &messages {
                tx.execute(
                    "UPDATE collected_message SET flags = ?4 \
                     WHERE account_id = ?1 AND folder_id = ?2 AND name = ?3",
                    params![
                        scope.account,
                        folder.to_i64(),
                        name.as_slice(),
                        flags.as_str()
                    ],
                )?;
            }
            Ok::<_, DbError>(())
        };
        Ok(self.mail.db().write(Lane::Background, remember).await?)
    }

    /// Forgets older generations of a folder that was read to its end: what was not carried over
    /// is no longer there.
    pub(crate) async fn forget_older(&self, rows: &FolderRows) -> Result<(), CollectError> {
        let scope = self.scope;
        for older in rows.older.clone() {
            let forget = move |tx: &WriteTx<'_>| {
                tx.execute(
                    "DELETE FROM collected_message WHERE account_id = ?1 AND folder_id = ?2 \
                     AND name IN (SELECT name FROM collected_message \
                     WHERE account_id = ?1 AND folder_id = ?2 LIMIT ?3)",
                    params![scope.account, older.to_i64(), ASKED_AT_ONCE as i64],
                )
            };
            while self.mail.db().write(Lane::Background, forget).await? > 0 {}
            let drop_row = move |tx: &WriteTx<'_>| {
                tx.execute(
                    "DELETE FROM collected_folder WHERE account_id = ?1 AND id = ?2",
                    params![scope.account, older.to_i64()],
                )
            };
            self.mail.db().write(Lane::Background, drop_row).await?;
        }
        Ok(())
    }
}

/// Remembers messages, in the transaction that takes them in.
pub(crate) fn settle(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    folder: FolderId,
    messages: &[Settled],
) -> Result<(), DbError> {
    let mut rest = messages;
    while !rest.is_empty() {
        let fitting = ROWS.iter().find(|count| **count <= rest.len());
        let (rows, after) = rest.split_at(fitting.copied().unwrap_or(1));
        rest = after;
        let parameters: Vec<Value<'_>> = rows
            .iter()
            .flat_map(|message| -> [Value<'_>; 6] {
                [
                    scope.account.into(),
                    folder.to_i64().into(),
                    message.name.as_slice().into(),
                    message.message.into(),
                    message.fingerprint.as_slice().into(),
                    message.flags.as_str().into(),
                ]
            })
            .collect();
        let sql = format!(
            "INSERT INTO collected_message (account_id, folder_id, name, message_id, \
             fingerprint, flags) VALUES {} ON CONFLICT DO NOTHING",
            values_list(1, rows.len(), 6)
        );
        tx.execute(&sql, &parameters)?;
    }
    Ok(())
}

fn rows_of(tx: &Tx<'_>, scope: AccountScope, key: &FolderKey) -> Result<FolderRows, DbError> {
    let found = tx.query(
        "SELECT f.id, f.generation FROM collected_folder f \
         JOIN mail_account a ON a.account_id = f.account_id \
         WHERE f.account_id = ?1 AND a.tenant_id = ?2 AND f.source = ?3 AND f.name = ?4 \
         ORDER BY f.id",
        params![
            scope.account,
            scope.tenant,
            key.source.as_str(),
            key.name.as_slice()
        ],
        |row| Ok((FolderId(row.get(0)?), row.get::<u32>(1)?)),
    )?;
    let mut rows = FolderRows::default();
    for (id, generation) in found {
        if generation == key.generation {
            rows.current = Some(id);
        } else {
            rows.older.push(id);
        }
    }
    Ok(rows)
}

fn known(
    tx: &Tx<'_>,
    scope: AccountScope,
    folder: FolderId,
    names: &[Vec<u8>],
) -> Result<HashMap<Vec<u8>, Known>, DbError> {
    let Some(last) = names.last() else {
        return Ok(HashMap::new());
    };
    let mut parameters: Vec<Value<'_>> = vec![scope.account.into(), folder.to_i64().into()];
    parameters.extend(names.iter().map(|name| Value::from(name.as_slice())));
    // Few different lengths, so that the statements stay prepared.
    let length = if names.len() == 1 { 1 } else { ASKED_AT_ONCE };
    parameters.resize(2 + length, Value::from(last.as_slice()));
    let sql = format!(
        "SELECT name, message_id, flags FROM collected_message \
         WHERE account_id = ?1 AND folder_id = ?2 AND name IN ({})",
        in_list(3, length)
    );
    let rows = tx.query(&sql, &parameters, |row| {
        let known = Known {
            message: row.get(1)?,
            flags: row.get(2)?,
        };
        Ok((row.get::<Vec<u8>>(0)?, known))
    })?;
    Ok(rows.into_iter().collect())
}

fn carry_one(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    older: &[FolderId],
    (current, name, fingerprint): (FolderId, &[u8], &[u8]),
) -> Result<bool, DbError> {
    if fingerprint.is_empty() {
        return Ok(false);
    }
    for folder in older {
        // One row for one message: of two that look alike each needs a row of its own.
        let moved = tx.execute(
            "UPDATE collected_message SET folder_id = ?3, name = ?4 \
             WHERE account_id = ?1 AND folder_id = ?2 AND name = (SELECT name \
             FROM collected_message WHERE account_id = ?1 AND folder_id = ?2 \
             AND fingerprint = ?5 ORDER BY name LIMIT 1)",
            params![
                scope.account,
                folder.to_i64(),
                current.to_i64(),
                name,
                fingerprint
            ],
        )?;
        if moved > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
