//! Charset labels and their many wrong spellings.

use encoding_rs::Encoding;

/// A charset that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Charset {
    /// UTF-8, which includes US-ASCII.
    Utf8,
    /// ISO-2022-JP and all its dialects, CP50220 to CP50222 included.
    Iso2022Jp,
    /// Shift_JIS as CP932 (windows-31j).
    ShiftJis,
    /// EUC-JP with CP51932's and eucJP-ms's additions.
    EucJp,
    /// UTF-7 (RFC 2152).
    Utf7,
    /// One that `encoding_rs` knows and mail needs no special care for.
    Other(&'static Encoding),
}

impl Charset {
    /// The charset that a label names. `None` for labels that tell nothing about 8-bit text:
    /// none, `us-ascii`, `unknown-8bit`, or one that nobody knows.
    pub fn from_label(label: &str) -> Option<Self> {
        let label = normalized(label);
        japanese(&label)
            .or_else(|| unicode(&label))
            .or_else(|| (!says_nothing(&label)).then(|| other(&label)).flatten())
    }

    /// The preferred MIME name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Iso2022Jp => "ISO-2022-JP",
            Self::ShiftJis => "Shift_JIS",
            Self::EucJp => "EUC-JP",
            Self::Utf7 => "UTF-7",
            Self::Other(encoding) => encoding.name(),
        }
    }

    /// From one of `encoding_rs`' encodings.
    pub(super) fn from_encoding(encoding: &'static Encoding) -> Self {
        if encoding == encoding_rs::UTF_8 {
            Self::Utf8
        } else if encoding == encoding_rs::ISO_2022_JP {
            Self::Iso2022Jp
        } else if encoding == encoding_rs::SHIFT_JIS {
            Self::ShiftJis
        } else if encoding == encoding_rs::EUC_JP {
            Self::EucJp
        } else {
            Self::Other(encoding)
        }
    }
}

