//! TLS: certificates from files, reloaded while connections live.
//!
//! One library (rustls on aws-lc), TLS 1.2 and 1.3, its provider always given explicitly so that
//! a second one in the dependency graph could never be taken by accident.

mod certificate;
mod client;
mod der;
mod handshake;
mod self_signed;
mod server;

pub use certificate::CertificateFacts;
pub use client::{Authorities, TlsClient, TlsClientError};
pub use handshake::{HandshakeError, TlsInfo};
pub use self_signed::{SELF_SIGNED_DAYS, SelfSigned, self_signed};
pub use server::{
    CertificateFiles, EXPIRY_WARNING, MAX_HANDSHAKES, MAX_PEM_OCTETS, TlsError, TlsServer,
    TlsWarning,
};
