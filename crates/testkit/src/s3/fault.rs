//! What can go wrong with an S3.

use std::{collections::VecDeque, future::pending, io};

use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::CONTENT_LENGTH,
};
use s3s::{Body, S3Error, service::S3Service};

use super::call;

/// Which requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// Objects that are stored.
    Put,
    /// Objects that are read.
    Get,
    /// Objects that are deleted.
    Delete,
    /// Lists of names.
    List,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An answer with this status and nothing done.
    Status(u16),
    /// No answer.
    Stall,
    /// The connection ends without an answer, and nothing is done.
    Cut,
    /// It is done, and the connection ends without an answer.
    CutAfterwards,
    /// The body ends after half of it.
    Half,
    /// The body has the right length and one wrong octet.
    WrongOctet,
    /// The body is shorter, and its length says so.
    Shorter,
}

/// What will go wrong.
#[derive(Debug, Default)]
pub(super) struct Plan(VecDeque<(On, Fault, usize)>);

impl Plan {
    pub(super) fn add(&mut self, on: On, fault: Fault, times: usize) {
        self.0.push_back((on, fault, times));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn next(&mut self, on: On) -> Option<Fault> {
        let at = self.0.iter().position(|(kind, ..)| *kind == on)?;
        let (_, fault, times) = self.0.get_mut(at)?;
        let fault = *fault;
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }
}

impl Fault {
    pub(super) async fn apply(
        self,
        request: Request<Incoming>,
        service: S3Service,
    ) -> Result<Response<Body>, S3Error> {
        let cut = || S3Error::internal_error(io::Error::other("cut off on purpose"));
        match self {
            Self::Status(status) => {
                let code = if status == 404 {
                    "NoSuchKey"
                } else {
                    "SlowDown"
                };
                let text = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
                let mut response = Response::new(Body::from(text));
                *response.status_mut() = status.try_into().map_err(|_| cut())?;
                Ok(response)
            }
            Self::Stall => pending().await,
            Self::Cut => Err(cut()),
            Self::CutAfterwards => {
                call(service, request).await?;
                Err(cut())
            }
            Self::Half | Self::WrongOctet | Self::Shorter => {
                let (mut parts, mut body) = call(service, request).await?.into_parts();
                let limit = 64 << 20;
                let whole = body.store_all_limited(limit).await.map_err(|_| cut())?;
                let octets = self.spoil(&whole);
                if self == Self::Shorter {
                    parts.headers.insert(CONTENT_LENGTH, octets.len().into());
                }
                // With fewer octets than promised the server ends the connection.
                Ok(Response::from_parts(parts, Body::from(octets)))
            }
        }
    }

    fn spoil(self, whole: &Bytes) -> Bytes {
        if self != Self::WrongOctet {
            return whole.slice(..whole.len() / 2);
        }
        let mut octets = whole.to_vec();
        if let Some(octet) = octets.get_mut(whole.len() / 2) {
            *octet ^= 1;
        }
        octets.into()
    }
}