/// Lower case, without blanks, quotes, RFC 2231 language suffix and what follows a separator.
fn normalized(label: &str) -> String {
    let trimmed = label.trim_matches(|c: char| c.is_whitespace() || "\"'<>`".contains(c));
    let end = trimmed.find(|c: char| c.is_whitespace() || ";,*\"'".contains(c));
    let word = trimmed
        .get(..end.unwrap_or(trimmed.len()))
        .unwrap_or_default();
    word.chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Japanese labels: spelling differs by hyphens, underscores and an `x-` before it.
fn japanese(label: &str) -> Option<Charset> {
    let bare: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    let bare = bare.strip_prefix('x').unwrap_or(&bare);
    if bare.starts_with("iso2022jp") || bare.starts_with("csiso2022jp") {
        return Some(Charset::Iso2022Jp);
    }
    match bare {
        "cp50220" | "cp50221" | "cp50222" | "windows50220" | "windows50221" | "windows50222"
        | "windowsiso2022jp" | "jis" | "jis7" | "jis8" | "7bitjis" | "junet" | "2022jp" => {
            Some(Charset::Iso2022Jp)
        }
        "shiftjis" | "sjis" | "mskanji" | "csshiftjis" | "cp932" | "ms932" | "mscp932"
        | "windows31j" | "cswindows31j" | "windows932" | "windowscp932" | "ibm932" | "ibm943"
        | "cp943" | "cp943c" | "932" | "csibm932" | "sjiswin" | "sjisms" | "sjisopen"
        | "shiftjisx0213" | "shiftjis2004" | "shiftjisms" | "macjapanese" => {
            Some(Charset::ShiftJis)
        }
        "eucjp"
        | "euc"
        | "ujis"
        | "cseucjp"
        | "cseucpkdfmtjapanese"
        | "eucjpms"
        | "eucjpwin"
        | "eucjpopen"
        | "eucjisx0213"
        | "eucjis2004"
        | "cp51932"
        | "windows51932"
        | "51932"
        | "cp20932"
        | "extendedunixcodepackedformatforjapanese" => Some(Charset::EucJp),
        _ => None,
    }
}

fn unicode(label: &str) -> Option<Charset> {
    match label {
        "utf-8" | "utf8" | "utf_8" | "utf-8n" | "utf8n" | "utf8mb4" | "cp65001" | "65001"
        | "x-utf-8" | "x-utf8" | "utf-8-mac" | "utf8-mac" | "unicode-1-1-utf-8"
        | "unicode-2-0-utf-8" | "csutf8" => Some(Charset::Utf8),
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "csunicode11utf7" | "cp65000" | "x-utf-7" => {
            Some(Charset::Utf7)
        }
        _ => None,
    }
}

fn says_nothing(label: &str) -> bool {
    matches!(
        label,
        "" | "us-ascii"
            | "ascii"
            | "us"
            | "csascii"
            | "iso-ir-6"
            | "ansi_x3.4-1968"
            | "ansi_x3.4-1986"
            | "iso646-us"
            | "iso_646.irv:1991"
            | "usascii"
            | "default"
            | "unknown"
            | "unknown-8bit"
            | "x-unknown"
            | "7bit"
            | "8bit"
            | "binary"
    )
}

fn other(label: &str) -> Option<Charset> {
    let encoding = Encoding::for_label(label.as_bytes()).or_else(|| {
        // Spellings that WHATWG's list lacks: `cp-1252`, `ansi`, `iso8859_1`, `x-gbk`.
        let bare = label.strip_prefix("x-").unwrap_or(label).replace('_', "-");
        let bare = bare.replace("cp-", "cp");
        Encoding::for_label(bare.as_bytes())
    })?;
    // WHATWG's "replacement" turns a whole text into one character; better guess.
    (encoding != encoding_rs::REPLACEMENT && encoding != encoding_rs::X_USER_DEFINED)
        .then(|| Charset::from_encoding(encoding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_right_and_wrong() {
        let cases = [
            ("ISO-2022-JP", "ISO-2022-JP"),
            ("\"iso-2022-jp\"", "ISO-2022-JP"),
            ("iso-2022-jp-1", "ISO-2022-JP"),
            ("iso-2022-jp-2", "ISO-2022-JP"),
            ("ISO-2022-JP-3", "ISO-2022-JP"),
            ("iso-2022-jp-2004", "ISO-2022-JP"),
            ("iso-2022-jp-ms", "ISO-2022-JP"),
            ("ISO2022JP", "ISO-2022-JP"),
            ("csISO2022JP", "ISO-2022-JP"),
            ("x-windows-iso2022jp", "ISO-2022-JP"),
            ("CP50220", "ISO-2022-JP"),
            ("cp50221", "ISO-2022-JP"),
            ("CP50222", "ISO-2022-JP"),
            ("x-sjis", "Shift_JIS"),
            ("shift-jis", "Shift_JIS"),
            ("Shift_JIS", "Shift_JIS"),
            ("ms_kanji", "Shift_JIS"),
            ("CP932", "Shift_JIS"),
            ("windows-31j", "Shift_JIS"),
            ("csWindows31J", "Shift_JIS"),
            ("MS932", "Shift_JIS"),
            ("sjis-win", "Shift_JIS"),
            ("EUC-JP", "EUC-JP"),
            ("x-euc-jp", "EUC-JP"),
            ("eucJP-ms", "EUC-JP"),
            ("CP51932", "EUC-JP"),
            ("ujis", "EUC-JP"),
            ("utf8", "UTF-8"),
            ("\"utf-8\"", "UTF-8"),
            ("'UTF-8'", "UTF-8"),
            ("utf-8; format=flowed", "UTF-8"),
            ("UTF-8*ja", "UTF-8"),
            ("utf-7", "UTF-7"),
            ("iso-8859-1", "windows-1252"),
            ("cp-1252", "windows-1252"),
            ("gb2312", "GBK"),
            ("x-gbk", "GBK"),
            ("big5", "Big5"),
            ("ks_c_5601-1987", "EUC-KR"),
            ("utf-16", "UTF-16LE"),
        ];
        for (label, name) in cases {
            assert_eq!(
                Charset::from_label(label).map(Charset::name),
                Some(name),
                "{label}"
            );
        }
    }

    #[test]
    fn labels_that_say_nothing() {
        for label in [
            "",
            " ",
            "us-ascii",
            "US-ASCII",
            "unknown-8bit",
            "x-unknown",
            "foo",
            "iso-2022-kr",
            "x",
        ] {
            assert_eq!(Charset::from_label(label), None, "{label}");
        }
    }
}
