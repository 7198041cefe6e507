//! Cookies: reading them, and setting them so that only this host over HTTPS ever sees them.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use hikyaku_types::Secret;

/// The cookie of a signed-in browser. `__Host-`: browsers take it from this host only, over HTTPS,
/// for all paths.
pub(crate) const SESSION: &str = "__Host-hikyaku-session";
/// The cookie of an administrator who acts as somebody, beside that of the own session.
pub(crate) const IMPERSONATION: &str = "__Host-hikyaku-as";
/// Bytes of a cookie's value at most; ours have some dozens.
const MAX_VALUE: usize = 512;

/// The value of a cookie. Two of one name are none: somebody planted one of them.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<Secret> {
    let pairs = headers.get_all(COOKIE).into_iter();
    let mut values = pairs
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) if !value.is_empty() && value.len() <= MAX_VALUE => {
            Some(Secret::from(value))
        }
        _ => None,
    }
}

/// The header `Set-Cookie` for a value of letters, digits, `-` and `_`, kept for `age`, or until
/// the browser is closed.
pub(crate) fn set(name: &str, value: &Secret, age: Option<Duration>) -> Option<HeaderValue> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !value.expose().bytes().all(is_plain) {
        return None;
    }
    let age = age.map_or_else(String::new, |age| format!("; Max-Age={}", age.as_secs()));
    let text = format!(
        "{name}={}; Path=/; Secure; HttpOnly; SameSite=Strict{age}",
        value.expose()
    );
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The header `Set-Cookie` that takes a cookie away.
pub(crate) fn clear(name: &str) -> Option<HeaderValue> {
    set(name, &Secret::from(""), Some(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_not_twice() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; s=abc"));
        assert_eq!(read(&headers, "s").unwrap().expose(), "abc");
        assert!(read(&headers, "b").is_none());
        headers.append(COOKIE, HeaderValue::from_static("s=def"));
        assert!(read(&headers, "s").is_none(), "planted beside ours");
    }

    #[test]
    fn what_is_set_is_for_this_host_and_no_script() {
        let header = set("s", &Secret::from("abc"), Some(Duration::from_mins(1))).unwrap();
        let text = header.to_str().unwrap();
        for word in [
            "Secure",
            "HttpOnly",
            "SameSite=Strict",
            "Path=/",
            "Max-Age=60",
        ] {
            assert!(text.contains(word), "{text}");
        }
        assert!(set("s", &Secret::from("a;b"), None).is_none());
        assert!(clear("s").unwrap().to_str().unwrap().contains("Max-Age=0"));
    }
}
