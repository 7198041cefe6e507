//! The columns of account tables: their words, and the headings by which they are recognised.
//!
//! One list for import and export, so that what was exported is read back.

use serde::{Deserialize, Serialize, Serializer};

/// A column of an account table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The own address; every table has it.
    Address,
    /// The display name.
    Name,
    /// The family name.
    FamilyName,
    /// The given name.
    GivenName,
    /// How the family name is read.
    FamilyKana,
    /// How the given name is read.
    GivenKana,
    /// The department.
    Department,
    /// The title.
    Title,
    /// The organisation.
    Organisation,
    /// Telephone numbers.
    Phone,
    /// The employee number.
    EmployeeNumber,
    /// Whether its user may sign in: `active`, `suspended`.
    Status,
    /// Whether it takes new mail: `open`, `suspended`, `discarded`.
    Receiving,
    /// Whether its user may send: `open`, `suspended`.
    Sending,
    /// POP3: `on`, `off`.
    Pop,
    /// IMAP.
    Imap,
    /// Submission.
    Smtp,
    /// Webmail.
    Web,
    /// May change the own password.
    MayChangePassword,
    /// May change the own profile.
    MayEditProfile,
    /// Is in the global address list.
    InGal,
    /// Is told of by the public directory service.
    InDirectory,
    /// `ja`, `en`; empty: the tenant's.
    Language,
    /// `Asia/Tokyo`; empty: the tenant's.
    TimeZone,
    /// Bytes, or `10GB`; 0: no limit.
    Quota,
    /// Messages; 0: no limit.
    MessageLimit,
    /// Notes for administrators.
    Notes,
    /// The password; never exported.
    Password,
}

use Column as C;

/// Each column with its word and the other headings that stand for it, in lower case and without
/// spaces. The first Japanese one is the heading of Japanese exports.
const COLUMNS: &[(Column, &str, &[&str])] = &[
    (
        C::Address,
        "address",
        &[
            "メールアドレス",
            "mail",
            "email",
            "e-mail",
            "mailaddress",
            "emailaddress",
            "アドレス",
        ],
    ),
    (
        C::Name,
        "name",
        &["表示名", "氏名", "名前", "displayname", "fullname"],
    ),
    (
        C::FamilyName,
        "family_name",
        &["姓", "familyname", "lastname", "surname"],
    ),
    (
        C::GivenName,
        "given_name",
        &["名", "givenname", "firstname"],
    ),
    (
        C::FamilyKana,
        "family_kana",
        &[
            "姓(ふりがな)",
            "姓ふりがな",
            "姓(フリガナ)",
            "姓フリガナ",
            "姓カナ",
            "せい",
            "セイ",
            "familykana",
        ],
    ),
    (
        C::GivenKana,
        "given_kana",
        &[
            "名(ふりがな)",
            "名ふりがな",
            "名(フリガナ)",
            "名フリガナ",
            "名カナ",
            "めい",
            "メイ",
            "givenkana",
        ],
    ),
    (
        C::Department,
        "department",
        &["部署", "部署名", "所属", "division"],
    ),
    (C::Title, "title", &["役職", "jobtitle", "position"]),
    (
        C::Organisation,
        "organisation",
        &["会社名", "組織", "organization", "company"],
    ),
    (C::Phone, "phone", &["電話番号", "電話", "telephone", "tel"]),
    (
        C::EmployeeNumber,
        "employee_number",
        &["社員番号", "従業員番号", "employeenumber", "employeeid"],
    ),
    (C::Status, "status", &["状態", "利用状態"]),
    (C::Receiving, "receiving", &["受信"]),
    (C::Sending, "sending", &["送信"]),
    (C::Pop, "pop", &["pop利用", "pop3"]),
    (C::Imap, "imap", &["imap利用"]),
    (C::Smtp, "smtp", &["smtp利用"]),
    (C::Web, "web", &["web利用", "webメール", "webmail"]),
    (
        C::MayChangePassword,
        "may_change_password",
        &["パスワード変更可"],
    ),
    (
        C::MayEditProfile,
        "may_edit_profile",
        &["プロフィール変更可"],
    ),
    (C::InGal, "in_gal", &["共有アドレス帳に表示"]),
    (C::InDirectory, "in_directory", &["ディレクトリに公開"]),
    (C::Language, "language", &["言語", "lang"]),
    (C::TimeZone, "time_zone", &["タイムゾーン", "timezone"]),
    (
        C::Quota,
        "quota_bytes",
        &["容量", "容量上限", "quota", "mailboxsize"],
    ),
    (
        C::MessageLimit,
        "quota_messages",
        &["通数上限", "メール件数上限", "messagelimit"],
    ),
    (
        C::Notes,
        "notes",
        &["備考", "メモ", "note", "memo", "comment"],
    ),
    (C::Password, "password", &["パスワード", "pass"]),
];

