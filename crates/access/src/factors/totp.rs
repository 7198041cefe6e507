//! Codes of an authenticator (RFC 6238): six digits, 30 seconds, one step before and after.

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{FactorId, Secret, Timestamp};
use qrcode::{QrCode, render::svg};
use subtle::ConstantTimeEq as _;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::{
    FactorError, FactorKind, Vault, label,
    list::{changed, insert, is_within_setup},
};

/// Seconds of one step.
const STEP_SECONDS: i64 = 30;
/// Steps of a clock that is ahead or behind which are accepted, on each side (1): half a minute.
const STEPS_MAX: i64 = 1;
/// Bytes of a secret: what RFC 4226 §4 recommends.
const SECRET_BYTES: usize = 20;
/// The size of the picture at least, in pixels.
const PICTURE_PIXELS: u32 = 240;

/// A new authenticator, to be shown to its owner once.
pub struct TotpSetup {
    secret: Zeroizing<Vec<u8>>,
    /// The `otpauth:` link, for an authenticator on the same device.
    pub url: Secret,
    /// The secret as text, to type in.
    pub text: Secret,
    /// The link as a QR code: an SVG picture.
    pub picture: Secret,
}

impl std::fmt::Debug for TotpSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSetup(…)")
    }
}

impl TotpSetup {
    /// A new secret, shown in the authenticator as `account` of `issuer`.
    pub fn new(issuer: &str, account: &str) -> Self {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        rand::fill(secret.as_mut_slice());
        let text = Secret::new(base32(&secret));
        let (issuer, account) = (escaped(issuer), escaped(account));
        let url = Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
            text.expose()
        ));
        let picture = QrCode::new(url.expose()).map(|code| {
            let mut renderer = code.render::<svg::Color<'_>>();
            renderer
                .min_dimensions(PICTURE_PIXELS, PICTURE_PIXELS)
                .build()
        });
        Self {
            secret,
            url,
            text,
            picture: Secret::new(picture.unwrap_or_default()),
        }
    }
}

/// Enters an authenticator; it counts when a first code confirms it.
pub fn begin_totp(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    vault: &Vault,
    name: &str,
    setup: &TotpSetup,
) -> Result<FactorId, FactorError> {
    let sealed = vault.seal(scope, &setup.secret)?;
    insert(tx, scope, FactorKind::Totp, label(name)?, &sealed, "")
}

/// Confirms an authenticator by one of its codes.
pub fn confirm_totp(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    vault: &Vault,
    id: FactorId,
    code: &Secret,
) -> Result<(), FactorError> {
    let found = tx.query_opt(
        "SELECT secret, created_at FROM second_factor
         WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3 AND kind = 'totp'
           AND confirmed_at IS NULL FOR UPDATE",
        params![scope.tenant, scope.account, id],
        |row| Ok((row.get::<String>(0)?, row.get::<Timestamp>(1)?)),
    )?;
    let (sealed, created_at) = found.ok_or(FactorError::NoSuchFactor)?;
    if !is_within_setup(FactorKind::Totp, created_at, tx.now()) {
        return Err(FactorError::NoSuchFactor);
    }
    let secret = vault.read(scope, &sealed)?;
    let step = matching_step(&secret, code, tx.now(), 0).ok_or(FactorError::WrongCode)?;
    tx.execute(
        "UPDATE second_factor SET confirmed_at = ?2, last_step = ?3 WHERE id = ?1",
        params![id, tx.now(), step],
    )?;
    changed(tx, scope)?;
    Ok(())
}

