//! The roles that every installation has (AD-26, OP-19).
//!
//! They are part of the program and not rows: a release that brings a permission gives it to those
//! who should have it. Whoever wants something else defines a role of their own.

#[cfg_attr(
    not(test),
    expect(
        clippy::enum_glob_use,
        reason = "the tables below name most of the permissions, and nothing else"
    )
)]
use hikyaku_types::Permission::{self, *};

/// For whom a role is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The operator's own people: granted on the whole platform only.
    Platform,
    /// A company's people: granted in their tenant or one domain of it.
    Tenant,
}

/// One role that is part of the program.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// What it is called in requests and in grants.
    pub word: &'static str,
    /// Its name in Japanese.
    pub ja: &'static str,
    /// Its name in English.
    pub en: &'static str,
    /// For whom it is.
    pub level: Level,
    /// What it allows.
    pub permissions: &'static [Permission],
    /// How many can have it in one tenant or domain.
    pub most: Option<u32>,
}

/// The role of those who run a company's mail, the only one that a tenant cannot be without.
pub const COMPANY_ADMINISTRATOR: &str = "company-administrator";
/// Main archive administrators of a tenant or a domain at most (K-15).
pub const MAX_ARCHIVE_MAIN: u32 = 1;
/// Further archive administrators of a tenant or a domain at most (K-15).
pub const MAX_ARCHIVE_SUB: u32 = 4;

/// What nobody can have in a tenant alone: it decides about the contract, or about the host that
/// all tenants share, or about reading other people's mail as them.
pub const PLATFORM_ONLY: &[Permission] = &[
    ContractsWrite,
    PlansRead,
    PlansWrite,
    LocksWrite,
    SystemRead,
    SystemWrite,
    Impersonate,
    ContentRead,
];

/// All of them, in the order of the consoles.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        word: COMPANY_ADMINISTRATOR,
        ja: "企業管理者",
        en: "Company administrator",
        level: Level::Tenant,
        permissions: &[
            ContractsRead,
            DomainsRead,
            DomainsWrite,
            AccountsRead,
            AccountsWrite,
            CredentialsReset,
            UsageRead,
            MailboxesRepair,
            MailboxesInitialise,
            SecurityRead,
            SecurityWrite,
            RolesRead,
            RolesWrite,
            ApiKeysWrite,
            LogRead,
            NoticesRead,
            NoticesWrite,
            JobsRead,
            JobsWrite,
            TraceRead,
            QueueRead,
            QueueWrite,
            QuarantineManage,
            HeldReview,
            ArchiveSearch,
            ArchiveManage,
            ListsManage,
        ],
        most: None,
    },
    BuiltIn {
        word: "user-manager",
        ja: "ユーザー管理のみ",
        en: "User management only",
        level: Level::Tenant,
        permissions: &[
            DomainsRead,
            AccountsRead,
            AccountsWrite,
            CredentialsReset,
            UsageRead,
        ],
        most: None,
    },
    BuiltIn {
        word: "quarantine-manager",
        ja: "隔離管理",
        en: "Quarantine manager",
        level: Level::Tenant,
        permissions: &[DomainsRead, AccountsRead, TraceRead, QuarantineManage],
        most: None,
    },
    BuiltIn {
        word: "audit-reviewer",
        ja: "監査担当",
        en: "Audit reviewer",
        level: Level::Tenant,
        permissions: &[DomainsRead, AccountsRead, LogRead, TraceRead, HeldReview],
        most: None,
    },
    BuiltIn {
        word: "archive-main",
        ja: "アーカイブ主管理者",
        en: "Main archive administrator",
        level: Level::Tenant,
        permissions: &[DomainsRead, AccountsRead, ArchiveSearch, ArchiveManage],
        most: Some(MAX_ARCHIVE_MAIN),
    },
    BuiltIn {
        word: "archive-sub",
        ja: "アーカイブ副管理者",
        en: "Archive administrator",
        level: Level::Tenant,
        permissions: &[DomainsRead, AccountsRead, ArchiveSearch],
        most: Some(MAX_ARCHIVE_SUB),
    },
    BuiltIn {
        word: "list-owner",
        ja: "ML管理",
        en: "Mailing list owner",
        level: Level::Tenant,
        permissions: &[DomainsRead, AccountsRead, ListsManage],
        most: None,
    },
    BuiltIn {
        word: "help-desk",
        ja: "ヘルプデスク(内容閲覧なし)",
        en: "Help desk without content",
        level: Level::Tenant,
        permissions: &[
            DomainsRead,
            AccountsRead,
            CredentialsReset,
            UsageRead,
            MailboxesRepair,
            SecurityRead,
            TraceRead,
            QueueRead,
        ],
        most: None,
    },
    BuiltIn {
        word: "read-only",
        ja: "閲覧のみ",
        en: "Read only",
        level: Level::Tenant,
        permissions: &[
            ContractsRead,
            DomainsRead,
            AccountsRead,
            UsageRead,
            SecurityRead,
            RolesRead,
            LogRead,
            NoticesRead,
            JobsRead,
            TraceRead,
            QueueRead,
        ],
        most: None,
    },
    BuiltIn {
        word: "operator-view",
        ja: "運用者(閲覧)",
        en: "Operator: view",
        level: Level::Platform,
        permissions: VIEW,
        most: None,
    },
    BuiltIn {
        word: "operator-support",
        ja: "運用者(サポート)",
        en: "Operator: support",
        level: Level::Platform,
        permissions: SUPPORT,
        most: None,
    },
    BuiltIn {
        word: "operator-operate",
        ja: "運用者(運用)",
        en: "Operator: operate",
        level: Level::Platform,
        permissions: OPERATE,
        most: None,
    },
    BuiltIn {
        word: "operator-manage",
        ja: "運用者(管理)",
        en: "Operator: manage",
        level: Level::Platform,
        permissions: Permission::ALL,
        most: None,
    },
];

