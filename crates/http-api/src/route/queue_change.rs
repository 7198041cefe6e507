//! `/api/v1/queue/retry`, `hold`, `release` and `cancel`: changing it.

use axum::{Json, extract::State};
use hikyaku_directory::PlatformScope;
use hikyaku_transport::queue::{self, Changed, QueueError, Tell, Which};
use hikyaku_types::{Domain, QueuedId};
use serde::Deserialize;

use super::Body;
use crate::{problem::Problem, services::Services};

const OPERATOR: PlatformScope = PlatformScope::operator();

/// What is meant: exactly one of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    message: Option<QueuedId>,
    domain: Option<Domain>,
    #[serde(default)]
    all: bool,
}

/// What is taken out, and whether its senders hear of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancel {
    message: Option<QueuedId>,
    domain: Option<Domain>,
    #[serde(default)]
    all: bool,
    notify: bool,
}

impl Target {
    /// A message that is not there is a mistake; a domain without mail is none.
    async fn which(self, services: &Services) -> Result<Which, Problem> {
        match (self.message, self.domain, self.all) {
            (Some(id), None, false) => {
                let read = services.db.read(move |tx| queue::show(tx, OPERATOR, id));
                match read.await? {
                    Some(_) => Ok(Which::Message(id)),
                    None => Err(Problem::no_such_queued(id)),
                }
            }
            (None, Some(domain), false) => Ok(Which::Destination(domain)),
            (None, None, true) => Ok(Which::All),
            _ => Err(Problem::bad_request(
                "name exactly one of \"message\", \"domain\" and \"all\": true",
            )),
        }
    }
}

pub(super) async fn retry(
    State(services): State<Services>,
    Body(target): Body<Target>,
) -> Result<Json<Changed>, Problem> {
    let which = target.which(&services).await?;
    answer(services.queue.retry(OPERATOR, which).await)
}

pub(super) async fn hold(
    State(services): State<Services>,
    Body(target): Body<Target>,
) -> Result<Json<Changed>, Problem> {
    let which = target.which(&services).await?;
    answer(services.queue.hold(OPERATOR, which).await)
}

pub(super) async fn release(
    State(services): State<Services>,
    Body(target): Body<Target>,
) -> Result<Json<Changed>, Problem> {
    let which = target.which(&services).await?;
    answer(services.queue.release(OPERATOR, which).await)
}

pub(super) async fn cancel(
    State(services): State<Services>,
    Body(cancel): Body<Cancel>,
) -> Result<Json<Changed>, Problem> {
    let target = Target {
        message: cancel.message,
        domain: cancel.domain,
        all: cancel.all,
    };
    let which = target.which(&services).await?;
    let tell = if cancel.notify {
        Tell::Sender
    } else {
        Tell::Nobody
    };
    answer(services.queue.cancel(OPERATOR, which, tell).await)
}

fn answer(changed: Result<Changed, QueueError>) -> Result<Json<Changed>, Problem> {
    match changed {
        Ok(changed) => Ok(Json(changed)),
        Err(QueueError::Mail(error)) => Err(error.into()),
        Err(QueueError::Directory(error)) => Err(error.into()),
        Err(QueueError::Db(error)) => Err(error.into()),
        Err(other) => Err(Problem::bad_request(other.to_string())),
    }
}
