//! What each route needs.

use hikyaku_types::Permission::{self, *};

/// What a route needs of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: nobody has to sign in.
    Public,
    /// To be somebody: it is about the own account, or shows each what is theirs.
    Own,
    /// A permission in the tenant, or a part of it, that the thing belongs to.
    Tenant(Permission),
    /// A permission on the whole platform.
    Platform(Permission),
}

impl Need {
    /// Whether somebody with these permissions in the own tenant is refused.
    pub(crate) fn is_denied(self, allowed: &[Permission]) -> bool {
        match self {
            Self::Public | Self::Own => false,
            Self::Tenant(permission) => !allowed.contains(&permission),
            Self::Platform(_) => true,
        }
    }

    /// Whether somebody with these permissions on the whole platform is refused.
    pub(crate) fn is_denied_to_operator(self, allowed: &[Permission]) -> bool {
        match self {
            Self::Public | Self::Own => false,
            Self::Tenant(permission) | Self::Platform(permission) => !allowed.contains(&permission),
        }
    }

    /// Whether a path can name things of others.
    pub(crate) fn is_about_others(self) -> bool {
        matches!(self, Self::Tenant(_) | Self::Platform(_))
    }
}

use Need::{Own, Platform, Public, Tenant};

/// Every route: method, path, need.
pub(crate) const TABLE: &[(&str, &str, Need)] = &[
    ("GET", "/api/v1", Public),
    ("GET", "/api/v1/accounts", Tenant(AccountsRead)),
    ("POST", "/api/v1/accounts", Tenant(AccountsWrite)),
    ("POST", "/api/v1/accounts/bulk", Tenant(AccountsWrite)),
    ("POST", "/api/v1/accounts/import", Tenant(AccountsWrite)),
    (
        "DELETE",
        "/api/v1/accounts/{account}",
        Tenant(AccountsWrite),
    ),
    ("GET", "/api/v1/accounts/{account}", Tenant(AccountsRead)),
    ("PATCH", "/api/v1/accounts/{account}", Tenant(AccountsWrite)),
    (
        "GET",
        "/api/v1/accounts/{account}/app-passwords",
        Tenant(AccountsRead),
    ),
    (
        "DELETE",
        "/api/v1/accounts/{account}/app-passwords/{app_password}",
        Tenant(CredentialsReset),
    ),
    (
        "GET",
        "/api/v1/accounts/{account}/deleted-messages",
        Tenant(AccountsRead),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/deleted-messages/restore",
        Tenant(AccountsWrite),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/erase",
        Tenant(AccountsWrite),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/factors/reset",
        Tenant(CredentialsReset),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/initialise",
        Tenant(MailboxesInitialise),
    ),
    (
        "DELETE",
        "/api/v1/accounts/{account}/invitation",
        Tenant(CredentialsReset),
    ),
    (
        "GET",
        "/api/v1/accounts/{account}/invitation",
        Tenant(CredentialsReset),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/invitation",
        Tenant(CredentialsReset),
    ),
    (
        "PUT",
        "/api/v1/accounts/{account}/password",
        Tenant(CredentialsReset),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/rename",
        Tenant(AccountsWrite),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/repair",
        Tenant(MailboxesRepair),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/restore",
        Tenant(AccountsWrite),
    ),
    (
        "GET",
        "/api/v1/accounts/{account}/security",
        Tenant(AccountsRead),
    ),
    (
        "PUT",
        "/api/v1/accounts/{account}/security",
        Tenant(CredentialsReset),
    ),
    (
        "GET",
        "/api/v1/accounts/{account}/sign-ins",
        Tenant(AccountsRead),
    ),
    (
        "POST",
        "/api/v1/accounts/{account}/unlock",
        Tenant(CredentialsReset),
    ),
    ("POST", "/api/v1/addresses/resolve", Tenant(AccountsRead)),
    ("GET", "/api/v1/aliases", Tenant(AccountsRead)),
    ("POST", "/api/v1/aliases", Tenant(AccountsWrite)),
    ("DELETE", "/api/v1/aliases/{address}", Tenant(AccountsWrite)),
    ("GET", "/api/v1/aliases/{address}", Tenant(AccountsRead)),
    ("PATCH", "/api/v1/aliases/{address}", Tenant(AccountsWrite)),
    ("GET", "/api/v1/announcements", Tenant(NoticesRead)),
    ("POST", "/api/v1/announcements", Tenant(NoticesWrite)),
    (
        "DELETE",
        "/api/v1/announcements/{announcement}",
        Tenant(NoticesWrite),
    ),
    (
        "GET",
        "/api/v1/announcements/{announcement}",
        Tenant(NoticesRead),
    ),
    (
        "PUT",
        "/api/v1/announcements/{announcement}",
        Tenant(NoticesWrite),
    ),
    ("GET", "/api/v1/api-keys", Tenant(RolesRead)),
    ("POST", "/api/v1/api-keys", Tenant(ApiKeysWrite)),
    ("DELETE", "/api/v1/api-keys/{key}", Tenant(ApiKeysWrite)),
    ("GET", "/api/v1/api-keys/{key}", Tenant(RolesRead)),
    ("PATCH", "/api/v1/api-keys/{key}", Tenant(ApiKeysWrite)),
    ("GET", "/api/v1/confirmations/{token}", Public),
    ("POST", "/api/v1/confirmations/{token}", Public),
    ("GET", "/api/v1/deleted-accounts", Tenant(AccountsRead)),
    ("POST", "/api/v1/doctor", Platform(SystemWrite)),
    ("GET", "/api/v1/domains", Tenant(DomainsRead)),
    ("POST", "/api/v1/domains", Tenant(DomainsWrite)),
    ("DELETE", "/api/v1/domains/{domain}", Tenant(DomainsWrite)),
    ("GET", "/api/v1/domains/{domain}", Tenant(DomainsRead)),
    ("PATCH", "/api/v1/domains/{domain}", Tenant(DomainsWrite)),
    ("PUT", "/api/v1/domains/{domain}/pool", Tenant(DomainsWrite)),
    (
        "POST",
        "/api/v1/domains/{domain}/transfer",
        Tenant(DomainsWrite),
    ),
    ("GET", "/api/v1/domains/{domain}/usage", Tenant(UsageRead)),
    (
        "POST",
        "/api/v1/domains/{domain}/verify",
        Tenant(DomainsWrite),
    ),
    ("POST", "/api/v1/exports", Tenant(AccountsRead)),
    ("GET", "/api/v1/grants", Tenant(RolesRead)),
    ("POST", "/api/v1/grants", Tenant(RolesWrite)),
    ("DELETE", "/api/v1/grants/{grant}", Tenant(RolesWrite)),
    ("GET", "/api/v1/grants/{grant}", Tenant(RolesRead)),
    ("GET", "/api/v1/impersonations", Tenant(LogRead)),
    ("POST", "/api/v1/impersonations", Tenant(AccountsRead)),
    ("DELETE", "/api/v1/impersonations/{impersonation}", Own),
    ("POST", "/api/v1/imports", Tenant(AccountsWrite)),
    ("GET", "/api/v1/invitations/{token}", Public),
    ("POST", "/api/v1/invitations/{token}", Public),
    ("GET", "/api/v1/jobs", Own),
    ("DELETE", "/api/v1/jobs/{job}", Own),
    ("GET", "/api/v1/jobs/{job}", Own),
    ("POST", "/api/v1/jobs/{job}/cancel", Own),
    ("GET", "/api/v1/jobs/{job}/results/{name}", Own),
    ("GET", "/api/v1/locks", Tenant(UsageRead)),
    ("POST", "/api/v1/locks/{id}/extend", Platform(LocksWrite)),
    ("POST", "/api/v1/locks/{id}/unlock", Platform(LocksWrite)),
    ("POST", "/api/v1/mailboxes/export", Platform(SystemWrite)),
    ("POST", "/api/v1/mailboxes/fetch", Platform(SystemWrite)),
    ("POST", "/api/v1/mailboxes/import", Platform(SystemWrite)),
    ("GET", "/api/v1/mailboxes/imports", Platform(SystemWrite)),
    ("POST", "/api/v1/mailboxes/restore", Tenant(MailboxesRepair)),
    ("GET", "/api/v1/me/access-log", Own),
    ("GET", "/api/v1/me/announcements", Own),
    ("GET", "/api/v1/me/app-passwords", Own),
    ("POST", "/api/v1/me/app-passwords", Own),
    ("DELETE", "/api/v1/me/app-passwords/{app_password}", Own),
    ("GET", "/api/v1/me/browsers", Own),
    ("DELETE", "/api/v1/me/browsers/{browser}", Own),
    ("GET", "/api/v1/me/factors", Own),
    ("POST", "/api/v1/me/factors/backup-codes", Own),
    ("POST", "/api/v1/me/factors/email", Own),
    ("POST", "/api/v1/me/factors/totp", Own),
    ("DELETE", "/api/v1/me/factors/{factor}", Own),
    ("POST", "/api/v1/me/factors/{factor}/confirm", Own),
    ("POST", "/api/v1/me/initialise", Own),
    ("GET", "/api/v1/me/profile", Own),
    ("PATCH", "/api/v1/me/profile", Own),
    ("DELETE", "/api/v1/me/recovery", Own),
    ("GET", "/api/v1/me/recovery", Own),
    ("PUT", "/api/v1/me/recovery", Own),
    ("POST", "/api/v1/me/repair", Own),
    ("GET", "/api/v1/me/rights", Own),
    ("DELETE", "/api/v1/me/sessions", Own),
    ("GET", "/api/v1/me/sessions", Own),
    ("DELETE", "/api/v1/me/sessions/{session}", Own),
    ("GET", "/api/v1/me/sign-ins", Own),
    ("GET", "/api/v1/me/usage", Own),
    ("GET", "/api/v1/notices/settings", Tenant(NoticesRead)),
    ("PUT", "/api/v1/notices/settings", Tenant(NoticesWrite)),
    ("GET", "/api/v1/notices/templates", Tenant(NoticesRead)),
    (
        "DELETE",
        "/api/v1/notices/templates/{event}/{language}",
        Tenant(NoticesWrite),
    ),
    (
        "GET",
        "/api/v1/notices/templates/{event}/{language}",
        Tenant(NoticesRead),
    ),
    (
        "PUT",
        "/api/v1/notices/templates/{event}/{language}",
        Tenant(NoticesWrite),
    ),
    (
        "POST",
        "/api/v1/notices/templates/{event}/{language}/preview",
        Tenant(NoticesRead),
    ),
    (
        "POST",
        "/api/v1/notices/templates/{event}/{language}/test",
        Tenant(NoticesWrite),
    ),
    ("GET", "/api/v1/openapi.json", Public),
    ("GET", "/api/v1/operation-log", Tenant(LogRead)),
    ("GET", "/api/v1/operation-log/export", Tenant(LogRead)),
    ("POST", "/api/v1/operation-log/verify", Tenant(LogRead)),
    ("GET", "/api/v1/options", Tenant(ContractsRead)),
    ("POST", "/api/v1/options", Platform(PlansWrite)),
    ("GET", "/api/v1/options/{option}", Platform(PlansRead)),
    ("PATCH", "/api/v1/options/{option}", Platform(PlansWrite)),
    ("POST", "/api/v1/password-reset", Public),
    ("GET", "/api/v1/password-reset/{token}", Public),
    ("POST", "/api/v1/password-reset/{token}", Public),
    ("GET", "/api/v1/plans", Platform(PlansRead)),
    ("POST", "/api/v1/plans", Platform(PlansWrite)),
    ("POST", "/api/v1/plans/presets", Platform(PlansWrite)),
    ("DELETE", "/api/v1/plans/{plan}", Platform(PlansWrite)),
    ("GET", "/api/v1/plans/{plan}", Platform(PlansRead)),
    ("PATCH", "/api/v1/plans/{plan}", Platform(PlansWrite)),
    ("POST", "/api/v1/plans/{plan}/apply", Platform(PlansWrite)),
    ("POST", "/api/v1/plans/{plan}/clone", Platform(PlansWrite)),
    ("POST", "/api/v1/plans/{plan}/publish", Platform(PlansWrite)),
    ("POST", "/api/v1/plans/{plan}/retire", Platform(PlansWrite)),
    ("GET", "/api/v1/queue", Tenant(QueueRead)),
    ("POST", "/api/v1/queue/cancel", Tenant(QueueWrite)),
    ("POST", "/api/v1/queue/hold", Tenant(QueueWrite)),
    ("POST", "/api/v1/queue/release", Tenant(QueueWrite)),
    ("POST", "/api/v1/queue/retry", Tenant(QueueWrite)),
    ("GET", "/api/v1/queue/{id}", Tenant(QueueRead)),
    ("GET", "/api/v1/roles", Tenant(RolesRead)),
    ("POST", "/api/v1/roles", Tenant(RolesWrite)),
    ("DELETE", "/api/v1/roles/{role}", Tenant(RolesWrite)),
    ("GET", "/api/v1/roles/{role}", Tenant(RolesRead)),
    ("PATCH", "/api/v1/roles/{role}", Tenant(RolesWrite)),
    ("DELETE", "/api/v1/session", Public),
    ("GET", "/api/v1/session", Own),
    ("POST", "/api/v1/session", Public),
    ("POST", "/api/v1/session/confirm", Own),
    ("POST", "/api/v1/session/continue", Own),
    ("POST", "/api/v1/session/factor", Own),
    ("POST", "/api/v1/session/factor/resend", Own),
    ("POST", "/api/v1/session/password", Own),
    ("GET", "/api/v1/templates", Tenant(AccountsRead)),
    ("POST", "/api/v1/templates", Tenant(AccountsWrite)),
    (
        "DELETE",
        "/api/v1/templates/{template}",
        Tenant(AccountsWrite),
    ),
    ("GET", "/api/v1/templates/{template}", Tenant(AccountsRead)),
    (
        "PATCH",
        "/api/v1/templates/{template}",
        Tenant(AccountsWrite),
    ),
    ("GET", "/api/v1/tenants", Tenant(ContractsRead)),
    ("POST", "/api/v1/tenants", Platform(ContractsWrite)),
    ("GET", "/api/v1/tenants/{tenant}", Tenant(ContractsRead)),
    ("PATCH", "/api/v1/tenants/{tenant}", Tenant(ContractsWrite)),
    (
        "GET",
        "/api/v1/tenants/{tenant}/content-consent",
        Tenant(SecurityRead),
    ),
    (
        "PUT",
        "/api/v1/tenants/{tenant}/content-consent",
        Tenant(SecurityWrite),
    ),
    (
        "GET",
        "/api/v1/tenants/{tenant}/options",
        Tenant(ContractsRead),
    ),
    (
        "PUT",
        "/api/v1/tenants/{tenant}/options/{option}",
        Tenant(ContractsWrite),
    ),
    (
        "PUT",
        "/api/v1/tenants/{tenant}/plan",
        Tenant(ContractsWrite),
    ),
    (
        "GET",
        "/api/v1/tenants/{tenant}/security-policy",
        Tenant(SecurityRead),
    ),
    (
        "PATCH",
        "/api/v1/tenants/{tenant}/security-policy",
        Tenant(SecurityWrite),
    ),
    (
        "POST",
        "/api/v1/tenants/{tenant}/status",
        Tenant(ContractsWrite),
    ),
    (
        "GET",
        "/api/v1/tenants/{tenant}/terms",
        Tenant(ContractsRead),
    ),
    ("GET", "/api/v1/tenants/{tenant}/usage", Tenant(UsageRead)),
    (
        "POST",
        "/api/v1/tenants/{tenant}/usage/measure",
        Tenant(UsageRead),
    ),
    (
        "GET",
        "/api/v1/tenants/{tenant}/usage/policy",
        Tenant(UsageRead),
    ),
    (
        "PUT",
        "/api/v1/tenants/{tenant}/usage/policy",
        Tenant(UsageRead),
    ),
    ("GET", "/api/v1/trace", Tenant(TraceRead)),
    ("GET", "/api/v1/usage", Tenant(UsageRead)),
    ("GET", "/api/v1/usage/accounts", Tenant(UsageRead)),
    ("GET", "/api/v1/usage/history", Tenant(UsageRead)),
    ("GET", "/api/v1/version", Public),
    (
        "GET",
        "/api/v1/tenants/{tenant}/registration-notice",
        Tenant(ContractsRead),
    ),
];