impl Column {
    /// All of them that are exported, in their order: everything but the password.
    pub fn exported() -> impl Iterator<Item = Self> {
        let columns = COLUMNS.iter().map(|(column, _, _)| *column);
        columns.filter(|column| *column != Self::Password)
    }

    /// The word in requests and English headings.
    pub fn word(self) -> &'static str {
        self.entry().1
    }

    /// The heading of Japanese exports.
    pub fn japanese(self) -> &'static str {
        let (_, word, names) = self.entry();
        names.first().unwrap_or(word)
    }

    /// The column of a word in a request.
    pub fn parse(word: &str) -> Option<Self> {
        let found = COLUMNS.iter().find(|(_, own, _)| *own == word);
        found.map(|(column, _, _)| *column)
    }

    /// The column that a heading of a file means, if it is known.
    pub fn of_heading(heading: &str) -> Option<Self> {
        let plain: String = heading
            .chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .map(|c| match c {
                '\u{ff08}' => '(',
                '\u{ff09}' => ')',
                c => c,
            })
            .collect();
        let found = COLUMNS
            .iter()
            .find(|(_, word, names)| *word == plain || names.contains(&plain.as_str()));
        found.map(|(column, _, _)| *column)
    }

    fn entry(self) -> &'static (Self, &'static str, &'static [&'static str]) {
        let found = COLUMNS.iter().find(|(column, _, _)| *column == self);
        found.expect("invariant: the table has every column, a test looks")
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let word = String::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| D::Error::custom("there is no such column"))
    }
}

/// Where each column of a file stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// For each column of the file what it is; none for those that are passed over.
    pub columns: Vec<Option<Column>>,
    /// Whether the first row holds headings.
    pub headed: bool,
}

/// Why a file's columns are not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Nothing says which column holds the address.
    #[error(
        "the first row names no column \"address\" (メールアドレス): name the columns there, or say \
         with \"columns\" what they are"
    )]
    NoAddress,
    /// Two columns that mean the same.
    #[error("there are two columns \"{}\": leave one out with \"columns\"", .0.word())]
    Twice(Column),
}

impl Layout {
    /// The layout by the headings of the first row.
    pub fn guess<'a>(headings: impl IntoIterator<Item = &'a str>) -> Result<Self, LayoutError> {
        let columns = headings.into_iter().map(Column::of_heading).collect();
        Self::new(columns, true)
    }

    /// The layout that somebody gave.
    pub fn new(columns: Vec<Option<Column>>, headed: bool) -> Result<Self, LayoutError> {
        for (at, column) in columns.iter().enumerate() {
            if let Some(column) = column
                && columns
                    .iter()
                    .skip(at + 1)
                    .any(|other| *other == Some(*column))
            {
                return Err(LayoutError::Twice(*column));
            }
        }
        if !columns.contains(&Some(Column::Address)) {
            return Err(LayoutError::NoAddress);
        }
        Ok(Self { columns, headed })
    }

    /// Whether the file has a column.
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains(&Some(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_means_one_column() {
        let mut seen = std::collections::HashSet::new();
        for (column, word, names) in COLUMNS {
            for heading in names.iter().chain([word]) {
                assert!(seen.insert(*heading), "{heading} twice");
                assert_eq!(Column::of_heading(heading), Some(*column));
            }
            assert_eq!(Column::parse(word), Some(*column));
            assert_eq!(column.word(), *word);
        }
        assert!(!Column::exported().any(|column| column == Column::Password));
        assert_eq!(Column::exported().count(), COLUMNS.len() - 1);
    }

    #[test]
    fn headings_are_understood_as_people_write_them() {
        let layout =
            Layout::guess(["E-mail", " 姓（フリガナ） ", "Display Name", "Shoe size"]).unwrap();
        assert_eq!(
            layout.columns,
            [
                Some(Column::Address),
                Some(Column::FamilyKana),
                Some(Column::Name),
                None
            ]
        );
        assert_eq!(Layout::guess(["name"]), Err(LayoutError::NoAddress));
        let twice = Layout::guess(["address", "mail"]);
        assert_eq!(twice, Err(LayoutError::Twice(Column::Address)));
    }
}
