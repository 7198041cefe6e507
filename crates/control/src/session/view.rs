//! Who a session is, and ending it.

use hikyaku_access::{
    policy,
    sessions::{self, Session, SessionState, Token},
};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{AccountScope, Language, accounts, tenants};
use hikyaku_types::Timestamp;

use super::{Requirement, hint_of, overview, requirement};
use crate::{ControlError, Rights, Within, authenticate};
use hikyaku_access::factors::FactorKind;

/// Who is signed in, and what of it may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session.
    pub session: Session,
    /// The account's display name; none while something is owed.
    pub name: Option<String>,
    /// The name of its tenant; none while something is owed.
    pub tenant: Option<String>,
    /// The language of its owner.
    pub language: Language,
    /// How a code can be come by, while one is owed.
    pub methods: Vec<&'static str>,
    /// Where codes go by mail, in part, while one is owed.
    pub mailed_to: Option<String>,
    /// The surfaces that the roles allow (4.0).
    pub surfaces: Vec<Surface>,
    /// What its pages have to say first.
    pub banners: Vec<Banner>,
}

/// One of the four surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// Webmail.
    Mail,
    /// The person's own settings.
    Account,
    /// The company administrators' console.
    Admin,
    /// The operator's console.
    Operator,
}

impl Surface {
    /// The word in the API, which is the path.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Account => "account",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }
}

/// Something that pages say first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Banner {
    /// A second factor must be set up before this instant.
    EnrolBefore(Timestamp),
}

/// Who the session of a token is.
pub fn show(tx: &Tx<'_>, token: &Token) -> Result<SessionInfo, ControlError> {
    let session = sessions::find(tx, token)?;
    let session = session.ok_or(ControlError::NotFound { kind: "session" })?;
    let mut info = SessionInfo {
        language: session.language,
        session,
        name: None,
        tenant: None,
        methods: Vec::new(),
        mailed_to: None,
        surfaces: Vec::new(),
        banners: Vec::new(),
    };
    match info.session.state {
        SessionState::Factor => tell_methods(tx, &mut info)?,
        SessionState::Complete => tell_everything(tx, &mut info)?,
        SessionState::Enrol | SessionState::Change => {}
    }
    Ok(info)
}

/// Ends the session of a token; it does not matter whether there was one.
pub fn close(tx: &WriteTx<'_>, token: &Token) -> Result<(), ControlError> {
    if let Some(session) = sessions::find(tx, token)? {
        sessions::revoke(tx, session.scope, session.id)?;
    }
    Ok(())
}

fn tell_methods(tx: &Tx<'_>, info: &mut SessionInfo) -> Result<(), ControlError> {
    let all = overview(tx, info.session.scope)?;
    for factor in all.confirmed() {
        if !info.methods.contains(&factor.kind.word()) {
            info.methods.push(factor.kind.word());
        }
        if factor.kind == FactorKind::Email {
            info.mailed_to = factor.address.as_ref().map(hint_of);
        }
    }
    if all.backup_codes > 0 {
        info.methods.push("backup");
    }
    Ok(())
}

fn tell_everything(tx: &Tx<'_>, info: &mut SessionInfo) -> Result<(), ControlError> {
    let scope = info.session.scope;
    info.name = Some(accounts::load(tx, scope)?.name);
    info.tenant = Some(tenants::load(tx, scope.tenant_scope())?.name);
    info.surfaces = surfaces(tx, scope, info.session.factor_at.is_some())?;
    let policy = policy::load(tx, scope.tenant_scope())?;
    if !overview(tx, scope)?.is_on()
        && let Requirement::From(end) = requirement(tx, scope, &policy)?
    {
        info.banners.push(Banner::EnrolBefore(end));
    }
    Ok(())
}

/// The surfaces of an account: the consoles for whom a role allows anything there.
fn surfaces(
    tx: &Tx<'_>,
    scope: AccountScope,
    with_factor: bool,
) -> Result<Vec<Surface>, ControlError> {
    let rights = authenticate::rights_of(tx, scope)?;
    let mut surfaces = vec![Surface::Mail, Surface::Account];
    if has_any(&rights, |place| *place != Within::Platform) {
        surfaces.push(Surface::Admin);
    }
    if with_factor && has_any(&rights, |place| *place == Within::Platform) {
        surfaces.push(Surface::Operator);
    }
    Ok(surfaces)
}

fn has_any(rights: &Rights, counts: impl Fn(&Within) -> bool) -> bool {
    rights.iter().any(|(_, places)| places.iter().any(&counts))
}