/// The confirmed authenticator of an account that a code is of, which from now on takes no code of
/// this step or an earlier one. The caller holds the account's row in `web_account`.
pub(super) fn take(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    vault: &Vault,
    code: &Secret,
) -> Result<Option<FactorId>, FactorError> {
    for (id, sealed, last_step) in confirmed(tx, scope)? {
        let secret = vault.read(scope, &sealed)?;
        if let Some(step) = matching_step(&secret, code, tx.now(), last_step) {
            tx.execute(
                "UPDATE second_factor SET last_step = ?2, last_used_at = ?3 WHERE id = ?1",
                params![id, step, tx.now()],
            )?;
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn confirmed(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<(FactorId, String, i64)>, DbError> {
    tx.query(
        "SELECT id, secret, last_step FROM second_factor
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'totp' AND confirmed_at IS NOT NULL
         ORDER BY id FOR UPDATE",
        params![scope.tenant, scope.account],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// The step that a code is of, among those that are accepted now and were not used yet. Takes the
/// same time for every wrong code.
fn matching_step(secret: &[u8], code: &Secret, now: Timestamp, last_step: i64) -> Option<i64> {
    let totp = authenticator(secret)?;
    let current = now.seconds().div_euclid(STEP_SECONDS);
    let mut found = None;
    for step in current - STEPS_MAX..=current + STEPS_MAX {
        let Ok(instant) = u64::try_from(step.saturating_mul(STEP_SECONDS)) else {
            continue;
        };
        let wanted = Zeroizing::new(totp.generate(instant).to_string());
        let matches: bool = wanted.as_bytes().ct_eq(code.expose().as_bytes()).into();
        if matches && step > last_step {
            found = Some(step);
        }
    }
    found
}

fn authenticator(secret: &[u8]) -> Option<Totp> {
    let builder = Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name("account".to_owned());
    builder.build().ok()
}

/// RFC 4648 §6 without padding: 20 bytes make 32 characters and need none.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut padded = [0_u8; 8];
        if let Some(tail) = padded.get_mut(3..3 + group.len()) {
            tail.copy_from_slice(group);
        }
        let bits = u64::from_be_bytes(padded);
        for at in 0..(group.len() * 8).div_ceil(5) {
            let index = (bits >> (35 - 5 * at)) & 31;
            let letter = ALPHABET.get(index as usize).copied().unwrap_or(b'A');
            text.push(char::from(letter));
        }
    }
    text
}

/// A text within a link.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238 appendix B, whose codes end with those digits.
    const SECRET: &[u8; 20] = b"12345678901234567890";

    fn step_of(code: &str, seconds: i64, last_step: i64) -> Option<i64> {
        let now = Timestamp::from_seconds(seconds);
        matching_step(SECRET, &code.into(), now, last_step)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(code, seconds, 0), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_counts_one_step_before_and_after_and_no_longer() {
        let code = "005924";
        let begin = 1_234_567_890 / 30 * 30;
        let step = begin / 30;
        for (seconds, matches) in [
            (begin - 31, false),
            (begin - 30, true),
            (begin, true),
            (begin + 59, true),
            (begin + 60, false),
        ] {
            let found = step_of(code, seconds, 0);
            assert_eq!(found, matches.then_some(step), "{seconds}");
        }
    }

    #[test]
    fn a_step_that_was_used_is_over_and_so_are_those_before() {
        let step = 1_234_567_890 / 30;
        assert_eq!(step_of("005924", 1_234_567_890, step - 1), Some(step));
        assert_eq!(step_of("005924", 1_234_567_890, step), None);
        assert_eq!(step_of("005924", 1_234_567_890, step + 1), None);
    }

    #[test]
    fn what_is_no_code_matches_nothing() {
        for code in ["", "5924", "0005924", "00592４", "+05924", "005925"] {
            assert_eq!(step_of(code, 1_234_567_890, 0), None, "{code}");
        }
    }

    #[test]
    fn a_setup_shows_the_same_secret_three_times() {
        let setup = TotpSetup::new("株式会社 例", "taro+x@example.test");
        let text = setup.text.expose();
        assert_eq!(text.len(), 32);
        assert!(setup.url.expose().contains(&format!("secret={text}&")));
        assert!(setup.url.expose().starts_with("otpauth://totp/%E6%A0%AA"));
        assert!(setup.url.expose().contains(":taro%2Bx@example.test?"));
        assert!(setup.picture.expose().contains("<svg"));
        assert_eq!(format!("{setup:?}"), "TotpSetup(…)");
    }

    #[test]
    fn secrets_are_spelled_as_rfc_4648_says() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
