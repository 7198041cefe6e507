//! `/api/v1/domains/{domain}/verify`

use std::fmt::Write as _;

use axum::{extract::State, http::StatusCode};
use hikyaku_control::{DomainRef, domains as control};
use hikyaku_db::Lane;
use hikyaku_directory::domains::Check;
use hikyaku_dns::DnsError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DomainView, one::tagged};
use crate::{
    caller::Caller,
    etag::Tagged,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

/// Random bytes of a token: 128 bits, so that nobody guesses what another tenant must show.
const TOKEN_BYTES: usize = 16;

/// How the ownership is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DomainProof)]
pub(in crate::route) enum Method {
    /// By the TXT record.
    Record,
    /// The operator knows it.
    ByHand,
}

/// A check.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainVerify)]
pub(in crate::route) struct Wanted {
    /// Left out: by the TXT record.
    method: Option<Method>,
}

/// Looks whether the TXT record of a domain shows that it is its tenant's, now and as often as one
/// likes.
#[utoipa::path(
    post, path = "/api/v1/domains/{domain}/verify", tag = "domains",
    operation_id = "domain_verify",
    params(("domain" = String, Path, description = "An id or a name")),
    request_body = Wanted,
    responses(
        (status = 200, description = "The domain, with the outcome in `verification`",
            body = DomainView),
        (status = 404, description = "`no_such_domain`"),
        (status = 503, description = "`dns_unavailable`: no name server could answer"),
    ),
)]
pub(in crate::route) async fn verify(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
    Body(wanted): Body<Wanted>,
) -> Result<Tagged<DomainView>, Problem> {
    if wanted.method == Some(Method::ByHand) {
        let verified = services
            .db
            .write(Lane::Background, move |tx| {
                control::verify_by_hand(tx, &actor, &domain)
            })
            .await?;
        return Ok(tagged(verified));
    }
    let token = new_token();
    let asking = std::sync::Arc::clone(&actor);
    let asked = services
        .db
        .write(Lane::Background, move |tx| {
            control::ask(tx, &asking, &domain, &token)
        })
        .await?;
    let check = match services.dns.txt(&asked.record).await {
        Ok(answer) => {
            let says_so = answer
                .records
                .iter()
                .any(|text| text.trim() == asked.expected);
            if says_so {
                Check::Proved
            } else {
                Check::NotProved
            }
        }
        Err(DnsError::NoSuchName | DnsError::NoData) => Check::NotProved,
        Err(error) => return Err(not_now(&error)),
    };
    let found = services
        .db
        .write(Lane::Background, move |tx| {
            control::record(tx, &actor, &asked, check)
        })
        .await?;
    Ok(tagged(found))
}

/// A token that nobody can guess.
pub(super) fn new_token() -> String {
    let bytes: [u8; TOKEN_BYTES] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Nobody could say: the domain stays what it was.
fn not_now(error: &DnsError) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "dns_unavailable",
        format!("the record could not be looked up, try again: {error}"),
    )
}
