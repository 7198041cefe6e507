//! CRAM-MD5, client side (RFC 2195): `name SP hex(HMAC-MD5(password, challenge))`.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_types::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;

use crate::UnexpectedChallenge;

/// The answer to a challenge (base64, as it came), before base64.
pub(crate) fn proof(
    challenge: &[u8],
    login: &str,
    secret: &Secret,
) -> Result<String, UnexpectedChallenge> {
    let challenge = STANDARD
        .decode(challenge.trim_ascii())
        .map_err(|_| UnexpectedChallenge)?;
    let mut mac =
        Hmac::<Md5>::new_from_slice(secret.expose().as_bytes()).map_err(|_| UnexpectedChallenge)?;
    mac.update(&challenge);
    let mut text = format!("{login} ");
    for byte in mac.finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 2195 §2.
    #[test]
    fn the_password_is_proved_and_not_told() {
        let challenge = b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
        let answer = proof(challenge, "tim", &Secret::from("tanstaaftanstaaf")).unwrap();
        assert_eq!(answer, "tim b913a602c7eda7a495b4e6e7334d3890");
        assert!(proof(b"no base64!", "tim", &Secret::from("x")).is_err());
    }
}
