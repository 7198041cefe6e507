//! `/api/v1/queue`: looking at it.

use axum::{Json, extract::State as Shared};
use hikyaku_control::{ControlError, TenantRef};
use hikyaku_transport::queue::{self, Filter, QueuedMessage, QueuedRecipient, State};
use hikyaku_types::{Domain, Permission, QueuedId, QueuedRecipientId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    PathOf, QueryOf,
    queue_reach::{QueueReach, reach},
};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    schema,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show))
}

/// Which recipients.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only mail of this tenant: its id or name.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Only mail of this sender.
    sender: Option<String>,
    /// Only mail to this domain.
    #[param(value_type = Option<String>)]
    domain: Option<Domain>,
    /// Only what is in this state.
    #[param(value_type = Option<schema::QueueState>, inline)]
    state: Option<StateName>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// [`State`] in requests.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueuedRecipientView)]
pub(super) struct Recipient {
    #[serde(flatten)]
    #[schema(value_type = schema::QueuedRecipient)]
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueuedMessageView)]
pub(super) struct Message {
    #[serde(flatten)]
    #[schema(value_type = schema::QueuedMessage)]
    message: QueuedMessage,
}

/// Lists recipients in the queue.
#[utoipa::path(
    get, path = "/api/v1/queue", tag = "queue", operation_id = "queue_list", params(Query),
    responses(
        (status = 200, description = "A page", body = Page<Recipient>),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    Shared(services): Shared<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<Recipient>>, Problem> {
    let name = query.tenant.as_ref().map(ToString::to_string);
    let filters = (name, &query.sender, &query.domain, query.state);
    let list = ListName::of("queue", &filters);
    let after: Option<QueuedRecipientId> = list.open(query.cursor.as_ref())?;
    let limit = query.limit;
    let items = services
        .db
        .read(move |tx| {
            let read = Permission::QueueRead;
            let tenant = match &query.tenant {
                Some(tenant) => Some(tenant.find(tx, &actor, read)?.scope.tenant),
                None => None,
            };
            let filter = Filter {
                tenant,
                sender: query.sender.clone(),
                destination: query.domain.clone(),
                state: query.state.map(State::from),
                after,
                limit: limit.and_one(),
            };
            let found = match reach(&actor, read)? {
                QueueReach::Platform(scope) => queue::list(tx, scope, &filter),
                QueueReach::Tenant(scope) => queue::list(tx, scope, &filter),
            };
            Ok::<_, ControlError>(found?)
        })
        .await?
        .into_iter()
        .map(Recipient::from)
        .collect();
    Ok(Json(Page::cut(items, limit, |last: &Recipient| {
        list.seal(&last.row.id)
    })))
}

/// Shows a message in the queue.
#[utoipa::path(
    get, path = "/api/v1/queue/{id}", tag = "queue", operation_id = "queue_show",
    params(("id" = String, Path, description = "The message")),
    responses(
        (status = 200, description = "The message with its recipients", body = Message),
        (status = 404, description = "`no_such_queued`"),
    ),
)]
pub(super) async fn show(
    Shared(services): Shared<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<QueuedId>,
) -> Result<Json<Message>, Problem> {
    let reach = reach(&actor, Permission::QueueRead)?;
    match find(&services, reach, id).await? {
        Some(message) => Ok(Json(Message { message })),
        None => Err(Problem::no_such_queued(id)),
    }
}

/// The message, if it is in the queue and within reach.
pub(super) async fn find(
    services: &Services,
    reach: QueueReach,
    id: QueuedId,
) -> Result<Option<QueuedMessage>, Problem> {
    let found = services.db.read(move |tx| match reach {
        QueueReach::Platform(scope) => queue::show(tx, scope, id),
        QueueReach::Tenant(scope) => queue::show(tx, scope, id),
    });
    Ok(found.await?)
}
