//! The URL of the server: libpq's, with the parts of TLS that the driver does not know.

use std::path::PathBuf;

use postgres::{Config, config::SslMode};

use super::tls::{Tls, Trust};
use crate::error::OpenError;

/// The driver's settings and the kind of TLS.
pub(super) fn parse(url: &str) -> Result<(Config, Tls), OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(wrong("it must begin with postgres://"));
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut authorities, mut rest) = ("prefer".to_owned(), None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => value.clone_into(&mut mode),
            Some(("sslrootcert", value)) => authorities = Some(PathBuf::from(decode(value)?)),
            _ => rest.push(pair),
        }
    }
    let cleaned = if rest.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", rest.join("&"))
    };
    // The driver's error names the parameter, never its value.
    let mut config: Config = cleaned
        .parse()
        .map_err(|error: postgres::Error| wrong(&super::error::with_sources(&error)))?;
    let (driver_mode, trust) = match (mode.as_str(), authorities) {
        ("disable", _) => (SslMode::Disable, None),
        // As libpq: with authorities given, `require` checks too.
        ("require" | "verify-full", Some(file)) => (SslMode::Require, Some(Trust::File(file))),
        ("verify-full", None) => (SslMode::Require, Some(Trust::System)),
        ("require", None) => (SslMode::Require, Some(Trust::Anyone)),
        ("prefer", _) => (SslMode::Prefer, Some(Trust::Anyone)),
        (other, _) => {
            return Err(wrong(&format!(
                "sslmode={other} is not known: use disable, prefer, require or verify-full"
            )));
        }
    };
    config.ssl_mode(driver_mode);
    Ok((config, Tls::new(trust)?))
}

fn wrong(reason: &str) -> OpenError {
    OpenError::Url {
        reason: reason.to_owned(),
    }
}

/// Undoes percent-encoding.
fn decode(value: &str) -> Result<String, OpenError> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
            let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            bytes.push(byte.ok_or_else(|| wrong("a % is not followed by two hex digits"))?);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong("sslrootcert is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_of_tls_is_read_and_the_rest_is_the_drivers() {
        let (config, tls) =
            parse("postgres://u:p@h:5433/d?sslmode=disable&connect_timeout=3").unwrap();
        assert_eq!(config.get_dbname(), Some("d"));
        assert_eq!(config.get_ports(), [5433]);
        assert_eq!(config.get_ssl_mode(), SslMode::Disable);
        assert!(matches!(tls, Tls::Off));
        for (mode, wanted) in [("prefer", SslMode::Prefer), ("require", SslMode::Require)] {
            let (config, tls) = parse(&format!("postgresql://h/d?sslmode={mode}")).unwrap();
            assert_eq!(config.get_ssl_mode(), wanted);
            assert!(matches!(tls, Tls::On(_)));
        }
    }

    #[test]
    fn what_cannot_be_done_is_refused_without_showing_the_password() {
        for url in [
            "mysql://u:sekret@h/d",
            "postgres://u:sekret@h/d?sslmode=verify-ca",
            "postgres://u:sekret@h/d?sslmode=verify-full&sslrootcert=/does/not/exist.pem",
            "postgres://u:sekret@h/d?sslmode=require&sslrootcert=%zz",
            "postgres://u:sekret@h/d?no_such_parameter=1",
        ] {
            let error = parse(url).err().unwrap();
            assert!(
                !format!("{error} {error:?}").contains("sekret"),
                "{error:?}"
            );
        }
    }
}
