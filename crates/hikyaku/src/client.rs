//! The way to the services: over the local socket of a running server, or in this process.

use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use hikyaku_server::{Store, config::Config};

use crate::failure::{Failure, Problem};

/// A connection to the services.
pub(crate) enum Client {
    /// The running server's.
    Socket(hyper::client::conn::http1::SendRequest<Full<Bytes>>),
    /// Our own, under the exclusive lock.
    InProcess(Box<Store>),
}

/// What goes with a request.
pub(crate) enum Payload {
    /// Nothing.
    Empty,
    /// A JSON document.
    Json(Value),
    /// A CSV file as it is.
    Csv(Vec<u8>),
}

impl Client {
    /// Reaches the server if one runs, else opens the store itself. `purpose` is what another
    /// process reads when it finds the store in use.
    pub(crate) async fn open(config_file: &Path, purpose: &str) -> Result<Self, Failure> {
        let config = Config::load(config_file).map_err(|error| Failure::Local(error.into()))?;
        let socket = config.control_socket();
        if let Ok(stream) = UnixStream::connect(&socket).await {
            return Self::over(stream).await;
        }
        match Store::open(config, purpose).await {
            Ok(store) => Ok(Self::InProcess(Box::new(store))),
            Err(error) => Err(Failure::store(error)),
        }
    }

    async fn over(stream: UnixStream) -> Result<Self, Failure> {
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(lost)?;
        tokio::spawn(connection);
        Ok(Self::Socket(sender))
    }

    /// A request with a JSON answer.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        payload: Payload,
    ) -> Result<Value, Failure> {
        let mut last = Value::Null;
        self.stream(method, path, payload, |value| last = value)
            .await?;
        Ok(last)
    }

    /// A request whose answer is one JSON document a line: each goes to `each`.
    pub(crate) async fn stream(
        &mut self,
        method: Method,
        path: &str,
        payload: Payload,
        mut each: impl FnMut(Value),
    ) -> Result<(), Failure> {
        let request = build(method, path, payload)?;
        match self {
            Self::Socket(sender) => {
                // The answer before this one may not be put away yet.
                sender.ready().await.map_err(lost)?;
                let response = sender.send_request(request).await.map_err(lost)?;
                read(response, &mut each).await
            }
            Self::InProcess(store) => {
                use tower::ServiceExt as _;
                // The router is infallible: its errors are answers.
                let response = match store.control_api().oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                read(response, &mut each).await
            }
        }
    }

    /// Closes the store when it is our own; what is durable stays so without it.
    pub(crate) async fn close(self) {
        if let Self::InProcess(store) = self {
            store.close().await;
        }
    }
}

fn build(method: Method, path: &str, payload: Payload) -> Result<Request<Full<Bytes>>, Failure> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost");
    let request = match payload {
        Payload::Empty => request.body(Full::default()),
        Payload::Json(value) => request
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(value.to_string())),
        Payload::Csv(bytes) => request
            .header(CONTENT_TYPE, "text/csv")
            .body(Full::from(Bytes::from(bytes))),
    };
    request.map_err(|error| Failure::Local(error.into()))
}

/// Reads the answer line by line as it comes.
async fn read<B>(response: Response<B>, each: &mut impl FnMut(Value)) -> Result<(), Failure>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let status = response.status();
    let mut body = response.into_body();
    let mut pending = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(lost)?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        pending.extend_from_slice(data);
        if status.is_success() {
            take_lines(&mut pending, each)?;
        }
    }
    if !status.is_success() {
        return Err(refused(status, &pending));
    }
    if !pending.trim_ascii().is_empty() {
        pending.push(b'\n');
        take_lines(&mut pending, each)?;
    }
    Ok(())
}

fn take_lines(pending: &mut Vec<u8>, each: &mut impl FnMut(Value)) -> Result<(), Failure> {
    while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = pending.drain(..=end).collect();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let value: Value =
            serde_json::from_slice(&line).map_err(|error| Failure::Local(error.into()))?;
        // A long answer that fails half-way ends in a problem instead of a result.
        if let Some(problem) = value.get("problem") {
            let problem = serde_json::from_value(problem.clone());
            return Err(problem.map_or_else(|e| Failure::Local(e.into()), Failure::Refused));
        }
        each(value);
    }
    Ok(())
}

fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let mut problem = serde_json::from_slice(body).unwrap_or_else(|_| Problem {
        status: status.as_u16(),
        code: "unexpected_answer".to_owned(),
        detail: format!("the server answered {status}"),
        errors: Vec::new(),
    });
    problem.status = status.as_u16();
    Failure::Refused(problem)
}

fn lost(error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(format!(
        "the connection to the server was lost ({error}); see its log, then try again"
    ))
}
