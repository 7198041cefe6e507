//! The UID prefix (RFC 3501 §6.4.8, RFC 4315 §2.1).

use super::{Command, Copy, Fetch, Numbering, Search, Store};
use crate::{
    SequenceSet,
    parse::{Cursor, Parsed},
};

/// The commands that may follow the prefix.
const COMMANDS: &str = "COPY, EXPUNGE, FETCH, MOVE, SEARCH or STORE";

/// ```abnf
/// uid         = "UID" SP (copy / fetch / move / search / store / uid-expunge)
/// uid-expunge = "EXPUNGE" SP sequence-set
/// ```
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Command> {
    cursor.space()?;
    let start = cursor.clone();
    let name = cursor.atom(COMMANDS)?;
    match name.to_ascii_uppercase().as_str() {
        "COPY" => Copy::parse(cursor, Numbering::Uid).map(Command::Copy),
        "EXPUNGE" => {
            cursor.space()?;
            SequenceSet::parse(cursor).map(|set| Command::Expunge(Some(set)))
        }
        "FETCH" => Fetch::parse(cursor, Numbering::Uid).map(Command::Fetch),
        "MOVE" => Copy::parse(cursor, Numbering::Uid).map(Command::Move),
        "SEARCH" => Search::parse(cursor, Numbering::Uid).map(Command::Search),
        "STORE" => Store::parse(cursor, Numbering::Uid).map(Command::Store),
        _ => start.expected(COMMANDS),
    }
}
