//! What an operator is told where the outbox does not do what it is asked.

use std::time::Duration;

use axum::http::StatusCode;

use crate::ingress::server::problem::Problem;
use crate::state::outbox::{Failed, State};

/// Until a store that could not be reached may be asked again.
const AFTER_DOWN: Duration = Duration::from_secs(5);

const NOT_POSSIBLE: &str = "The mail is no longer where that is possible";

/// There is no mail of the id in the path.
pub(super) fn no_such_mail() -> Problem {
    let detail = "There is no mail of this id in the outbox.";
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such mail", detail)
}

/// The mail is where the order makes no sense.
pub(super) fn conflict(state: State) -> Problem {
    let detail = format!("The mail is {}: that cannot be ordered, or its content is gone.", state.as_str());
    Problem::new(StatusCode::CONFLICT, "outbox-conflict", NOT_POSSIBLE, detail)
}

/// The mail would be sent again, but may not be sent any more.
pub(super) fn over(state: State) -> Problem {
    let what = match state {
        State::Unknown => "settle it as accepted or as none",
        _ => "it expires",
    };
    let detail =
        format!("The mail is {}, and its expires_at has passed: it is not sent again; {what}.", state.as_str());
    Problem::new(StatusCode::CONFLICT, "outbox-conflict", NOT_POSSIBLE, detail)
}

/// There is more mail than an order on many names.
pub(super) fn more(count: u64) -> Problem {
    let detail = format!("More than {count} mails fit by now. Nothing was changed: count them again.");
    Problem::new(StatusCode::CONFLICT, "outbox-conflict", "There is more mail than the order names", detail)
}

/// An order on many names more mail than can be counted before it is carried out.
pub(super) fn uncounted() -> Problem {
    let detail = "So much mail fits that it could not be counted in time. Nothing was changed: name less of it, for example by \
                  accepted_before.";
    Problem::new(StatusCode::CONFLICT, "outbox-conflict", "There is too much mail for one order", detail)
}

/// The store has not answered.
pub(in crate::ingress::admin) fn not_read(_: Failed) -> Problem {
    let detail = "The store cannot be used now: call again after Retry-After.";
    let problem =
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outbox-unavailable", "The store cannot be used now", detail);
    Problem { retry_after: Some(AFTER_DOWN), ..problem }
}

/// The store has done what was ordered, and then did not answer any more.
pub(super) fn done_unshown() -> Problem {
    let detail = "The order was carried out, but the store cannot be used now: look at GET /outbox later.";
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "outbox-unknown", "The outbox cannot be shown", detail)
}

/// The store has not said that it has done what was ordered.
pub(in crate::ingress::admin) fn not_written(failed: Failed) -> Problem {
    match failed {
        Failed::Down => not_read(failed),
        Failed::Unclear => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "outbox-unknown",
            "The outbox may have carried out the order",
            "The store did not say whether it has carried out the order: look at GET /outbox, or give the order again.",
        ),
    }
}
