//! The folder that an export writes to: empty, or begun by an export of the same account in the
//! same form, so that mail of two accounts never gets mixed.

use std::{fs, io, path::Path};

use hikyaku_directory::AccountScope;

use crate::name::MailboxPath;

use super::{
    super::{ExportFormat, ExportOptions, NameEncoding, TransferError, names},
    maildir, private,
};

/// The file that says whose export a folder is.
const MARKER: &str = ".hikyaku-export";

/// Makes the folder, or makes sure that it is this export's.
pub(super) fn claim(
    root: &Path,
    scope: AccountScope,
    options: ExportOptions,
) -> Result<(), TransferError> {
    let form = match (options.format, options.names) {
        (ExportFormat::Mbox, _) => "mbox",
        (ExportFormat::Maildir, NameEncoding::Utf7) => "maildir",
        (ExportFormat::Maildir, NameEncoding::Utf8) => "maildir utf-8",
    };
    let expected = format!("hikyaku export 1\naccount {}\nform {form}\n", scope.account);
    private::make_folders(root).map_err(TransferError::file(root))?;
    let marker = root.join(MARKER);
    match fs::read_to_string(&marker) {
        Ok(found) if found == expected => {}
        Ok(_) => {
            return Err(TransferError::OtherExport {
                path: root.to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if holds_anything(root).map_err(TransferError::file(root))? {
                return Err(TransferError::NotEmpty {
                    path: root.to_owned(),
                });
            }
            private::replace(&marker, &expected).map_err(TransferError::file(&marker))?;
        }
        Err(error) => return Err(TransferError::file(&marker)(error)),
    }
    match options.format {
        ExportFormat::Mbox => Ok(()),
        ExportFormat::Maildir => maildir::make_folder(root),
    }
}

fn holds_anything(root: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(root)?.next().transpose()?.is_some())
}

/// Writes down to which mailboxes the account is subscribed, where Dovecot looks for it.
pub(super) fn write_subscriptions(
    root: &Path,
    options: ExportOptions,
    subscribed: &[MailboxPath],
) -> Result<(), TransferError> {
    let mut text = String::new();
    let name = match options.format {
        ExportFormat::Maildir => "subscriptions",
        ExportFormat::Mbox => ".subscriptions",
    };
    for mailbox in subscribed.iter().filter(|mailbox| !mailbox.is_inbox()) {
        match options.format {
            ExportFormat::Maildir => {
                let name = names::maildir_name(mailbox, options.names);
                text.push_str(name.trim_start_matches('.'));
            }
            ExportFormat::Mbox => {
                let levels: Vec<String> = mailbox.levels().map(names::file_name).collect();
                text.push_str(&levels.join("/"));
            }
        }
        text.push('\n');
    }
    let path = root.join(name);
    private::replace(&path, &text).map_err(TransferError::file(&path))
}
