//! Objects of a bucket of an S3.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};

use super::error::ObjectError;
use crate::name::ObjectName;

/// How long a connection may take to come about (5 s).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach a bucket.
#[derive(Clone)]
pub struct S3Options {
    /// `https://…` of an S3 that is not Amazon's.
    pub endpoint: Option<String>,
    /// The bucket; it must exist.
    pub bucket: String,
    /// What all names begin with; empty for none.
    pub prefix: String,
    /// The region.
    pub region: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// The secret of the access key.
    pub secret_access_key: String,
    /// Whether the bucket's name is a part of the path and not of the host's name.
    pub addressing: Addressing,
    /// Whether an endpoint without TLS is accepted.
    pub transport: S3Transport,
    /// How long an attempt may take, apart from its bytes ([`PATIENCE`](crate::PATIENCE)).
    pub patience: Duration,
}

/// Where the bucket's name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// `https://host/bucket/name`
    #[default]
    Path,
    /// `https://bucket.host/name`
    Host,
}

/// Whether the way to the store is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum S3Transport {
    /// TLS.
    #[default]
    Encrypted,
    /// Without TLS is fine too: for a store on the same machine, and for tests.
    PlainAllowed,
}

impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A bucket, or a part of one.
pub(super) struct S3 {
    store: Arc<AmazonS3>,
    bucket: String,
    prefix: Path,
}

/// The client's own would show more than it should.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3").field(&self.place()).finish()
    }
}

impl S3 {
    pub(super) fn new(options: &S3Options) -> Result<Self, ObjectError> {
        let wrong = |reason: String| ObjectError::Options { reason };
        // Attempts and their deadlines are ours, and the same for every kind of store.
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let client = ClientOptions::new()
            .with_timeout_disabled()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(options.transport == S3Transport::PlainAllowed);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&options.bucket)
            .with_region(&options.region)
            .with_access_key_id(&options.access_key_id)
            .with_secret_access_key(&options.secret_access_key)
            .with_virtual_hosted_style_request(options.addressing == Addressing::Host)
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_client_options(client)
            .with_allow_http(options.transport == S3Transport::PlainAllowed);
        if let Some(endpoint) = &options.endpoint {
            let is_plain = endpoint.starts_with("http://");
            if is_plain && options.transport == S3Transport::Encrypted {
                return Err(wrong(
                    "the endpoint of the S3 is without TLS; write https://, or allow_http = true"
                        .to_owned(),
                ));
            }
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|error| wrong(error.to_string()))?;
        let prefix = Path::parse(&options.prefix)
            .map_err(|error| wrong(format!("the prefix of the S3: {error}")))?;
        Ok(Self {
            store: Arc::new(store),
            bucket: options.bucket.clone(),
            prefix,
        })
    }

    pub(super) fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }

    fn path(&self, name: &str) -> Path {
        let mut path = self.prefix.clone();
        for part in name.split('/') {
            path = path.join(part);
        }
        path
    }

    pub(super) async fn put(&self, name: &str, data: Bytes) -> Result<(), ObjectError> {
        self.store.put(&self.path(name), data.into()).await?;
        Ok(())
    }

    /// Writes an object unless there is one.
    pub(super) async fn put_new(&self, name: &str, data: Bytes) -> Result<(), ObjectError> {
        let options = PutOptions::from(PutMode::Create);
        let put = self
            .store
            .put_opts(&self.path(name), data.into(), options)
            .await;
        match put {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// An object of exactly this size.
    pub(super) async fn get(&self, name: &str, size: u64) -> Result<Bytes, ObjectError> {
        let got = self.store.get(&self.path(name)).await?;
        let wrong = || ObjectError::Wrong {
            reason: "wrong size".to_owned(),
        };
        if got.meta.size != size {
            return Err(wrong());
        }
        let data = got.bytes().await?;
        if data.len() as u64 != size {
            return Err(wrong());
        }
        Ok(data)
    }

    /// A small object.
    pub(super) async fn get_small(&self, name: &str, most: u64) -> Result<Bytes, ObjectError> {
        let got = self.store.get(&self.path(name)).await?;
        if got.meta.size > most {
            return Err(ObjectError::Wrong {
                reason: "too large".to_owned(),
            });
        }
        Ok(got.bytes().await?)
    }

    /// Deletes objects one by one: every S3 can do that.
    pub(super) async fn delete(&self, names: &[ObjectName]) -> Result<(), ObjectError> {
        for name in names {
            match self.store.delete(&self.path(name.as_str())).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub(super) async fn list(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ObjectError> {
        let whole = self.prefix.as_ref();
        let below = Some(&self.prefix).filter(|_| !whole.is_empty());
        let mut listed = self
            .store
            .list_with_offset(below, &self.path(after))
            .boxed();
        let mut names = Vec::new();
        while let Some(object) = listed.try_next().await? {
            let full = object.location.as_ref();
            let inner = full.strip_prefix(whole).unwrap_or(full);
            let name = ObjectName::parse(inner.trim_start_matches('/'));
            // `after` may be an hour's folder, which sorts before its objects.
            names.extend(name.filter(|name| name.as_str() > after));
            if names.len() >= limit {
                break;
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}
