//! The folders of the source.

use bytes::Bytes;
use hikyaku_imap_proto::client::{ListEntry, Namespaces, Response, levels_of};
use hikyaku_mailstore::SpecialUse;

use crate::{
    CollectError,
    error::clean,
    limits::FOLDERS_MAX,
    mapping::{Folder, Use},
};

use super::session::Session;

/// All folders that can be read, in the order of the source.
pub(super) async fn list(session: &mut Session) -> Result<Vec<Folder>, CollectError> {
    let namespaces = namespaces(session).await?;
    let with_uses = session.has("SPECIAL-USE") && session.has("LIST-EXTENDED");
    let mut command = session.command("LIST").string(b"").string(b"*");
    if with_uses {
        command = command.words("RETURN (SPECIAL-USE)");
    }
    let mut entries: Vec<ListEntry> = Vec::new();
    let take = |response| {
        if let Response::List(entry) = response {
            if entries.len() == FOLDERS_MAX {
                let (what, limit) = ("folders", FOLDERS_MAX);
                return Err(CollectError::TooMany { what, limit });
            }
            entries.push(entry);
        }
        Ok(())
    };
    session.run(command, take).await?.check("LIST")?;
    let mut folders: Vec<Folder> = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_folder = !entry.has("\\Noselect") && !entry.has("\\NonExistent");
        let is_new = folders
            .iter()
            .rev()
            .take(100)
            .all(|folder| folder.wire != entry.name);
        if is_folder && is_new {
            folders.push(folder(&entry, &namespaces));
        }
    }
    Ok(folders)
}

/// The prefixes of the user's own folders and of others'; none where the server knows none.
async fn namespaces(session: &mut Session) -> Result<Namespaces, CollectError> {
    let mut found = Namespaces::default();
    if session.has("NAMESPACE") {
        let command = session.command("NAMESPACE");
        let take = |response| {
            if let Response::Namespace(namespaces) = response {
                found = namespaces;
            }
            Ok(())
        };
        // A server that refuses it has one namespace.
        session.run(command, take).await?;
    }
    Ok(found)
}

fn folder(entry: &ListEntry, namespaces: &Namespaces) -> Folder {
    let separator = entry.delimiter.filter(u8::is_ascii_graphic);
    let is_below = |prefix: &[u8]| {
        let bare = prefix.strip_suffix(separator.as_slice()).unwrap_or(prefix);
        !bare.is_empty() && (entry.name.starts_with(prefix) || entry.name == bare)
    };
    let own = namespaces.personal.iter().find(|prefix| {
        !prefix.is_empty() && entry.name.len() > prefix.len() && entry.name.starts_with(prefix)
    });
    let rest = entry.name.get(own.map_or(0, Bytes::len)..);
    let whole = levels_of(&entry.name, separator);
    let separator_char = separator.map_or('/', char::from);
    Folder {
        wire: entry.name.to_vec(),
        name: clean(&whole.join(&separator_char.to_string())),
        levels: levels_of(rest.unwrap_or_default(), separator),
        separator: separator_char,
        use_: use_of(entry),
        is_foreign: own.is_none() && namespaces.foreign.iter().any(|prefix| is_below(prefix)),
    }
}

fn use_of(entry: &ListEntry) -> Option<Use> {
    const USES: [(&str, Use); 9] = [
        ("\\Sent", Use::Known(SpecialUse::Sent)),
        ("\\Drafts", Use::Known(SpecialUse::Drafts)),
        ("\\Junk", Use::Known(SpecialUse::Junk)),
        ("\\Trash", Use::Known(SpecialUse::Trash)),
        ("\\Archive", Use::Known(SpecialUse::Archive)),
        ("\\All", Use::Virtual),
        ("\\AllMail", Use::Virtual),
        ("\\Flagged", Use::Virtual),
        ("\\Important", Use::Virtual),
    ];
    let found = USES.iter().find(|(name, _)| entry.has(name));
    found.map(|(_, use_)| *use_)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &'static str, attributes: &[&str]) -> ListEntry {
        ListEntry {
            attributes: attributes.iter().map(|text| (*text).to_owned()).collect(),
            delimiter: Some(b'.'),
            name: name.into(),
        }
    }

    #[test]
    fn prefixes_are_taken_off_and_foreign_folders_known() {
        let namespaces = Namespaces {
            personal: vec!["INBOX.".into()],
            foreign: vec!["shared.".into(), "".into()],
        };
        for (name, levels, is_foreign) in [
            ("INBOX", vec!["INBOX"], false),
            ("INBOX.&ZeVnLIqe-.a", vec!["日本語", "a"], false),
            ("shared", vec!["shared"], true),
            ("shared.all", vec!["shared", "all"], true),
            ("sharedness", vec!["sharedness"], false),
        ] {
            let folder = folder(&entry(name, &[]), &namespaces);
            assert_eq!(
                (folder.levels, folder.is_foreign),
                (levels.into_iter().map(str::to_owned).collect(), is_foreign)
            );
        }
        let folder = folder(&entry("INBOX.&ZeVnLIqe-", &["\\sent"]), &namespaces);
        assert_eq!(folder.name, "INBOX.日本語");
        assert_eq!(folder.use_, Some(Use::Known(SpecialUse::Sent)));
    }
}
