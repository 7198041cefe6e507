//! Requests that another site makes a browser send (CSRF): refused.
//!
//! A browser that changes something shows that the request comes from our own page: by
//! `Sec-Fetch-Site` or `Origin`, and by a header that no form can send and for which no other site
//! gets leave, because we answer no preflight. Programs with an API key bring no cookies, so nobody
//! can borrow their rights.

use axum::http::{
    HeaderMap, HeaderName, StatusCode, Uri,
    header::{HOST, ORIGIN},
};

use crate::problem::Problem;

/// The header that every page of ours sends with a change.
pub(crate) const OWN_REQUEST: HeaderName = HeaderName::from_static("x-hikyaku-request");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks a change that a browser's cookie, or nothing at all, vouches for.
pub(crate) fn check(headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    if headers.contains_key(&OWN_REQUEST) && is_own(headers, uri) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "a browser's change must come from this host's own page, with the header \
         X-Hikyaku-Request; programs use an API key",
    ))
}

/// Whether a browser sent this at all.
pub(crate) fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(&FETCH_SITE) || headers.contains_key(ORIGIN)
}

/// Either of the two proves it; one that speaks against it refutes it.
fn is_own(headers: &HeaderMap, uri: &Uri) -> bool {
    let site = headers.get(&FETCH_SITE).map(|site| site == "same-origin");
    let origin = headers.get(ORIGIN).map(|origin| {
        let host = uri.authority().map(axum::http::uri::Authority::as_str);
        let host = host.or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()));
        let own = host.map(|host| format!("https://{host}"));
        own.is_some_and(|own| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()))
    });
    match (site, origin) {
        (Some(site), _) if !site => false,
        // A proxy in front may have another name than the page; the browser's own word counts.
        (Some(_), _) => true,
        (None, origin) => origin == Some(true),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn judge(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        check(&headers, &Uri::from_static("/api/v1/domains")).is_ok()
    }

    #[test]
    fn a_change_comes_from_the_own_page_or_not_at_all() {
        let own = ("x-hikyaku-request", "1");
        let host = ("host", "mail.example.test");
        assert!(judge(&[own, host, ("sec-fetch-site", "same-origin")]));
        assert!(judge(&[own, host, ("origin", "https://mail.example.test")]));
        for refused in [
            &[own, host][..],
            &[host, ("sec-fetch-site", "same-origin")],
            &[own, host, ("sec-fetch-site", "cross-site")],
            &[own, host, ("sec-fetch-site", "same-site")],
            &[own, host, ("sec-fetch-site", "none")],
            &[own, host, ("origin", "https://evil.example.test")],
            &[own, host, ("origin", "http://mail.example.test")],
            &[own, host, ("origin", "null")],
            &[own, ("origin", "https://mail.example.test")],
            &[
                own,
                host,
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://mail.example.test"),
            ],
        ] {
            assert!(!judge(refused), "{refused:?}");
        }
    }
}
