//! When a client is told modification sequences (RFC 7162 §3.1).

use hikyaku_imap_proto::{Code, Command, CondStore, Condition, FetchItem, StatusItem};

use crate::{enabled::Extension, selected::Selected, wire::Wire};

/// Whether a command shows that its client understands them: one of the "CONDSTORE enabling
/// commands" but ENABLE, which says so itself.
fn speaks_of_modseqs(command: &Command) -> bool {
    match command {
        Command::Select(select) | Command::Examine(select) => select.condstore == CondStore::Wanted,
        Command::Status(status) => status.items.contains(&StatusItem::HighestModSeq),
        Command::List(list) => list.status.contains(&StatusItem::HighestModSeq),
        Command::Fetch(fetch) => {
            fetch.changed_since.is_some() || fetch.items.contains(&FetchItem::ModSeq)
        }
        Command::Store(store) => store.unchanged_since.is_some(),
        Command::Search(search) => search.names_modseq(),
        _ => false,
    }
}

/// Switches them on with the first command that speaks of them. With a mailbox selected the client
/// is told where it stands, unless it is about to select one.
pub(crate) fn notice(command: &Command, selected: Option<&Selected>, wire: &mut Wire) {
    if wire.enabled.contains(Extension::Condstore) || !speaks_of_modseqs(command) {
        return;
    }
    wire.enabled.enable(Extension::Condstore);
    if let Some(selected) = selected
        && !matches!(command, Command::Select(_) | Command::Examine(_))
    {
        tell_highest(selected, wire);
    }
}

/// Tells the highest modification sequence that the client knows the state of.
pub(crate) fn tell_highest(selected: &Selected, wire: &mut Wire) {
    let code = Code::HighestModSeq(selected.modseq);
    wire.out
        .untagged(Condition::Ok, Some(code), "Highest modification sequence");
}
