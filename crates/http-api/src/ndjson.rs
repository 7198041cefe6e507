//! Answers of long work: one JSON document a line, progress first, the result or a problem last.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use hikyaku_control::Actor;
use hikyaku_types::RequestId;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use crate::{caller::Audience, problem::Problem};

/// Lines that wait for a slow reader at most; progress lines beyond it are left out.
const WAITING_LINES: usize = 64;

/// The writing end of a long answer.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    sender: mpsc::Sender<Bytes>,
    audience: Audience,
    request: Option<RequestId>,
}

impl Lines {
    /// Tells how far the work is. Left out while the reader is behind.
    pub(crate) fn progress(&self, progress: impl Serialize) {
        let _ = self.sender.try_send(line(&json!({ "progress": progress })));
    }

    /// Waits until nobody reads any more, for work that is not to go on alone.
    pub(crate) async fn unread(&self) {
        self.sender.closed().await;
    }

    /// Long work that nobody waits for goes on all the same, unless it looks.
    async fn end(&self, result: Result<impl Serialize, Problem>) {
        let last = match result {
            Ok(report) => line(&report),
            Err(problem) => {
                let told = problem.told_to(self.audience, self.request);
                line(&json!({ "problem": told }))
            }
        };
        // A reader that has gone needs no result.
        let _ = self.sender.send(last).await;
    }
}

fn line(value: &impl Serialize) -> Bytes {
    let mut text = serde_json::to_vec(value).unwrap_or_else(|_| b"{}".to_vec());
    text.push(b'\n');
    Bytes::from(text)
}

/// Runs `work` as a task of its own and answers the actor with its lines as they come.
pub(crate) fn answer<R, F>(actor: &Actor, work: impl FnOnce(Lines) -> F) -> Response
where
    R: Serialize + Send + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    let lines = Lines {
        sender,
        audience: Audience::of(actor),
        request: actor.request,
    };
    let running = work(lines.clone());
    tokio::spawn(async move {
        let result = running.await;
        lines.end(result).await;
    });
    let stream = futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver
            .recv()
            .await
            .map(|bytes| (Ok::<_, Infallible>(bytes), receiver))
    });
    (
        [(CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(stream),
    )
        .into_response()
}
