//! Reading a maildrop over POP3. Everything stays on the server.

mod arrival;
mod listing;
mod maildrop;
mod session;
mod sign_in;

pub(crate) use maildrop::run;
