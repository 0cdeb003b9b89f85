//! What is known of a mail that was sent, for its caller.

use tokio::time::timeout;

use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::service::outbox::Rows;
use crate::state::answers::{Answers, Found, Known, STORE_TIMEOUT};
use crate::state::outbox::Status;
use crate::state::store::Failed;

/// What is known of a mail.
pub enum Look {
    /// A call hands it over.
    InFlight,
    /// Its call has ended.
    Known(Known),
    /// The outbox has it, or had it.
    Outbox(Box<Status>),
}

/// Another caller's mail is as unknown as one that does not exist.
pub(super) async fn look(
    answers: &Answers,
    rows: Option<&Rows>,
    caller: &CallerName,
    id: Id,
) -> Result<Option<Look>, Failed> {
    if let Some(rows) = rows
        && let Some(status) = in_time(rows.status(caller, id)).await?
    {
        return Ok(Some(Look::Outbox(Box::new(status))));
    }
    Ok(answers.look(caller, id).await?.map(|found| match found {
        Found::InFlight => Look::InFlight,
        Found::Known(known) => Look::Known(known),
    }))
}

/// Has the outbox the mail, or had it, if there is a store?
pub(super) async fn is_in_outbox(rows: Option<&Rows>, caller: &CallerName, id: Id) -> Result<bool, Failed> {
    match rows {
        Some(rows) => in_time(rows.has(caller, id)).await,
        None => Ok(false),
    }
}

async fn in_time<T>(asking: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    timeout(STORE_TIMEOUT, asking).await.unwrap_or(Err(Failed::Down))
}
