//! `POST /api/v1/accounts`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use hikyaku_control::{
    Actor, ControlError,
    accounts::{self, NewPerson},
};
use hikyaku_db::Lane;
use hikyaku_directory::{
    AccountKind,
    credentials::{self, MustChange},
    password::weaknesses,
};
use hikyaku_types::{EmailAddress, Secret};
use rand::RngExt as _;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AccountView, Warning, fields::with_form};
use crate::{
    caller::Caller, idempotency::OnceOnly, problem::Problem, route::Body, services::Services,
};

/// Letters and digits that nobody mistakes for one another on paper.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a generated password: about 116 bits.
const GENERATED_CHARS: usize = 20;

/// What an account is for.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AccountKind)]
pub(crate) enum Kind {
    /// One person's.
    #[default]
    Person,
    /// A team's.
    Shared,
    /// A machine's; takes no seat.
    System,
}

impl From<Kind> for AccountKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Person => Self::Person,
            Kind::Shared => Self::Shared,
            Kind::System => Self::System,
        }
    }
}

with_form! {
    /// An account to create. Without a password nobody can sign in until one is set or an
    /// invitation is accepted.
    #[schema(as = AccountCreate)]
    Create {
        #[schema(value_type = String)]
        address: EmailAddress,
        #[serde(default)]
        kind: Kind,
        /// The template it copies, by id or name; `standard` when nothing is said.
        template: Option<String>,
        /// Not together with `generate_password`.
        password: Option<String>,
        /// Makes a password and shows it once, in the answer.
        #[serde(default)]
        generate_password: bool,
        /// The user has to choose another password at the next sign-in.
        #[serde(default)]
        must_change_password: bool,
    }
}

/// Creates an account.
#[utoipa::path(
    post, path = "/api/v1/accounts", tag = "accounts", operation_id = "account_create",
    request_body = Create,
    responses(
        (status = 201, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_domain`"),
        (status = 409, description = "`address_taken`, `seats_used_up`"),
    ),
)]
pub(crate) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(mut create): Body<Create>,
) -> Result<Response, Problem> {
    let (password, generated) = match (create.password.take(), create.generate_password) {
        (Some(_), true) => {
            let detail = "give a password or let one be generated, not both";
            return Err(Problem::bad_field("generate_password", detail));
        }
        (Some(password), false) => (Some(Secret::from(password)), None),
        (None, true) => {
            let made = generate();
            (Some(Secret::from(made.as_str())), Some(made))
        }
        (None, false) => (None, None),
    };
    let mut warnings = Vec::new();
    let mut hash = None;
    if let Some(password) = password {
        may_create(&services, &actor, &create.address).await?;
        warnings = Warning::all(&weaknesses(&password, &create.address));
        let hashed = services.hashing.hash(password).await;
        hash = Some(hashed.map_err(|error| Problem::bad_field("password", error))?);
    }
    let new = NewPerson {
        form: create.form(),
        address: create.address,
        kind: create.kind.into(),
        template: create.template,
        password: hash,
        restore_window: services.mailstore.limits().restore_window,
    };
    let must_change = create.must_change_password && new.password.is_some();
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let made = accounts::create(tx, &actor, &new)?;
            if must_change {
                let scope = made.view.details.account.scope;
                credentials::require_change(tx, scope, MustChange::AtNextSignIn)?;
            }
            Ok::<_, ControlError>(made)
        })
        .await?;
    let mut view = AccountView::from(made);
    view.warnings = warnings;
    let is_secret = generated.is_some();
    view.generated_password = generated;
    let answer = (StatusCode::CREATED, Json(view));
    Ok(if is_secret {
        OnceOnly(answer).into_response()
    } else {
        answer.into_response()
    })
}

/// Whether the actor may create the account at all: before a password is hashed for it, which costs
/// as much as a hundred requests.
async fn may_create(
    services: &Services,
    actor: &Arc<Actor>,
    address: &EmailAddress,
) -> Result<(), Problem> {
    let (actor, address) = (Arc::clone(actor), address.clone());
    let home = services
        .db
        .read(move |tx| accounts::home(tx, &actor, &address).map(drop));
    Ok(home.await?)
}

fn generate() -> String {
    let mut rng = rand::rng();
    (0..GENERATED_CHARS)
        .filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())))
        .map(|byte| char::from(*byte))
        .collect()
}
