//! An S3 on loopback, which keeps its objects as files and misbehaves on request.
//!
//! The store itself is `s3s-fs`; what a test wants to go wrong happens before or behind it.

mod fault;

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result, anyhow};
use hyper::{Method, Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::{
    Body, S3Error,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};

use self::fault::Plan;
pub use self::fault::{Fault, On};

/// The bucket that exists.
pub const BUCKET: &str = "mail";
/// The access key that is known.
pub const KEY_ID: &str = "test-key-id";
/// Its secret.
pub const SECRET: &str = "test-secret-that-nobody-may-log";

/// The server; it ends when dropped.
#[derive(Debug)]
pub struct FakeS3 {
    address: SocketAddr,
    folder: TempDir,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// What the server and the test share.
#[derive(Debug, Default)]
struct Shared {
    plan: Mutex<Plan>,
    requests: Mutex<BTreeMap<On, usize>>,
}

impl FakeS3 {
    /// Starts a server with an empty bucket.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hikyaku-s3-").tempdir()?;
        fs::create_dir(folder.path().join(BUCKET))?;
        let files = s3s_fs::FileSystem::new(folder.path()).map_err(|error| anyhow!("{error:?}"))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = builder.build();
        let shared = Arc::new(Shared::default());
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let server = thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(listener, &service, &shared, stopped)
        });
        Ok(Self {
            address,
            folder,
            shared,
            stop: Some(stop),
            server: Some(server),
        })
    }

    /// Its address as a client is told it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the next requests of a kind go wrong; `times` of them, or all with `usize::MAX`.
    pub fn fail(&self, on: On, fault: Fault, times: usize) {
        self.plan().add(on, fault, times);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.plan().clear();
    }

    /// How many requests of a kind came so far.
    pub fn requests(&self, on: On) -> usize {
        let requests = self.shared.requests.lock();
        let requests = requests.unwrap_or_else(PoisonError::into_inner);
        requests.get(&on).copied().unwrap_or(0)
    }

    /// The folder in which the objects of the bucket are files.
    pub fn bucket(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// The names of all objects, ascending.
    pub fn objects(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let root = self.bucket();
        collect(&root, &root, &mut names)?;
        names.sort_unstable();
        Ok(names)
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.shared
            .plan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeS3 {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, names)?;
            continue;
        }
        let name = path.strip_prefix(root)?.to_str().context("a name")?;
        // Beside the objects the server keeps notes of its own.
        if !name.contains('#') && !name.starts_with('.') {
            names.push(name.to_owned());
        }
    }
    Ok(())
}

/// Serves on a runtime of its own until the test ends, whatever hangs then.
fn serve(
    listener: std::net::TcpListener,
    service: &S3Service,
    shared: &Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).expect("a listener");
        let accepting = async {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, shared) = (service.clone(), Arc::clone(shared));
                tokio::spawn(async move {
                    let answer = service_fn(move |request| {
                        answer(service.clone(), Arc::clone(&shared), request)
                    });
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer);
                    // What is cut off on purpose ends with an error.
                    let _ = connection.await;
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stopped => {}
        }
    });
    runtime.shutdown_background();
}

async fn answer(
    service: S3Service,
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, S3Error> {
    let on = kind(&request);
    match shared.next_fault(on) {
        None => call(service, request).await,
        Some(fault) => fault.apply(request, service).await,
    }
}

async fn call(service: S3Service, request: Request<Incoming>) -> Result<Response<Body>, S3Error> {
    let answered = service.call(request.map(Body::from)).await;
    answered.map_err(|error| S3Error::internal_error(io::Error::other(format!("{error:?}"))))
}

impl Shared {
    /// Counts a request; what is to go wrong with it.
    fn next_fault(&self, on: On) -> Option<Fault> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(on).or_insert(0) += 1;
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.next(on)
    }
}

fn kind(request: &Request<Incoming>) -> On {
    let lists = request
        .uri()
        .query()
        .is_some_and(|query| query.contains("list-type"));
    match *request.method() {
        Method::PUT => On::Put,
        Method::DELETE => On::Delete,
        _ if lists => On::List,
        _ => On::Get,
    }
}
