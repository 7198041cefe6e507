//! The certificate `init` makes, good until the operator brings a real one.

use std::time::Duration;

use hikyaku_types::Timestamp;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use rustls_pki_types::CertificateDer;

/// How long a self-signed certificate is valid: 825 days, the longest that Apple's clients
/// accept even from an authority the user trusts by hand.
pub const SELF_SIGNED_DAYS: u64 = 825;

const DAY: Duration = Duration::from_hours(24);

/// A fresh key and its certificate.
#[derive(Debug)]
pub struct SelfSigned {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The private key, PKCS #8 PEM. The caller stores it with mode 0600.
    pub key_pem: String,
    certificate: CertificateDer<'static>,
}

impl SelfSigned {
    /// The certificate, DER.
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }
}

/// Makes an ECDSA P-256 key and a certificate for `hosts` (DNS names or IP addresses), valid from
/// the day before `now` (clocks differ) for [`SELF_SIGNED_DAYS`].
pub fn self_signed(hosts: &[String], now: Timestamp) -> Result<SelfSigned, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(hosts)?;
    let epoch = date_time_ymd(1970, 1, 1);
    let now = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
    params.not_before = epoch + now.saturating_sub(DAY);
    params.not_after = epoch + now + DAY * u32::try_from(SELF_SIGNED_DAYS).unwrap_or(u32::MAX);
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(host) = hosts.first() {
        params.distinguished_name.push(DnType::CommonName, host);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?;
    Ok(SelfSigned {
        certificate_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        certificate: certificate.der().clone(),
    })
}
