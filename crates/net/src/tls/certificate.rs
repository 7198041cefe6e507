//! What a certificate says about itself.

use hikyaku_types::Timestamp;

use super::der::{Der, tag};

/// `2.5.29.17`, subjectAltName (RFC 5280 §4.2.1.6).
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1D, 0x11];

/// The facts an operator needs of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Host names it is for, lower case, wildcards as `*.example.jp`.
    pub names: Vec<String>,
}

impl CertificateFacts {
    /// Reads the facts from the DER form; `None` when it is no certificate.
    pub fn from_der(certificate: &[u8]) -> Option<Self> {
        // RFC 5280 §4.1: Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { … } … }
        let mut outer = Der(Der(certificate).expect(tag::SEQUENCE)?);
        let mut fields = Der(outer.expect(tag::SEQUENCE)?);
        let _version = fields.expect(tag::VERSION);
        let (_serial, _algorithm, _issuer) = (fields.next()?, fields.next()?, fields.next()?);
        let mut validity = Der(fields.expect(tag::SEQUENCE)?);
        let not_before = time(validity.next()?)?;
        let not_after = time(validity.next()?)?;
        let (_subject, _key) = (fields.next()?, fields.next()?);
        let mut names = Vec::new();
        while let Some((found, content)) = fields.next() {
            if found == tag::EXTENSIONS {
                collect_names(content, &mut names);
            }
        }
        Some(Self {
            not_before,
            not_after,
            names,
        })
    }

    /// Whether the certificate is for `host` (lower case): by name, or by a wildcard for its
    /// first label (RFC 9525 §6.3).
    pub fn covers(&self, host: &str) -> bool {
        self.names.iter().any(|name| {
            name == host
                || match (name.strip_prefix("*."), host.split_once('.')) {
                    (Some(suffix), Some((label, rest))) => !label.is_empty() && suffix == rest,
                    _ => false,
                }
        })
    }
}

fn collect_names(extensions: &[u8], names: &mut Vec<String>) {
    let Some(list) = Der(extensions).expect(tag::SEQUENCE) else {
        return;
    };
    let mut list = Der(list);
    while let Some(extension) = list.expect(tag::SEQUENCE) {
        let mut extension = Der(extension);
        if extension.expect(tag::OBJECT_IDENTIFIER) != Some(SUBJECT_ALT_NAME) {
            continue;
        }
        let _critical = extension.expect(tag::BOOLEAN);
        let value = extension.expect(tag::OCTET_STRING);
        let general_names = value.and_then(|value| Der(value).expect(tag::SEQUENCE));
        let mut general_names = Der(general_names.unwrap_or_default());
        while let Some((found, content)) = general_names.next() {
            if found == tag::DNS_NAME {
                names.push(String::from_utf8_lossy(content).to_ascii_lowercase());
            }
        }
    }
}

/// `YYMMDDhhmmssZ` (UTCTime, years 1950 to 2049) or `YYYYMMDDhhmmssZ` (RFC 5280 §4.1.2.5).
fn time((found, content): (u8, &[u8])) -> Option<Timestamp> {
    let digits = content.strip_suffix(b"Z")?;
    let (year, rest) = match found {
        tag::UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        tag::GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let pairs: Vec<i64> = rest.chunks(2).map(number).collect::<Option<_>>()?;
    let &[month, day, hour, minute, second] = pairs.as_slice() else {
        return None;
    };
    let days = days_since_1970(year, month, day);
    Some(Timestamp::from_seconds(
        ((days * 24 + hour) * 60 + minute) * 60 + second,
    ))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |n, digit| {
        digit
            .is_ascii_digit()
            .then(|| n * 10 + i64::from(digit - b'0'))
    })
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so
/// that the leap day is the last day of its year.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_timestamps() {
        let cases: [(u8, &[u8], Option<i64>); 8] = [
            (tag::UTC_TIME, b"700101000000Z", Some(0)),
            (tag::UTC_TIME, b"491231235959Z", Some(2_524_607_999)),
            (tag::UTC_TIME, b"500101000000Z", Some(-631_152_000)),
            (
                tag::GENERALIZED_TIME,
                b"20240229120000Z",
                Some(1_709_208_000),
            ),
            (
                tag::GENERALIZED_TIME,
                b"40960101000000Z",
                Some(67_090_118_400),
            ),
            (tag::GENERALIZED_TIME, b"20240229120000", None),
            (tag::GENERALIZED_TIME, b"2024022912000xZ", None),
            (tag::BOOLEAN, b"700101000000Z", None),
        ];
        for (kind, text, expected) in cases {
            let found = time((kind, text)).map(Timestamp::seconds);
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn wildcards_stand_for_one_label() {
        let facts = CertificateFacts {
            not_before: Timestamp(0),
            not_after: Timestamp(0),
            names: vec!["mail.example.jp".into(), "*.example.com".into()],
        };
        for (host, expected) in [
            ("mail.example.jp", true),
            ("example.jp", false),
            ("imap.example.com", true),
            ("a.imap.example.com", false),
            ("example.com", false),
            (".example.com", false),
        ] {
            assert_eq!(facts.covers(host), expected, "{host}");
        }
    }

    #[test]
    fn no_octets_make_it_panic() {
        let signed = crate::self_signed(&["mail.example.jp".to_owned()], Timestamp(0)).unwrap();
        let der = signed.certificate_der().to_vec();
        let facts = CertificateFacts::from_der(&der).unwrap();
        assert_eq!(facts.names, ["mail.example.jp"]);
        for end in 0..der.len() {
            let _ = CertificateFacts::from_der(&der[..end]);
            let mut broken = der.clone();
            broken[end] ^= 0xFF;
            let _ = CertificateFacts::from_der(&broken);
        }
    }
}
