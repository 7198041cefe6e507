//! `/api/v1/queue`: looking at it.

use axum::{Json, extract::State as Shared};
use hikyaku_directory::{DirectoryError, PlatformScope, tenants};
use hikyaku_transport::queue::{self, Filter, QueuedMessage, QueuedRecipient, State};
use hikyaku_types::{Domain, QueuedId, QueuedRecipientId};
use serde::{Deserialize, Serialize};

use super::{PathOf, QueryOf};
use crate::{
    page::{PAGE, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// Which recipients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    tenant: Option<String>,
    sender: Option<String>,
    domain: Option<Domain>,
    state: Option<StateName>,
    cursor: Option<QueuedRecipientId>,
}

/// [`State`] in requests.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateName {
    Waiting,
    Sending,
    Held,
}

impl From<StateName> for State {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Waiting => Self::Waiting,
            StateName::Sending => Self::Sending,
            StateName::Held => Self::Held,
        }
    }
}

/// A recipient in answers.
#[derive(Debug, Serialize)]
pub(super) struct Recipient {
    #[serde(flatten)]
    row: QueuedRecipient,
    /// The instants again, as people read them.
    accepted: String,
    due: String,
    expires: String,
}

impl From<QueuedRecipient> for Recipient {
    fn from(row: QueuedRecipient) -> Self {
        Self {
            accepted: timestamps::show(row.accepted_at),
            due: timestamps::show(row.due_at),
            expires: timestamps::show(row.expires_at),
            row,
        }
    }
}

/// A message in answers.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    #[serde(flatten)]
    message: QueuedMessage,
}

pub(super) async fn list(
    Shared(services): Shared<Services>,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<Recipient>>, Problem> {
    let items = services
        .db
        .read(move |tx| {
            let operator = PlatformScope::operator();
            let tenant = match &query.tenant {
                Some(name) => Some(tenants::find_by_name(tx, operator, name)?.scope.tenant),
                None => None,
            };
            let filter = Filter {
                tenant,
                sender: query.sender.clone(),
                destination: query.domain.clone(),
                state: query.state.map(State::from),
                after: query.cursor,
                limit: PAGE,
            };
            Ok(queue::list(tx, operator, &filter)?)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?
        .into_iter()
        .map(Recipient::from)
        .collect();
    Ok(Json(Page::new(items, |last: &Recipient| {
        last.row.id.to_string()
    })))
}

pub(super) async fn show(
    Shared(services): Shared<Services>,
    PathOf(id): PathOf<QueuedId>,
) -> Result<Json<Message>, Problem> {
    let found = services
        .db
        .read(move |tx| queue::show(tx, PlatformScope::operator(), id))
        .await?;
    match found {
        Some(message) => Ok(Json(Message { message })),
        None => Err(Problem::no_such_queued(id)),
    }
}
