//! Mail clients of Debian's packages against the real binary, used as their users use them.
//!
//! Each test starts a host of its own, gives the client a home of its own, looks at what arrived
//! and ends with `doctor`. Clients verify the host's self-signed certificate against its file
//! wherever they can verify anything; nothing is told to look away. What a client may take has an
//! end ([`hikyaku_testkit::program::finish`]).

mod maildir;
mod stage;

mod curl_mail;
mod fetchmail;
mod getmail;
mod mbsync;
mod mutt;
mod offlineimap;
mod python;
mod swaks;
