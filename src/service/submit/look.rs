//! What is known of a mail that was sent, for its caller.

use tokio::time::timeout;

use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::service::outbox::OutboxService;
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
    outbox: Option<&OutboxService>,
    caller: &CallerName,
    id: Id,
) -> Result<Option<Look>, Failed> {
    if let Some(status) = in_outbox(outbox, caller, id).await? {
        return Ok(Some(Look::Outbox(Box::new(status))));
    }
    Ok(answers.look(caller, id).await?.map(|found| match found {
        Found::InFlight => Look::InFlight,
        Found::Known(known) => Look::Known(known),
    }))
}

/// Where the mail is in the outbox, if there is one and it has it.
pub(super) async fn in_outbox(
    outbox: Option<&OutboxService>,
    caller: &CallerName,
    id: Id,
) -> Result<Option<Status>, Failed> {
    let Some(outbox) = outbox else { return Ok(None) };
    let shown = timeout(STORE_TIMEOUT, outbox.status(caller, id)).await.unwrap_or(Err(Failed::Down))?;
    Ok(shown.map(|shown| shown.status))
}
