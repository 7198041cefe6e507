//! The commands and their options, as clap reads them.

mod fetch;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use hikyaku_types::{ByteSize, EmailAddress};

pub(crate) use fetch::Fetch;

/// Business mail hosting in one program.
#[derive(Debug, Parser)]
#[command(name = "hikyaku", version, propagate_version = true)]
pub(crate) struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/hikyaku/hikyaku.toml",
        env = "HIKYAKU_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up a folder: configuration, key and self-signed certificate.
    Init(Init),
    /// Run the server.
    Serve,
    /// The companies hosted here.
    #[command(subcommand)]
    Tenant(Tenant),
    /// The domains of the tenants.
    #[command(subcommand)]
    Domain(Domain),
    /// The mailbox owners.
    #[command(subcommand)]
    Account(Account),
    /// Further addresses of accounts.
    #[command(subcommand)]
    Alias(Alias),
    /// Stored mail: moving it in and out, bringing it back.
    #[command(subcommand)]
    Mailbox(Mailbox),
    /// Mail that waits to leave for other hosts.
    #[command(subcommand)]
    Queue(Queue),
    /// What became of messages.
    Trace(Trace),
    /// Check the store: every counter, every reference.
    Doctor(Doctor),
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder; made when missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The name of this host, such as mail.example.com.
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: String,
    /// Listen on 127.0.0.1 at N + the standard port (N + 25, N + 143 …), for trying out.
    #[arg(long, value_name = "N")]
    pub(crate) port_base: Option<u16>,
    /// PostgreSQL instead of the embedded database: postgres://USER:PASSWORD@HOST/NAME.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tenant {
    /// Add a company.
    Create {
        /// Its name.
        name: String,
    },
    /// List the companies.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Domain {
    /// Add a domain to a company.
    Create {
        /// The domain, such as example.com.
        name: String,
        /// The company it belongs to.
        #[arg(long, value_name = "NAME")]
        tenant: String,
    },
    /// List the domains.
    List,
    /// Change a domain.
    Set(DomainSet),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").required(true)))]
pub(crate) struct DomainSet {
    /// The domain.
    pub(crate) name: String,
    /// Deliver mail to unknown addresses of the domain here (nobody).
    #[arg(long, value_name = "ADDRESS", group = "change")]
    pub(crate) catch_all: Option<EmailAddress>,
    /// Refuse mail to unknown addresses.
    #[arg(long, group = "change")]
    pub(crate) no_catch_all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Add an account.
    Create(AccountCreate),
    /// Add many accounts from a CSV file with the columns name, address, password.
    Import {
        /// UTF-8 (with or without BOM) or Shift_JIS. All rows are checked first; all or nothing.
        file: PathBuf,
    },
    /// List accounts.
    List {
        /// Only this domain.
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
    },
    /// Show one account with its usage.
    Show {
        /// Its address.
        address: EmailAddress,
    },
    /// Change an account.
    Set(AccountSet),
    /// Delete an account. It can be restored for 30 days; until then its address stays taken.
    Delete {
        /// Its address.
        address: EmailAddress,
        /// Remove its mail and free its address now; it cannot be restored.
        #[arg(long)]
        erase: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Bring a deleted account back, with its mail.
    Restore {
        /// Its address.
        address: EmailAddress,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("password").required(true)))]
pub(crate) struct AccountCreate {
    /// The address, which is also the login name.
    pub(crate) address: EmailAddress,
    /// The person's name.
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// Room for mail, such as 10MB; 0 is unlimited.
    #[arg(long, value_name = "SIZE", default_value = "0")]
    pub(crate) quota: ByteSize,
    /// Number of messages at most; 0 is unlimited.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) message_limit: u64,
    /// Read the password from standard input (its first line).
    #[arg(long, group = "password")]
    pub(crate) password_stdin: bool,
    /// Make a random password and print it.
    #[arg(long, group = "password")]
    pub(crate) generate_password: bool,
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Allowed.
    On,
    /// Not allowed.
    Off,
}

/// Whether an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    /// Signs in, sends and receives.
    Active,
    /// Does not sign in.
    Suspended,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct AccountSet {
    /// The address.
    pub(crate) address: EmailAddress,
    /// The person's name.
    #[arg(long, group = "change")]
    pub(crate) name: Option<String>,
    /// Room for mail, such as 10MB; 0 is unlimited.
    #[arg(long, value_name = "SIZE", group = "change")]
    pub(crate) quota: Option<ByteSize>,
    /// Number of messages at most; 0 is unlimited.
    #[arg(long, value_name = "N", group = "change")]
    pub(crate) message_limit: Option<u64>,
    /// Read a new password from standard input (its first line).
    #[arg(long, group = "change")]
    pub(crate) password_stdin: bool,
    /// POP3 access.
    #[arg(long, group = "change")]
    pub(crate) pop: Option<Switch>,
    /// IMAP access.
    #[arg(long, group = "change")]
    pub(crate) imap: Option<Switch>,
    /// Sending over SMTP.
    #[arg(long, group = "change")]
    pub(crate) smtp: Option<Switch>,
    /// Signing in to the web consoles.
    #[arg(long, group = "change")]
    pub(crate) web: Option<Switch>,
    /// Suspend or activate the account.
    #[arg(long, group = "change")]
    pub(crate) status: Option<Status>,
    /// Register a legacy login ID.
    #[arg(long, value_name = "ID", group = "change")]
    pub(crate) add_login: Option<String>,
    /// Remove a legacy login ID.
    #[arg(long, value_name = "ID", group = "change")]
    pub(crate) remove_login: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Alias {
    /// Add an alias: mail to ALIAS is delivered to TARGET.
    Create {
        /// The new address; it must not exist.
        alias: EmailAddress,
        /// The account that gets its mail.
        target: EmailAddress,
    },
    /// List aliases.
    List {
        /// Only this domain.
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
    },
    /// Remove an alias.
    Delete {
        /// The alias.
        alias: EmailAddress,
    },
}

/// A form in which mail is kept in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One file a folder.
    Mbox,
    /// One file a message.
    Maildir,
}

