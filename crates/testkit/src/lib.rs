//! What tests start and speak with: the server in this process, the real binary, plain clients.
//!
//! - [`host::Host`] runs the real binary on a folder and ports of its own: for real mail clients,
//!   and for tests that kill it.
//! - [`line::LineClient`] speaks any line protocol, in plain text or TLS, with a deadline on each
//!   wait, so that a test that fails says where instead of hanging.
//! - [`mail`] makes messages, each unlike all others.
//! - [`dns::FakeDns`] is a name server, [`remote::FakeRemote`] a mail server of somebody else; both
//!   do what a test tells them, and misbehave on request.
//! - `s3` (a feature) is an S3 that misbehaves on request.
//! - [`transcript`] plays protocol conversations written down as C: and S: lines.
//!
//! Invariant: nothing here sleeps; what has to be waited for is waited for.

pub mod disk;
pub mod dns;
pub mod host;
pub mod imap;
pub mod line;
pub mod mail;
pub mod pop3;
pub mod ports;
pub mod postgres;
pub mod program;
pub mod remote;
#[cfg(feature = "s3")]
pub mod s3;
pub mod seed;
pub mod server_log;
pub mod smtp;
pub mod transcript;
