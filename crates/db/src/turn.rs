//! Turns: what only one of several processes on a database may do at a time.
//!
//! A turn is held for a time and kept by renewing it, so a process that died lets go by itself.
//! The clocks of the processes must agree within seconds: a clock that is ahead by more than the
//! time of a turn ends the turns of others early. What a turn guards must therefore be safe, if
//! unwelcome, when two do it at once.

use std::time::Duration;

use hikyaku_types::TurnId;

use crate::{database::Database, error::DbError, params, queue::Lane};

/// The right to do what the name stands for, until its time is over or it is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    name: String,
    id: TurnId,
}

/// What became of a turn that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It goes on.
    Yes,
    /// It goes on, and somebody else asked for it.
    Wanted,
    /// Its time was over and somebody else has it.
    Lost,
}

impl Database {
    /// Takes the turn of this name for `time`. `None` while somebody else has it, who then hears
    /// of it with the next [`Database::keep_turn`].
    pub async fn take_turn(&self, name: &str, time: Duration) -> Result<Option<Turn>, DbError> {
        let name = name.to_owned();
        self.write(Lane::Mail, move |tx| {
            let id: TurnId = tx.new_id();
            let taken = tx.execute(
                "INSERT INTO turn (name, holder, until, wanted) VALUES (?1, ?2, ?3, 0)
                 ON CONFLICT (name) DO UPDATE
                 SET holder = excluded.holder, until = excluded.until, wanted = 0
                 WHERE turn.until < ?4",
                params![&name, id, tx.now().plus(time), tx.now()],
            )?;
            if taken == 1 {
                let name = name.clone();
                return Ok(Some(Turn { name, id }));
            }
            tx.execute("UPDATE turn SET wanted = 1 WHERE name = ?1", params![&name])?;
            Ok(None)
        })
        .await
    }

    /// Keeps a turn for `time` from now.
    pub async fn keep_turn(&self, turn: &Turn, time: Duration) -> Result<Kept, DbError> {
        let turn = turn.clone();
        self.write(Lane::Mail, move |tx| {
            let wanted = tx.query_opt(
                "UPDATE turn SET until = ?3 WHERE name = ?1 AND holder = ?2 RETURNING wanted",
                params![&turn.name, turn.id, tx.now().plus(time)],
                |row| row.get::<bool>(0),
            )?;
            Ok(match wanted {
                Some(false) => Kept::Yes,
                Some(true) => Kept::Wanted,
                None => Kept::Lost,
            })
        })
        .await
    }

    /// Gives a turn back. Nothing when somebody else has it by now.
    pub async fn end_turn(&self, turn: Turn) -> Result<(), DbError> {
        self.write(Lane::Mail, move |tx| {
            tx.execute(
                "DELETE FROM turn WHERE name = ?1 AND holder = ?2",
                params![&turn.name, turn.id],
            )?;
            Ok(())
        })
        .await
    }
}
