//! The terms by which accounts are found (F-40): pieces of the folded texts, and words for filters.
//!
//! A text is folded (NFKC, lower case, hiragana as katakana, no white space) and cut at every
//! character into a piece of up to three characters, two where the first is not of an alphabet;
//! near the end pieces are shorter. So the pieces of a sought text are among those of every text
//! that contains it, and the reverse is decided by the text itself. Pieces never cross from one
//! field into another.
//!
//! The rows are written in the transaction that writes the account, from the texts before and
//! after.

use std::collections::BTreeSet;

use hikyaku_db::{Value, WriteTx, params, sql::values_list};
use unicode_normalization::UnicodeNormalization;

use super::Details;
use crate::{AccountKind, AccountScope, AccountStatus, DirectoryError, stored::Stored};

/// Terms of one account at most. An account with every field filled has about 200; what is beyond
/// is found by the others.
const MAX_TERMS: usize = 400;
/// Rows of one statement. Few sizes make few prepared statements.
const ROWS: usize = 16;
/// Which rules made the terms of an account; 0 in the database means none did.
pub(crate) const SEARCH_VERSION: i64 = 1;

/// The form in which texts are compared: width, case, kana and blanks do not matter.
pub fn folded(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .map(|c| match c {
            // Hiragana stands in the same order as katakana, 0x60 below.
            'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
            _ => c,
        })
        .collect()
}

/// The pieces of a folded text, and whether each is complete or cut short by the text's end.
pub fn pieces(folded: &str) -> Vec<(&str, Piece)> {
    let mut found = Vec::new();
    for field in folded.split('\n') {
        for (start, first) in field.char_indices() {
            let wanted = if first < '\u{2E80}' { 3 } else { 2 };
            let rest = field.get(start..).unwrap_or_default();
            let end = rest.char_indices().nth(wanted).map(|(end, _)| end);
            match end {
                Some(end) => found.push((rest.get(..end).unwrap_or(rest), Piece::Whole)),
                None if rest.chars().count() == wanted => found.push((rest, Piece::Whole)),
                None => found.push((rest, Piece::Short)),
            }
        }
    }
    found
}

/// Whether a piece has its full length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// It has: texts that contain it have exactly this term.
    Whole,
    /// The text ended: texts that contain it have a term that begins so.
    Short,
}

/// A condition of a list that accounts have a term for. What most accounts are has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    /// May not sign in.
    SignInSuspended,
    /// Takes no mail: suspended or discarded.
    NotReceiving,
    /// May not send.
    SendingSuspended,
    /// Not a person's.
    Kind(AccountKind),
    /// In this department; the folded name.
    Department(&'a str),
    /// Made of this template.
    Template(hikyaku_types::TemplateId),
}

impl Mark<'_> {
    /// The term. No folded text has its first character.
    pub fn term(&self) -> String {
        match self {
            Self::SignInSuspended => "\u{1}sign-in".to_owned(),
            Self::NotReceiving => "\u{1}receiving".to_owned(),
            Self::SendingSuspended => "\u{1}sending".to_owned(),
            Self::Kind(kind) => format!("\u{1}kind {}", kind.word()),
            Self::Department(name) => format!("\u{1}department {name}"),
            Self::Template(id) => format!("\u{1}template {id}"),
        }
    }
}

/// The folded texts of an account, a line each.
pub(crate) fn search_text(details: &Details) -> String {
    let (account, profile) = (&details.account, &details.settings.profile);
    let whole = |first: &str, second: &str| folded(&format!("{first}{second}"));
    let fields = [
        folded(account.address.local()),
        folded(&account.name),
        whole(&profile.family_name, &profile.given_name),
        whole(&profile.given_name, &profile.family_name),
        whole(&profile.family_kana, &profile.given_kana),
        folded(&profile.department),
        folded(&profile.title),
        folded(&profile.employee_number),
        folded(&profile.phone),
    ];
    let mut lines: Vec<String> = Vec::with_capacity(fields.len());
    for field in fields {
        if !field.is_empty() && !lines.contains(&field) {
            lines.push(field);
        }
    }
    lines.join("\n")
}

/// By what lists of names are ordered: how the name is read, else the name, else the address.
pub(crate) fn sort_name(details: &Details) -> String {
    let profile = &details.settings.profile;
    let candidates = [
        format!("{}{}", profile.family_kana, profile.given_kana),
        profile.full_name(),
        details.account.name.clone(),
        details.account.address.local().to_owned(),
    ];
    let names = candidates.iter().map(|name| folded(name));
    names
        .into_iter()
        .find(|n| !n.is_empty())
        .unwrap_or_default()
}

