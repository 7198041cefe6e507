//! Flags as letters of a file name, and Dovecot's keywords among them.

use std::{io::Read as _, path::Path};

use crate::flags::{Flags, KEYWORDS_MAX, Keyword, SystemFlags};

use super::super::opening;

/// Most bytes of a `dovecot-keywords` that are read (64 KiB): it has 26 lines.
const KEYWORDS_FILE_BYTES_MAX: u64 = 64 * 1024;

/// Keywords that letters can stand for: `a` to `z`.
const LETTERS_MAX: usize = 26;

/// The letters of the flags, in the order of the alphabet.
const LETTERS: [(u8, SystemFlags); 5] = [
    (b'D', SystemFlags::DRAFT),
    (b'F', SystemFlags::FLAGGED),
    (b'R', SystemFlags::ANSWERED),
    (b'S', SystemFlags::SEEN),
    (b'T', SystemFlags::DELETED),
];

/// The part of a file name that names the message, and the letters behind it (`:2,FS`). Where a
/// colon cannot stand in a file name, others stand for it.
pub(in crate::transfer) fn info(name: &str) -> (&str, &str) {
    for mark in [":2,", "!2,", ";2,"] {
        if let Some((unique, letters)) = name.rsplit_once(mark) {
            return (unique, letters);
        }
    }
    (name, "")
}

/// The flags for the letters of a file name.
pub(super) fn read(letters: &str, keywords: &[Option<Keyword>]) -> Flags {
    let mut system = SystemFlags::NONE;
    let mut found: Vec<Keyword> = Vec::new();
    for letter in letters.bytes() {
        if letter == b'P' {
            found.extend(Keyword::new("$Forwarded"));
        }
        for (known, flag) in LETTERS {
            if letter == known {
                system = system.union(flag);
            }
        }
        if letter.is_ascii_lowercase() {
            found.extend(keywords.get(usize::from(letter - b'a')).cloned().flatten());
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(KEYWORDS_MAX);
    Flags::new(system, found).unwrap_or_default()
}

/// The keywords that a folder's letters stand for: Dovecot's file `dovecot-keywords`, with lines
/// such as `0 $Label1`.
pub(super) fn keywords_of(folder: &Path) -> Vec<Option<Keyword>> {
    let mut keywords = vec![None; LETTERS_MAX];
    let mut text = Vec::new();
    if let Ok(file) = opening::regular(&folder.join("dovecot-keywords")) {
        // What cannot be read has no keywords.
        let _ = file.take(KEYWORDS_FILE_BYTES_MAX).read_to_end(&mut text);
    }
    for line in String::from_utf8_lossy(&text).lines() {
        let Some((number, word)) = line.split_once(' ') else {
            continue;
        };
        let place = number
            .parse::<usize>()
            .ok()
            .and_then(|number| keywords.get_mut(number));
        if let (Some(place), Ok(keyword)) = (place, Keyword::new(word.trim())) {
            *place = Some(keyword);
        }
    }
    keywords
}

/// The letters for flags. New keywords are added to the list, as long as there are letters left;
/// also says how many found none.
pub(in crate::transfer) fn letters_for(
    flags: &Flags,
    keywords: &mut Vec<Keyword>,
) -> (String, u64) {
    let mut lost = 0;
    let mut letters = String::new();
    let forwarded = |keyword: &Keyword| keyword.as_str().eq_ignore_ascii_case("$Forwarded");
    for (letter, flag) in LETTERS {
        if letter == b'R' && flags.keywords().iter().any(forwarded) {
            letters.push('P');
        }
        if flags.system().contains(flag) {
            letters.push(char::from(letter));
        }
    }
    let mut lower: Vec<u8> = Vec::new();
    // `$Forwarded` has a letter of its own as a keyword too: Dovecot does not know what `P` means.
    for keyword in flags.keywords() {
        let known = keywords.iter().position(|other| other == keyword);
        let place = match known {
            Some(place) => place,
            None if keywords.len() < LETTERS_MAX => {
                keywords.push(keyword.clone());
                keywords.len() - 1
            }
            None => {
                lost += 1;
                continue;
            }
        };
        lower.extend(u8::try_from(place).map(|place| b'a' + place));
    }
    lower.sort_unstable();
    letters.extend(lower.into_iter().map(char::from));
    (letters, lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_back() {
        let words = ["$Forwarded", "Work", "$Label1"].map(|word| Keyword::new(word).unwrap());
        let system = SystemFlags::SEEN
            .union(SystemFlags::DRAFT)
            .union(SystemFlags::ANSWERED);
        let flags = Flags::new(system, words).unwrap();
        let mut keywords = vec![Keyword::new("work").unwrap()];
        let (letters, lost) = letters_for(&flags, &mut keywords);
        assert_eq!((letters.as_str(), lost), ("DPRSabc", 0));
        let keywords: Vec<_> = keywords.into_iter().map(Some).collect();
        assert_eq!(read(&letters, &keywords), flags);
    }

    #[test]
    fn keywords_beyond_the_letters_are_counted() {
        let words: Vec<Keyword> = (0..LETTERS_MAX + 2)
            .map(|n| Keyword::new(&format!("word{n}")).unwrap())
            .collect();
        let flags = Flags::new(SystemFlags::NONE, words).unwrap();
        let (letters, lost) = letters_for(&flags, &mut Vec::new());
        assert_eq!((letters.len(), lost), (LETTERS_MAX, 2));
    }

    #[test]
    fn lists_of_keywords_are_read_within_limits() {
        let folder = tempfile::tempdir().unwrap();
        let filler = format!(
            "99 {}\n",
            "x".repeat(usize::try_from(KEYWORDS_FILE_BYTES_MAX).unwrap())
        );
        std::fs::write(
            folder.path().join("dovecot-keywords"),
            format!("0 Work\n{filler}1 Late\n"),
        )
        .unwrap();
        let keywords = keywords_of(folder.path());
        assert_eq!(keywords.iter().flatten().count(), 1);
        assert_eq!(keywords[0], Keyword::new("Work").ok());
    }

    #[test]
    fn names_are_parted_at_their_info() {
        assert_eq!(info("1.M2.host:2,FS"), ("1.M2.host", "FS"));
        assert_eq!(info("1.M2.host!2,"), ("1.M2.host", ""));
        assert_eq!(info("1.M2.host"), ("1.M2.host", ""));
        assert_eq!(read("Xz", &[]), Flags::default());
    }
}
