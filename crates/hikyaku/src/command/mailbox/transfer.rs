//! What `import` and `export` have in common: a long answer whose progress goes to standard error.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;

use super::super::Session;
use crate::{client::Payload, failure::Failure, output::Output};

/// Progress is shown this often at most (1 second), and at every new percent: more is noise in a
/// log.
const PROGRESS_PAUSE: Duration = Duration::from_secs(1);

/// Runs a long transfer, showing progress on standard error, and returns its report.
pub(super) async fn run(
    session: &mut Session,
    path: &str,
    body: Value,
    in_words: impl Fn(&Value) -> String,
) -> Result<Value, Failure> {
    let output = session.output;
    let mut report = Value::Null;
    let mut shown: Option<Shown> = None;
    session
        .client
        .stream(Method::POST, path, Payload::Json(body), |line| {
            let Some(progress) = line.get("progress") else {
                report = line;
                return;
            };
            if output != Output::Text {
                return;
            }
            let next = Shown {
                at: Instant::now(),
                percent: progress["percent"].as_u64(),
                words: in_words(progress),
            };
            if shown.as_ref().is_none_or(|last| next.is_news_after(last)) {
                eprintln!("{}", next.words);
                shown = Some(next);
            }
        })
        .await?;
    Ok(report)
}

/// A line of progress.
struct Shown {
    at: Instant,
    percent: Option<u64>,
    words: String,
}

impl Shown {
    fn is_news_after(&self, last: &Self) -> bool {
        let is_late = self.at.duration_since(last.at) >= PROGRESS_PAUSE;
        self.words != last.words && (is_late || self.percent != last.percent)
    }
}
