//! Who asks: the layers that find out.
//!
//! Invariants: on the network nothing is reached without an actor but what the document calls
//! public; passwords, cookies and keys are not looked at on a connection that is not encrypted; a
//! request with an API key brings no cookie's rights.

mod identify;
mod impersonated;

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hikyaku_access::sessions::Session;
use hikyaku_control::{Actor, authenticate::Origin};
use hikyaku_net::{ClientKey, Peer, PeerAddress};
use hikyaku_types::{RequestId, Secret};

use crate::{
    caller::unauthenticated,
    client::{Client, Security},
    console_user, cookies, cross_site,
    document::Access,
    frame::{Frame, PrincipalKey, access, is_safe},
    problem::Problem,
};
use identify::{Found, identify};

/// Bytes of an `Authorization` header at most; ours have some dozens.
const MAX_TOKEN: usize = 512;

/// By what a request proves who asks.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// The cookie of a browser session.
    Cookie(Secret),
    /// An API key.
    Bearer(Secret),
}

/// On the control socket: the operator, by the name of the user whose process asks.
pub(crate) async fn console(
    State(frame): State<Frame>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.address);
    let user = match peer {
        Some(PeerAddress::Local { uid }) => console_user::name_of(uid),
        _ => frame.own_user.to_string(),
    };
    let mut actor = Actor::console(user);
    actor.request = request.extensions().get::<RequestId>().copied();
    request.extensions_mut().insert(Arc::new(actor));
    next.run(request).await
}

/// On the network: whoever the cookie or the key belongs to.
pub(crate) async fn network(
    State(frame): State<Frame>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client_of(&frame, &request);
    request.extensions_mut().insert(client.security);
    request.extensions_mut().insert(client);
    let (mut parts, body) = request.into_parts();
    let mut response = match admit(&frame, client, &parts).await {
        Ok(admitted) => {
            if let Some(actor) = admitted.actor {
                parts.extensions.insert(Arc::new(actor));
            }
            if let Some(session) = admitted.session {
                parts.extensions.insert(session);
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => refuse(problem),
    };
    let hsts = frame.options.hsts.as_secs();
    if client.security == Security::Encrypted
        && hsts > 0
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={hsts}"))
    {
        let headers = response.headers_mut();
        headers.insert(STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

fn client_of(frame: &Frame, request: &Request) -> Client {
    let extensions = request.extensions();
    let peer = extensions.get::<Peer>().copied();
    let security = extensions.get::<Security>().copied();
    Client::of(
        // Without a connection there is nobody to trust.
        peer.unwrap_or(Peer::local(u32::MAX)),
        security.unwrap_or(Security::Plain),
        request.headers(),
        &frame.options.trusted_proxies,
    )
}

/// Who was let in.
#[derive(Debug, Default)]
struct Admitted {
    actor: Option<Actor>,
    session: Option<Arc<Session>>,
}

/// Lets a request in with its actor, or without one where nobody has to sign in.
async fn admit(frame: &Frame, client: Client, request: &Parts) -> Result<Admitted, Problem> {
    let address = ClientKey::from(client.address);
    Frame::count(&frame.limits.addresses, address)?;
    if client.security == Security::Plain {
        return Err(https_required());
    }
    let credential = credential(&request.headers);
    check_site(request, credential.as_ref())?;
    let origin = Origin {
        address: Some(client.address),
        request: request.extensions.get::<RequestId>().copied(),
    };
    let found = match credential {
        Some(credential) => identify(&frame.services.db, credential, origin).await?,
        None => Found::Nobody,
    };
    let found = match found {
        Found::Actor(actor, Some(session)) => {
            let db = &frame.services.db;
            let actor = impersonated::assume(db, &request.headers, *actor).await?;
            Found::Actor(Box::new(actor), Some(session))
        }
        other => other,
    };
    let route = request.extensions.get::<MatchedPath>();
    let needed = access(&request.method, route.map(MatchedPath::as_str));
    match found {
        Found::Actor(actor, session) => {
            if let Some(key) = PrincipalKey::of(&actor.principal) {
                Frame::count(&frame.limits.principals, key)?;
            }
            if needed == Access::Session && session.is_none() {
                return Err(unauthenticated());
            }
            let actor = Some(*actor);
            Ok(Admitted { actor, session })
        }
        Found::Unfinished(session) => {
            frame.count_anonymous(address)?;
            let admitted = Admitted {
                actor: None,
                session: Some(session),
            };
            match needed {
                Access::SignedIn => Err(unfinished()),
                Access::Public | Access::Session => Ok(admitted),
            }
        }
        Found::Nobody => {
            frame.count_anonymous(address)?;
            match needed {
                Access::Public => Ok(Admitted::default()),
                Access::Session | Access::SignedIn => Err(unauthenticated()),
            }
        }
    }
}

/// A change that comes from a browser must come from our own page.
fn check_site(request: &Parts, credential: Option<&Credential>) -> Result<(), Problem> {
    let from_browser = match credential {
        Some(Credential::Bearer(_)) => false,
        Some(Credential::Cookie(_)) => true,
        None => cross_site::is_browser(&request.headers),
    };
    if from_browser && !is_safe(&request.method) {
        cross_site::check(&request.headers, &request.uri)?;
    }
    Ok(())
}

fn https_required() -> Problem {
    let detail = "the API is served over HTTPS only";
    Problem::new(StatusCode::FORBIDDEN, "https_required", detail)
}

fn unfinished() -> Problem {
    let detail = "the sign-in is not complete: GET /api/v1/session says what is missing";
    Problem::new(StatusCode::UNAUTHORIZED, "sign_in_incomplete", detail)
}

/// What a request brings. With an `Authorization` header cookies do not count.
pub(crate) fn credential(headers: &HeaderMap) -> Option<Credential> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().ok().filter(|text| text.len() <= MAX_TOKEN)?;
        let (scheme, token) = text.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        return is_bearer.then(|| Credential::Bearer(Secret::from(token.trim())));
    }
    cookies::read(headers, cookies::SESSION).map(Credential::Cookie)
}

fn refuse(problem: Problem) -> Response {
    let unknown = problem.status == StatusCode::UNAUTHORIZED.as_u16();
    let is_over = problem.code == impersonated::OVER;
    let mut response = problem.into_response();
    if is_over && let Some(cookie) = cookies::clear(cookies::IMPERSONATION) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if unknown {
        let scheme = HeaderValue::from_static("Bearer realm=\"hikyaku\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    response
}
