//! `/api/v1/queue/retry`, `hold`, `release` and `cancel`: changing it.

use std::sync::Arc;

use axum::{Json, extract::State};
use hikyaku_control::{Act, Actor};
use hikyaku_db::Lane;
use hikyaku_oplog::Target as Logged;
use hikyaku_transport::queue::{Changed, QueueError, Tell, Which};
use hikyaku_types::{Domain, Permission, QueuedId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body, queue,
    queue_reach::{QueueReach, reach},
};
use crate::{caller::Caller, problem::Problem, services::Services};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(retry))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(cancel))
}

/// What is meant: exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QueueTarget)]
pub(super) struct Target {
    #[schema(value_type = Option<String>)]
    message: Option<QueuedId>,
    #[schema(value_type = Option<String>)]
    domain: Option<Domain>,
    #[serde(default)]
    all: bool,
}

/// What is taken out, and whether its senders hear of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QueueCancel)]
pub(super) struct Cancel {
    #[schema(value_type = Option<String>)]
    message: Option<QueuedId>,
    #[schema(value_type = Option<String>)]
    domain: Option<Domain>,
    #[serde(default)]
    all: bool,
    notify: bool,
}

/// What came of a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueChanged)]
pub(super) struct ChangedView {
    /// Recipients that were changed.
    recipients: u64,
    /// Recipients that were left alone, because they are being sent.
    sending: u64,
}

impl Target {
    /// A message that is not there is a mistake; a domain without mail is none.
    async fn which(self, services: &Services, reach: QueueReach) -> Result<Which, Problem> {
        match (self.message, self.domain, self.all) {
            (Some(id), None, false) => match queue::find(services, reach, id).await? {
                Some(_) => Ok(Which::Message(id)),
                None => Err(Problem::no_such_queued(id)),
            },
            (None, Some(domain), false) => Ok(Which::Destination(domain)),
            (None, None, true) => Ok(Which::All),
            _ => Err(Problem::bad_request(
                "name exactly one of \"message\", \"domain\" and \"all\": true",
            )),
        }
    }
}

/// Makes what waits due now.
#[utoipa::path(
    post, path = "/api/v1/queue/retry", tag = "queue", operation_id = "queue_retry",
    request_body = Target,
    responses(
        (status = 200, description = "How many recipients", body = ChangedView),
        (status = 404, description = "`no_such_queued`"),
    ),
)]
pub(super) async fn retry(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(target): Body<Target>,
) -> Result<Json<ChangedView>, Problem> {
    let reach = reach(&actor, Permission::QueueWrite)?;
    let which = target.which(&services, reach).await?;
    let queue = &services.queue;
    let changed = match reach {
        QueueReach::Platform(scope) => queue.retry(scope, which.clone()).await,
        QueueReach::Tenant(scope) => queue.retry(scope, which.clone()).await,
    };
    let done = Done {
        action: "queue.retry",
        which,
        reach,
    };
    done.log(&services, actor, changed?).await
}

/// Lets nothing be tried until it is released.
#[utoipa::path(
    post, path = "/api/v1/queue/hold", tag = "queue", operation_id = "queue_hold",
    request_body = Target,
    responses(
        (status = 200, description = "How many recipients", body = ChangedView),
        (status = 404, description = "`no_such_queued`"),
    ),
)]
pub(super) async fn hold(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(target): Body<Target>,
) -> Result<Json<ChangedView>, Problem> {
    let reach = reach(&actor, Permission::QueueWrite)?;
    let which = target.which(&services, reach).await?;
    let queue = &services.queue;
    let changed = match reach {
        QueueReach::Platform(scope) => queue.hold(scope, which.clone()).await,
        QueueReach::Tenant(scope) => queue.hold(scope, which.clone()).await,
    };
    let done = Done {
        action: "queue.hold",
        which,
        reach,
    };
    done.log(&services, actor, changed?).await
}

/// Makes what is held due now.
#[utoipa::path(
    post, path = "/api/v1/queue/release", tag = "queue", operation_id = "queue_release",
    request_body = Target,
    responses(
        (status = 200, description = "How many recipients", body = ChangedView),
        (status = 404, description = "`no_such_queued`"),
    ),
)]
pub(super) async fn release(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(target): Body<Target>,
) -> Result<Json<ChangedView>, Problem> {
    let reach = reach(&actor, Permission::QueueWrite)?;
    let which = target.which(&services, reach).await?;
    let queue = &services.queue;
    let changed = match reach {
        QueueReach::Platform(scope) => queue.release(scope, which.clone()).await,
        QueueReach::Tenant(scope) => queue.release(scope, which.clone()).await,
    };
    let done = Done {
        action: "queue.release",
        which,
        reach,
    };
    done.log(&services, actor, changed?).await
}

/// Takes out what waits or is held.
#[utoipa::path(
    post, path = "/api/v1/queue/cancel", tag = "queue", operation_id = "queue_cancel",
    request_body = Cancel,
    responses(
        (status = 200, description = "How many recipients", body = ChangedView),
        (status = 404, description = "`no_such_queued`"),
    ),
)]
pub(super) async fn cancel(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(cancel): Body<Cancel>,
) -> Result<Json<ChangedView>, Problem> {
    let reach = reach(&actor, Permission::QueueWrite)?;
    let target = Target {
        message: cancel.message,
        domain: cancel.domain,
        all: cancel.all,
    };
    let which = target.which(&services, reach).await?;
    let tell = if cancel.notify {
        Tell::Sender
    } else {
        Tell::Nobody
    };
    let queue = &services.queue;
    let changed = match reach {
        QueueReach::Platform(scope) => queue.cancel(scope, which.clone(), tell).await,
        QueueReach::Tenant(scope) => queue.cancel(scope, which.clone(), tell).await,
    };
    let done = Done {
        action: "queue.cancel",
        which,
        reach,
    };
    done.log(&services, actor, changed?).await
}

/// A change that was made.
struct Done {
    action: &'static str,
    which: Which,
    reach: QueueReach,
}

impl Done {
    /// Writes it into the operation log, then answers. The change itself is made in many small
    /// transactions, so that no queue, however long, holds the writer.
    async fn log(
        self,
        services: &Services,
        actor: Arc<Actor>,
        changed: Changed,
    ) -> Result<Json<ChangedView>, Problem> {
        let logging = services.db.write(Lane::Background, move |tx| {
            let target = match &self.which {
                Which::Message(id) => Logged::new("queued", id, id),
                Which::Destination(domain) => Logged::new("queue", "", domain),
                Which::All => Logged::new("queue", "", "all"),
            };
            let act = match self.reach {
                QueueReach::Platform(_) => Act::on_platform(self.action, target),
                QueueReach::Tenant(scope) => Act::in_tenant(scope.tenant, self.action, target),
            };
            actor.log(tx, act.after(changed))
        });
        logging.await?;
        Ok(Json(ChangedView {
            recipients: changed.recipients,
            sending: changed.sending,
        }))
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Mail(error) => error.into(),
            QueueError::Directory(error) => error.into(),
            QueueError::Db(error) => error.into(),
            other => Self::bad_request(other.to_string()),
        }
    }
}
