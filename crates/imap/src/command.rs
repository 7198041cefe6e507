//! The commands, one per file, and the table of what each does to its session.

pub(crate) mod append;
pub(crate) mod authenticate;
pub(crate) mod capability;
pub(crate) mod close;
pub(crate) mod compress;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod enable;
pub(crate) mod expunge;
pub(crate) mod fetch;
pub(crate) mod getquota;
pub(crate) mod getquotaroot;
pub(crate) mod id;
pub(crate) mod idle;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod lsub;
pub(crate) mod move_messages;
pub(crate) mod namespace;
pub(crate) mod rename;
pub(crate) mod search;
pub(crate) mod select;
pub(crate) mod setquota;
pub(crate) mod starttls;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod subscribe;
pub(crate) mod unselect;
pub(crate) mod unsubscribe;

use hikyaku_imap_proto::{Command, Fetch, Numbering, Search, SequenceSet, Store};
use hikyaku_mailstore::UidSet;

use crate::{
    reply::{Failure, Reply},
    selected::Selected,
    service::Imap,
    state::User,
    updates::{self, Expunges},
    view::NoSuchNumber,
    wire::Wire,
};

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) imap: &'a Imap,
    pub(crate) wire: &'a mut Wire,
}

/// What the client is told after a command about its selected mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Updates {
    /// Nothing: no mailbox is selected, or just now.
    None,
    /// What others did, if there is a hint; messages stay in their places.
    WithoutExpunges,
    /// What others did, if there is a hint.
    All,
    /// What the command itself did as well, so without waiting for a hint.
    Own,
}

impl Updates {
    /// The table.
    pub(crate) fn after(command: &Command) -> Self {
        match command {
            // RFC 3501 §7.4.1; the UID commands are others.
            Command::Fetch(Fetch { numbering, .. })
            | Command::Store(Store { numbering, .. })
            | Command::Search(Search { numbering, .. })
                if *numbering == Numbering::Sequence =>
            {
                Self::WithoutExpunges
            }
            Command::Append(_)
            | Command::Check
            | Command::Copy(_)
            | Command::Expunge(_)
            | Command::Move(_)
            | Command::Noop => Self::Own,
            Command::Select(_)
            | Command::Examine(_)
            | Command::Close
            | Command::Unselect
            | Command::Logout => Self::None,
            _ => Self::All,
        }
    }
}

/// The messages that a command on a selected mailbox means.
fn messages(selected: &Selected, set: &SequenceSet, numbering: Numbering) -> Result<UidSet, Reply> {
    let found = selected.view.resolve(set, numbering);
    found.map_err(|NoSuchNumber| Reply::bad("There is no message of that number"))
}

/// Tells what others did before a command changes flags itself. Numbers stay as they are.
async fn catch_up(
    context: &mut Context<'_>,
    user: &User,
    selected: &mut Selected,
) -> Result<(), Failure> {
    if selected.changes.has_changed() {
        updates::follow_hint(selected).await;
        updates::tell(context.imap, context.wire, user, selected, Expunges::Keep).await?;
    }
    Ok(())
}
