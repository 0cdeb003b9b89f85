//! An order on many mails, and what it has done, as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ingress::admin::order::not_null;
use crate::ingress::admin::outbox::cursor::{Purpose, of_walk, read_walk};
use crate::ingress::admin::outbox::release::over;
use crate::ingress::admin::outbox::selection::{Members, statuses};
use crate::ingress::admin::words;
use crate::ingress::server::field_error::FieldError;
use crate::service::outbox::{CarriedOut, OrderOnMany};
use crate::state::outbox::{Order, OrderedAll, State};

/// What becomes of the mail.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    Retry,
    Cancel,
    SettleAsAccepted,
    SettleAsNone,
}

/// An order on all mail that fits every member that is there.
#[derive(Deserialize, ToSchema)]
#[schema(as = OutboxManyOrder)]
#[serde(deny_unknown_fields)]
pub(in crate::ingress::admin) struct ManyBody {
    /// `retry`: mail that is `parked`, or `unknown` at the risk of a second copy, is sent again. `cancel`: mail that is `queued`
    /// or `parked` is not sent any more. `settle_as_accepted`, `settle_as_none`: this became of mail that is `unknown`.
    order: Word,
    /// How many mails you have counted: the order is refused where there are more by now, and never is about more.
    count: u64,
    #[schema(schema_with = words::outbox_status)]
    status: String,
    /// The name of a caller.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    caller: Option<String>,
    /// The domain of the sender.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    from_domain: Option<String>,
    /// Mail that waits and may go to this upstream, or that was last handed over to it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    upstream: Option<String>,
    /// Accepted at this time or later: RFC 3339, with its offset.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, format = DateTime)]
    accepted_from: Option<String>,
    /// Accepted before this time.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, format = DateTime)]
    accepted_before: Option<String>,
    /// Mail that may be a second copy, or that cannot.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    possible_duplicate: Option<bool>,
    /// With `retry` and `settle_as_none`: the mail becomes due evenly within this time, `10m` if nothing is said: a number with
    /// its unit, up to `720h`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, pattern = "^[0-9]+(ms|s|m|h)$", examples("90s", "2h"))]
    over: Option<String>,
    /// The `next` of the answer before, where the order was not carried out in one call; all else as before.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    after: Option<String>,
}

/// What an order on many has done.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxManyOrdered)]
pub(in crate::ingress::admin) struct ManyOrderedBody {
    /// How many mails were changed, by where they are now.
    changed: Vec<ChangedBody>,
    /// How many fit and stay as they are, by the reason.
    left_out: Vec<LeftOutBody>,
    /// Not all could be done in time: give the order again, with this as `after`; `null`: all is done.
    #[schema(required = true)]
    next: Option<String>,
}

/// Mail that was changed.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxChanged)]
struct ChangedBody {
    #[schema(schema_with = words::outbox_status)]
    status: &'static str,
    /// How many.
    count: u64,
}

/// Mail that stays as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxLeftOut)]
struct LeftOutBody {
    /// `content_gone`: there is nothing left to send. `expired`: its `expires_at` has passed.
    reason: &'static str,
    /// How many.
    count: u64,
}

impl ManyBody {
    /// The order, or what is wrong with it.
    pub(super) fn read(self) -> Result<OrderOnMany, FieldError> {
        let Self { order, count, after, caller, from_domain, upstream, .. } = self;
        let (accepted_from, accepted_before, possible_duplicate) =
            (self.accepted_from, self.accepted_before, self.possible_duplicate);
        let status = Some(self.status);
        let members =
            Members { status, caller, from_domain, upstream, accepted_from, accepted_before, possible_duplicate };
        let (selection, order) = (members.read()?, Order::from(order));
        if !selection.state.is_some_and(|state| order.takes(state)) {
            let taken: Vec<_> = State::ALL.into_iter().filter(|state| order.takes(*state)).collect();
            return Err(FieldError::new("status", format!("{} with this order", statuses(&taken))));
        }
        let sends = matches!(order, Order::Retry | Order::SettleAsNone);
        if self.over.is_some() && !sends {
            return Err(FieldError::new(
                "over",
                "goes with retry and settle_as_none: nothing is sent again by this order",
            ));
        }
        let over = if sends { over(self.over)? } else { Duration::ZERO };
        let no_walk = || FieldError::new("after", "must be the `next` of the answer before, with all else as before");
        let purpose = Purpose::order(order, &selection, count);
        let after = after.map(|text| read_walk(&text, purpose).ok_or_else(no_walk)).transpose()?;
        Ok(OrderOnMany { order, selection, count, over, after })
    }
}

impl From<Word> for Order {
    fn from(word: Word) -> Self {
        match word {
            Word::Retry => Self::Retry,
            Word::Cancel => Self::Cancel,
            Word::SettleAsAccepted => Self::SettleAsAccepted,
            Word::SettleAsNone => Self::SettleAsNone,
        }
    }
}

impl ManyOrderedBody {
    pub(super) fn new(done: &OrderedAll, next: Option<CarriedOut>, purpose: Purpose) -> Self {
        let changed = |(state, count): &(State, u64)| ChangedBody { status: state.as_str(), count: *count };
        let left_out = [("content_gone", done.content_gone), ("expired", done.over)];
        let left_out = left_out.into_iter().filter(|(_, count)| *count > 0);
        Self {
            changed: done.changed.iter().map(changed).collect(),
            left_out: left_out.map(|(reason, count)| LeftOutBody { reason, count }).collect(),
            next: next.map(|next| of_walk(&next, purpose)),
        }
    }
}