/// All terms of an account.
pub(crate) fn terms(details: &Details) -> BTreeSet<String> {
    let text = search_text(details);
    let mut terms = marks(details);
    for (piece, _) in pieces(&text) {
        if terms.len() >= MAX_TERMS {
            break;
        }
        terms.insert(piece.to_owned());
    }
    terms
}

fn marks(details: &Details) -> BTreeSet<String> {
    let settings = &details.settings;
    let department = folded(&settings.profile.department);
    let mut marks = Vec::new();
    if details.account.status == AccountStatus::Suspended {
        marks.push(Mark::SignInSuspended);
    }
    if settings.receiving != super::Reception::Open {
        marks.push(Mark::NotReceiving);
    }
    if settings.sending != super::Sending::Open {
        marks.push(Mark::SendingSuspended);
    }
    if details.account.kind != AccountKind::Person {
        marks.push(Mark::Kind(details.account.kind));
    }
    if !department.is_empty() {
        marks.push(Mark::Department(&department));
    }
    marks.extend(settings.template.map(Mark::Template));
    marks.iter().map(Mark::term).collect()
}

/// Writes the terms of an account: those that are new, and takes away those that are not any more.
pub(crate) fn write(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> Result<(), DirectoryError> {
    let gone: Vec<&String> = before.difference(after).collect();
    for chunk in gone.chunks(ROWS) {
        remove(tx, scope, chunk)?;
    }
    let new: Vec<&String> = after.difference(before).collect();
    for chunk in new.chunks(ROWS) {
        insert(tx, scope, chunk)?;
    }
    Ok(())
}

fn insert(tx: &WriteTx<'_>, scope: AccountScope, terms: &[&String]) -> Result<(), DirectoryError> {
    let mut values: Vec<Value<'_>> = Vec::with_capacity(ROWS * 3);
    // One size of statement: the last term is named again, and found there already.
    for term in padded(terms) {
        values.extend_from_slice(params![term.as_str(), scope.tenant, scope.account]);
    }
    tx.execute(
        &format!(
            "INSERT INTO account_term (term, tenant_id, account_id) VALUES {}
             ON CONFLICT DO NOTHING",
            values_list(1, ROWS, 3)
        ),
        &values,
    )?;
    Ok(())
}

fn remove(tx: &WriteTx<'_>, scope: AccountScope, terms: &[&String]) -> Result<(), DirectoryError> {
    let mut values: Vec<Value<'_>> = params![scope.tenant, scope.account].to_vec();
    values.extend(padded(terms).map(|term| Value::from(term.as_str())));
    tx.execute(
        &format!(
            "DELETE FROM account_term WHERE tenant_id = ?1 AND account_id = ?2 AND term IN ({})",
            hikyaku_db::sql::in_list(3, ROWS)
        ),
        &values,
    )?;
    Ok(())
}

fn padded<'a>(terms: &'a [&'a String]) -> impl Iterator<Item = &'a String> {
    terms
        .iter()
        .chain(terms.last().into_iter().cycle())
        .take(ROWS)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_kana_and_blanks_do_not_matter() {
        for (text, same) in [
            ("ヤマダ　タロウ", "やまだ たろう"),
            ("ﾔﾏﾀﾞ", "ヤマダ"),
            ("ＴＡＲＯ", "taro"),
            ("が", "か\u{3099}"),
        ] {
            assert_eq!(folded(text), folded(same), "{text}");
        }
        assert_ne!(folded("山田"), folded("山本"));
    }

    #[test]
    fn the_pieces_of_a_part_are_among_those_of_the_whole() {
        let whole = folded("営業部 taro-yamada 丸山");
        let all: Vec<&str> = pieces(&whole).into_iter().map(|(piece, _)| piece).collect();
        let characters: Vec<char> = whole.chars().collect();
        for start in 0..characters.len() {
            for end in start + 1..=characters.len() {
                let part: String = characters[start..end].iter().collect();
                for (piece, kind) in pieces(&part) {
                    let found = match kind {
                        Piece::Whole => all.contains(&piece),
                        Piece::Short => all.iter().any(|other| other.starts_with(piece)),
                    };
                    assert!(found, "{piece:?} of {part:?}");
                }
            }
        }
    }

    #[test]
    fn pieces_stay_within_their_field() {
        let found: Vec<&str> = pieces("ab\n山")
            .into_iter()
            .map(|(piece, _)| piece)
            .collect();
        assert_eq!(found, ["ab", "b", "山"]);
        assert_eq!(pieces("abc").first(), Some(&("abc", Piece::Whole)));
        assert_eq!(pieces(""), []);
    }
}
