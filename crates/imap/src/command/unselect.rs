//! UNSELECT (RFC 3691): leaves the mailbox and expunges nothing.

use crate::{
    reply::{Failure, Reply},
    state::State,
};

pub(crate) fn run(state: &mut State) -> Result<Reply, Failure> {
    state.selected()?;
    state.unselect();
    Ok(Reply::ok("Left"))
}
