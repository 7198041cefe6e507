//! What can still be restored: deleted accounts and deleted messages.

use axum::{Json, extract::State};
use hikyaku_control::{AccountRef, accounts};
use hikyaku_db::Lane;
use hikyaku_mailstore::RestorableMessage;
use hikyaku_types::{AccountId, EmailAddress, MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    route::{Body, PathOf, QueryOf},
    services::Services,
    timestamps,
};

/// A deleted account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedAccountView {
    #[schema(value_type = String)]
    id: AccountId,
    #[schema(value_type = String)]
    address: EmailAddress,
    name: String,
    department: String,
    deleted_at: String,
    /// Until when it can be restored at least.
    restorable_until: String,
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists deleted accounts, the latest first.
#[utoipa::path(
    get, path = "/api/v1/deleted-accounts", tag = "accounts",
    operation_id = "deleted_account_list",
    params(Part),
    responses((status = 200, description = "A page", body = Page<DeletedAccountView>)),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(part): QueryOf<Part>,
) -> Result<Json<Page<DeletedAccountView>>, Problem> {
    let list = ListName::of("deleted-accounts", &());
    let after: Option<(i64, AccountId)> = list.open(part.cursor.as_ref())?;
    let before = after.map(|(at, id)| (Timestamp(at), id));
    let (limit, kept) = (part.limit.items(), services.kept_after_deletion);
    let (found, next) = services
        .db
        .read(move |tx| accounts::deleted(tx, &actor, before, (limit, kept)))
        .await?;
    let items = found.into_iter().map(|found| {
        let account = found.details.account;
        DeletedAccountView {
            id: account.scope.account,
            address: account.address,
            name: account.name,
            department: found.details.settings.profile.department,
            deleted_at: timestamps::show(found.deleted_at),
            restorable_until: timestamps::show(found.restorable_until),
        }
    });
    Ok(Json(Page {
        items: items.collect(),
        next: next.map(|(at, id)| list.seal(&(at.0, id))),
    }))
}

/// A deleted message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedMessageView {
    #[schema(value_type = String)]
    id: MessageId,
    subject: String,
    from: String,
    size: u64,
    received_at: String,
    deleted_at: String,
    /// Until when it can be restored at least.
    restorable_until: String,
    /// The mailbox it was in.
    mailbox: Option<String>,
}

impl From<RestorableMessage> for DeletedMessageView {
    fn from(message: RestorableMessage) -> Self {
        Self {
            id: message.id,
            subject: message.subject,
            from: message.from,
            size: message.size,
            received_at: timestamps::show(message.received_at),
            deleted_at: timestamps::show(message.expunged_at),
            restorable_until: timestamps::show(message.restorable_until),
            mailbox: message.mailbox.map(|path| path.as_str().to_owned()),
        }
    }
}

/// Lists the messages of an account that can be restored, those deleted last first.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}/deleted-messages", tag = "accounts",
    operation_id = "deleted_message_list",
    params(("account" = String, Path, description = "Its id or address"), Part),
    responses(
        (status = 200, description = "A page", body = Page<DeletedMessageView>),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(crate) async fn messages(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    QueryOf(part): QueryOf<Part>,
) -> Result<Json<Page<DeletedMessageView>>, Problem> {
    let list = ListName::of("deleted-messages", &account.to_string());
    let after: Option<(i64, MessageId)> = list.open(part.cursor.as_ref())?;
    let before = after.map(|(at, id)| (Timestamp(at), id));
    let limit = part.limit;
    let found = services
        .db
        // What was read is written down.
        .write(Lane::Background, move |tx| {
            let page = (before, limit.and_one());
            accounts::restorable_messages(tx, &actor, &account, page)
        })
        .await?;
    let page = Page::cut(found, limit, |last| {
        list.seal(&(last.restorable_until.0, last.id))
    });
    Ok(Json(page.map(Into::into)))
}

/// Which messages to restore.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagesToRestore {
    #[schema(value_type = Vec<String>)]
    messages: Vec<MessageId>,
}

/// What came back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagesRestored {
    restored: u64,
    /// Messages that found no room and stay restorable.
    over_quota: u64,
}

/// Messages of one request at most: a page.
const MAX_MESSAGES: usize = 500;

/// Restores chosen messages of an account.
///
/// Messages that are not there any more, or are another account's, are passed over.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/deleted-messages/restore", tag = "accounts",
    operation_id = "deleted_message_restore",
    params(("account" = String, Path, description = "Its id or address")),
    request_body = MessagesToRestore,
    responses(
        (status = 200, description = "What came back", body = MessagesRestored),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(crate) async fn restore_messages(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(chosen): Body<MessagesToRestore>,
) -> Result<Json<MessagesRestored>, Problem> {
    let messages = chosen.messages;
    if messages.len() > MAX_MESSAGES {
        let detail = format!("has more than {MAX_MESSAGES} messages: restore them in parts");
        return Err(Problem::bad_field("messages", detail));
    }
    let count = messages.len();
    let scope = services
        .db
        .write(Lane::Background, move |tx| {
            accounts::of_deleted_messages(tx, &actor, &account, count)
        })
        .await?;
    let report = services.mailstore.restore_chosen(scope, &messages).await?;
    Ok(Json(MessagesRestored {
        restored: report.restored,
        over_quota: report.over_quota,
    }))
}
