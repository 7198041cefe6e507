//! From a command to the function that runs it.

use hikyaku_imap_proto::{Command, Compression, Tag};

use super::Session;
use crate::{
    command::{self, Context},
    reply::{Failure, Reply},
    selected::Access,
};

impl Session<'_> {
    /// Runs a command in the state that it needs. Long ones are boxed, so that a session that
    /// waits does not hold room for the largest of them.
    pub(super) async fn execute(&mut self, tag: &Tag, command: Command) -> Result<Reply, Failure> {
        let Self {
            imap, wire, state, ..
        } = self;
        let context = &mut Context { imap, wire };
        match command {
            Command::Capability => Ok(command::capability::run(context, state)),
            Command::Noop => Ok(Reply::ok("Nothing done")),
            Command::Logout => Ok(command::logout::run(context)),
            Command::Id(id) => Ok(command::id::run(context, state, &id)),

            Command::StartTls => Ok(command::starttls::run(context, state)?),
            Command::Login(login) => Box::pin(command::login::run(context, state, login)).await,
            Command::Authenticate(authenticate) => {
                Box::pin(command::authenticate::run(context, state, &authenticate)).await
            }

            Command::Select(select) => {
                Box::pin(command::select::run(
                    context,
                    state,
                    &select,
                    Access::ReadWrite,
                ))
                .await
            }
            Command::Examine(select) => {
                Box::pin(command::select::run(
                    context,
                    state,
                    &select,
                    Access::ReadOnly,
                ))
                .await
            }
            Command::Create(create) => {
                Box::pin(command::create::run(context, state.user()?, &create)).await
            }
            Command::Delete(name) => Box::pin(command::delete::run(context, state, &name)).await,
            Command::Rename(rename) => {
                Box::pin(command::rename::run(context, state.user()?, &rename)).await
            }
            Command::Subscribe(name) => {
                Box::pin(command::subscribe::run(context, state.user()?, &name)).await
            }
            Command::Unsubscribe(name) => {
                Box::pin(command::unsubscribe::run(context, state.user()?, &name)).await
            }
            Command::List(list) => {
                Box::pin(command::list::run(context, state.user()?, &list)).await
            }
            Command::Lsub(list) => {
                Box::pin(command::lsub::run(context, state.user()?, &list)).await
            }
            Command::Status(status) => {
                Box::pin(command::status::run(context, state.user()?, &status)).await
            }
            Command::Append(append) => {
                Box::pin(command::append::run(context, state.user()?, append)).await
            }
            Command::Compress(Compression::Deflate) => Ok(command::compress::run(context, state)?),
            Command::Enable(enable) => Ok(command::enable::run(context, state, &enable)?),
            Command::GetQuota(root) => {
                Box::pin(command::getquota::run(context, state.user()?, &root)).await
            }
            Command::GetQuotaRoot(name) => {
                Box::pin(command::getquotaroot::run(context, state.user()?, &name)).await
            }
            Command::SetQuota(_) => {
                state.user()?;
                Ok(command::setquota::run())
            }
            Command::Namespace => Ok(command::namespace::run(context, state.user()?)),
            Command::Idle => Box::pin(command::idle::run(context, state, tag)).await,
            other => Box::pin(self.execute_selected(tag, other)).await,
        }
    }

    /// Commands on a selected mailbox.
    async fn execute_selected(&mut self, tag: &Tag, command: Command) -> Result<Reply, Failure> {
        let Self {
            imap, wire, state, ..
        } = self;
        let context = &mut Context { imap, wire };
        match command {
            Command::Close => command::close::run(context, state).await,
            Command::Unselect => command::unselect::run(state),
            other => {
                let (user, selected) = state.selected()?;
                match other {
                    Command::Check => Ok(Reply::ok("Checked")),
                    Command::Expunge(set) => {
                        command::expunge::run(context, user, selected, set.as_ref()).await
                    }
                    Command::Fetch(fetch) => {
                        Box::pin(command::fetch::run(context, user, selected, &fetch)).await
                    }
                    Command::Store(store) => {
                        command::store::run(context, user, selected, &store).await
                    }
                    Command::Search(search) => {
                        Box::pin(command::search::run(context, user, selected, tag, &search)).await
                    }
                    Command::Copy(copy) => command::copy::run(context, user, selected, &copy).await,
                    Command::Move(copy) => {
                        command::move_messages::run(context, user, selected, &copy).await
                    }
                    // The grammar may learn a command before this room does.
                    _ => Err(Reply::bad("unknown command").into()),
                }
            }
        }
    }
}