const VIEW: &[Permission] = &[
    ContractsRead,
    PlansRead,
    DomainsRead,
    AccountsRead,
    UsageRead,
    SecurityRead,
    RolesRead,
    LogRead,
    NoticesRead,
    JobsRead,
    TraceRead,
    QueueRead,
    SystemRead,
];

const SUPPORT: &[Permission] = &[
    ContractsRead,
    PlansRead,
    DomainsRead,
    AccountsRead,
    CredentialsReset,
    UsageRead,
    LocksWrite,
    MailboxesRepair,
    SecurityRead,
    RolesRead,
    LogRead,
    NoticesRead,
    JobsRead,
    JobsWrite,
    TraceRead,
    QueueRead,
    Impersonate,
    SystemRead,
];

const OPERATE: &[Permission] = &[
    ContractsRead,
    ContractsWrite,
    PlansRead,
    DomainsRead,
    DomainsWrite,
    AccountsRead,
    AccountsWrite,
    CredentialsReset,
    UsageRead,
    LocksWrite,
    MailboxesRepair,
    MailboxesInitialise,
    SecurityRead,
    SecurityWrite,
    RolesRead,
    ApiKeysWrite,
    LogRead,
    NoticesRead,
    NoticesWrite,
    JobsRead,
    JobsWrite,
    TraceRead,
    QueueRead,
    QueueWrite,
    Impersonate,
    SystemRead,
    QuarantineManage,
    ListsManage,
];

/// The built-in role of a word.
pub fn built_in(word: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|role| role.word == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(word: &str) -> &'static [Permission] {
        built_in(word).unwrap().permissions
    }

    #[test]
    fn no_role_of_a_company_reaches_beyond_it() {
        for role in BUILT_IN.iter().filter(|role| role.level == Level::Tenant) {
            for permission in PLATFORM_ONLY {
                assert!(!role.permissions.contains(permission), "{}", role.word);
            }
        }
    }

    #[test]
    fn a_company_administrator_can_appoint_everybody_else_of_the_company() {
        let own = permissions(COMPANY_ADMINISTRATOR);
        for role in BUILT_IN.iter().filter(|role| role.level == Level::Tenant) {
            for permission in role.permissions {
                assert!(own.contains(permission), "{}: {permission}", role.word);
            }
        }
    }

    #[test]
    fn operators_roles_grow_from_view_to_manage() {
        let words = [
            "operator-view",
            "operator-support",
            "operator-operate",
            "operator-manage",
        ];
        for pair in words.windows(2) {
            let [less, more] = pair else { unreachable!() };
            for permission in permissions(less) {
                assert!(
                    permissions(more).contains(permission),
                    "{more}: {permission}"
                );
            }
        }
        assert!(!permissions("operator-operate").contains(&ContentRead));
    }

    #[test]
    fn the_help_desk_reads_no_mail() {
        for content in [ContentRead, HeldReview, ArchiveSearch, QuarantineManage] {
            assert!(!permissions("help-desk").contains(&content));
        }
    }
}