impl Format {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Mbox => "mbox",
            Self::Maildir => "maildir",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mailbox {
    /// Read old mail in. A run that was cut goes on where it stood; nothing comes in twice.
    Import(Import),
    /// The imports of an account, newest first.
    Imports(Imports),
    /// Write mail out. A run that was cut goes on where it stood.
    Export(Export),
    /// Take mail over from a mailbox on another host. A run that was cut goes on where it stood;
    /// nothing comes in twice, and nothing is changed there.
    Fetch(Box<Fetch>),
    /// Bring deleted messages back.
    Restore(Restore),
}

/// What happens when a message finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenFull {
    /// The import ends.
    Stop,
    /// The message is left out and listed; others may be smaller.
    Skip,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The account.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) account: EmailAddress,
    /// The form of the files.
    #[arg(long)]
    pub(crate) format: Format,
    /// Where an mbox file goes (INBOX).
    #[arg(long, value_name = "NAME")]
    pub(crate) folder: Option<String>,
    /// Read files again that an earlier run had read.
    #[arg(long)]
    pub(crate) restart: bool,
    /// Bring back what was imported before and deleted since.
    #[arg(long)]
    pub(crate) again: bool,
    /// What happens when a message finds no room.
    #[arg(long, value_name = "WHAT", default_value = "stop")]
    pub(crate) when_full: WhenFull,
    /// Keep usual names such as 送信済み, instead of using the account's own folder for it.
    #[arg(long)]
    pub(crate) keep_names: bool,
    /// An mbox file, a folder of them, or a Maildir. On the machine of the server.
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Imports {
    /// The account.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) account: EmailAddress,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The account.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) account: EmailAddress,
    /// The form of the files.
    #[arg(long)]
    pub(crate) format: Format,
    /// Only this folder, not all of them.
    #[arg(long, value_name = "NAME")]
    pub(crate) folder: Option<String>,
    /// Name the folders of a Maildir in UTF-8, for a Dovecot that is set up so.
    #[arg(long)]
    pub(crate) utf8_names: bool,
    /// The folder to write to, empty or not there, or that of an export that was cut: one mbox
    /// file or Maildir folder per mail folder. On the machine of the server.
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The account.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) account: EmailAddress,
    /// Only what was in this folder.
    #[arg(long, value_name = "NAME")]
    pub(crate) folder: Option<String>,
    /// Only what was deleted since then, such as 2026-11-21T09:00:00+09:00.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// List the recipients that wait, one line each.
    List(QueueList),
    /// Show one message with its recipients.
    Show {
        /// Its ID, as `queue list` shows it.
        id: String,
    },
    /// Try again now.
    Retry(QueueWhich),
    /// Do not try until it is released. What is held is never given up.
    Hold(QueueWhich),
    /// Try again what is held.
    Release(QueueWhich),
    /// Take mail out of the queue; its senders get a report.
    Cancel(QueueCancel),
}

/// What a recipient in the queue is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueueState {
    /// It waits for its next attempt.
    Waiting,
    /// It is being sent.
    Sending,
    /// It waits for somebody to release it.
    Held,
}

impl QueueState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Held => "held",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct QueueList {
    /// Only of this company.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// Only from this sender.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) sender: Option<String>,
    /// Only to this domain.
    #[arg(long, value_name = "NAME")]
    pub(crate) domain: Option<String>,
    /// Only those in this state.
    #[arg(long)]
    pub(crate) state: Option<QueueState>,
}

/// What is changed.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct QueueWhich {
    /// One message, by its ID.
    pub(crate) id: Option<String>,
    /// All mail to this domain.
    #[arg(long, value_name = "NAME")]
    pub(crate) domain: Option<String>,
    /// Everything.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct QueueCancel {
    #[command(flatten)]
    pub(crate) which: QueueWhich,
    /// The senders are not told.
    #[arg(long)]
    pub(crate) silent: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The company.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
    /// Sender or recipient.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// The Message-ID.
    #[arg(long, value_name = "ID")]
    pub(crate) message_id: Option<String>,
    /// Rows at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Only this account.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) account: Option<EmailAddress>,
    /// Set wrong counters right.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Read every content again, objects too, and check it.
    #[arg(long, conflicts_with = "account")]
    pub(crate) contents: bool,
    /// Read contents not faster than this in a second, such as 20MB.
    #[arg(long, value_name = "SIZE", requires = "contents")]
    pub(crate) rate: Option<ByteSize>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_fit_together() {
        Cli::command().debug_assert();
    }
}
