//! The options of `mailbox fetch`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hikyaku_types::EmailAddress;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("secret").required(true)))]
#[command(group(ArgGroup::new("trust")))]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Fetch {
    /// The account that gets the mail.
    pub(crate) account: EmailAddress,
    /// Where the mail is: imaps://HOST/, imap://HOST/ (STARTTLS), pops://HOST/ or pop3://HOST/
    /// (STLS), each with a port if it is not the usual one.
    #[arg(long, value_name = "URL")]
    pub(crate) from: String,
    /// The user's name there.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: String,
    /// A file whose first line is the password there.
    #[arg(long, value_name = "FILE", group = "secret")]
    pub(crate) password_file: Option<PathBuf>,
    /// A file whose first line is a token (XOAUTH2).
    #[arg(long, value_name = "FILE", group = "secret")]
    pub(crate) xoauth2_token_file: Option<PathBuf>,
    /// Only folders that match, with those below them; may be given several times. `*` is any text,
    /// `?` any character.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) folder: Vec<String>,
    /// Not folders that match; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// A folder there, and those below it, go to this one here; may be given several times.
    #[arg(long, value_name = "OLD=NEW", value_parser = mapped)]
    pub(crate) map: Vec<(String, String)>,
    /// Everything goes below this folder here; with POP3, into it.
    #[arg(long, value_name = "NAME")]
    pub(crate) into: Option<String>,
    /// Only mail that arrived on this day or later, such as 2026-01-31.
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
    /// Let the flags of mail that came before follow those there, where they have changed.
    #[arg(long)]
    pub(crate) flags: bool,
    /// Trust these certificates (PEM) instead of the system's. On the machine of the server.
    #[arg(long, value_name = "FILE", group = "trust")]
    pub(crate) ca: Option<PathBuf>,
    /// Trust any certificate: somebody may pretend to be the host.
    #[arg(long, group = "trust")]
    pub(crate) insecure: bool,
    /// Send the password and read the mail without TLS if the host offers none.
    #[arg(long, group = "trust")]
    pub(crate) allow_plaintext: bool,
    /// Only look: tell what would come, and where it would go.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn mapped(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err("OLD=NEW is expected".to_owned()),
    }
}
