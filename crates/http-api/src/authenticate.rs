//! Who asks: the layers that find out.
//!
//! Invariants: on the network nothing is reached without an actor but what the document calls
//! public; passwords, cookies and keys are not looked at on a connection that is not encrypted; a
//! request with an API key brings no cookie's rights.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hikyaku_control::Actor;
use hikyaku_net::{ClientKey, Peer, PeerAddress};
use hikyaku_types::{RequestId, Secret};

use crate::{
    caller::unauthenticated,
    client::{Client, Security},
    console_user, cookies, cross_site,
    frame::{Frame, PrincipalKey, is_public, is_safe},
    problem::Problem,
};

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
    match admit(&frame, client, &parts).await {
        Ok(actor) => {
            if let Some(actor) = actor {
                parts.extensions.insert(Arc::new(actor));
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => refuse(problem),
    }
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

/// Lets a request in with its actor, or without one where nobody has to sign in.
async fn admit(frame: &Frame, client: Client, request: &Parts) -> Result<Option<Actor>, Problem> {
    let address = ClientKey::from(client.address);
    Frame::count(&frame.limits.addresses, address)?;
    if client.security == Security::Plain {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "https_required",
            "the API is served over HTTPS only",
        ));
    }
    let (method, headers) = (&request.method, &request.headers);
    let is_change = !is_safe(method);
    let credential = credential(headers);
    let from_browser = match &credential {
        Some(Credential::Bearer(_)) => false,
        Some(Credential::Cookie(_)) => true,
        None => cross_site::is_browser(headers),
    };
    if is_change && from_browser {
        cross_site::check(headers, &request.uri)?;
    }
    let found = match credential {
        Some(credential) => identify(frame, credential, client.address).await?,
        None => None,
    };
    let route = request.extensions.get::<MatchedPath>();
    let Some(mut actor) = found else {
        frame.count_anonymous(address)?;
        let public = is_public(method, route.map(MatchedPath::as_str));
        return if public {
            Ok(None)
        } else {
            Err(unauthenticated())
        };
    };
    if let Some(key) = PrincipalKey::of(&actor.principal) {
        Frame::count(&frame.limits.principals, key)?;
    }
    actor.address = Some(client.address);
    actor.request = request.extensions.get::<RequestId>().copied();
    Ok(Some(actor))
}

/// The actor of a credential that is in force.
async fn identify(
    _frame: &Frame,
    _credential: Credential,
    _address: IpAddr,
) -> Result<Option<Actor>, Problem> {
    // Browser sessions and API keys are looked up here.
    Ok(None)
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
    let mut response = problem.into_response();
    if unknown {
        let scheme = HeaderValue::from_static("Bearer realm=\"hikyaku\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    response
}
