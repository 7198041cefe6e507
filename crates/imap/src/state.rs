//! The states of a session (RFC 3501 §3) as types.

use hikyaku_access::SignInWatch;
use hikyaku_directory::AccountScope;
use tokio::time::Instant;

use crate::{reply::Reply, selected::Selected};

/// Before sign-in.
#[derive(Debug)]
pub(crate) struct Stranger {
    /// When the patience ends.
    pub(crate) deadline: Instant,
    /// Sign-ins that failed.
    pub(crate) failures: u32,
    /// What the client calls itself (ID), may be empty.
    pub(crate) client: String,
}

/// Who has signed in.
#[derive(Debug)]
pub(crate) struct User {
    /// Whose mail this session works on.
    pub(crate) scope: AccountScope,
    /// The account's time zone, by its IANA name: SEARCH's days are of it.
    pub(crate) time_zone: String,
    /// Whether the sign-in still holds: the account may be suspended, the password changed.
    pub(crate) watch: SignInWatch,
}

/// Where a session stands.
#[derive(Debug)]
pub(crate) enum State {
    /// Not authenticated.
    Stranger(Stranger),
    /// Authenticated.
    SignedIn(User),
    /// A mailbox is selected.
    Selected(User, Box<Selected>),
}

impl State {
    /// The state before sign-in, for a command that belongs there.
    pub(crate) fn stranger(&mut self) -> Result<&mut Stranger, Reply> {
        match self {
            Self::Stranger(stranger) => Ok(stranger),
            _ => Err(Reply::bad("You have signed in already")),
        }
    }

    /// Who has signed in, for a command that needs somebody.
    pub(crate) fn user(&self) -> Result<&User, Reply> {
        self.signed_in().ok_or_else(|| Reply::bad("Sign in first"))
    }

    /// Who has signed in, if anybody.
    pub(crate) fn signed_in(&self) -> Option<&User> {
        match self {
            Self::Stranger(_) => None,
            Self::SignedIn(user) | Self::Selected(user, _) => Some(user),
        }
    }

    /// The same, to look whether the sign-in still holds.
    pub(crate) fn signed_in_mut(&mut self) -> Option<&mut User> {
        match self {
            Self::Stranger(_) => None,
            Self::SignedIn(user) | Self::Selected(user, _) => Some(user),
        }
    }

    /// The selected mailbox, for a command that needs one.
    pub(crate) fn selected(&mut self) -> Result<(&User, &mut Selected), Reply> {
        match self {
            Self::Stranger(_) => Err(Reply::bad("Sign in first")),
            Self::SignedIn(_) => Err(Reply::bad("Select a mailbox first")),
            Self::Selected(user, selected) => Ok((user, selected)),
        }
    }

    /// Leaves the selected mailbox, if there is one.
    pub(crate) fn unselect(&mut self) {
        self.change(|state| match state {
            Self::Selected(user, _) => Self::SignedIn(user),
            other => other,
        });
    }

    /// Enters a mailbox, in the place of the one before.
    pub(crate) fn select(&mut self, selected: Selected) {
        self.change(|state| match state {
            Self::SignedIn(user) | Self::Selected(user, _) => {
                Self::Selected(user, Box::new(selected))
            }
            stranger @ Self::Stranger(_) => stranger,
        });
    }

    /// Moves what the old state holds into the new one.
    fn change(&mut self, change: impl FnOnce(Self) -> Self) {
        // Stands there for the moment in between only.
        let nobody = Self::Stranger(Stranger {
            deadline: Instant::now(),
            failures: 0,
            client: String::new(),
        });
        *self = change(std::mem::replace(self, nobody));
    }
}
