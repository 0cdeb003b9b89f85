//! Calls that the store decides about: the first one of a node under its key, for which the others of that node wait.

use std::time::Duration;

use super::call_record::CallRecord;
use super::kept::{Kept, STORE_TIMEOUT};
use super::known::Known;
use super::leader::Leader;
use super::role::{Call, Role};
use super::stored::{Begun, CallNumber, NewCall};
use crate::model::message::Id;
use crate::model::receipt::{Failure, SendError};
use crate::runtime::ids;

/// How often a call looks anew at what it could ask about again, where other nodes do that too.
const LOOKS: usize = 3;
/// Beyond what a call may take: for a processor that is not free.
const MARGIN: Duration = Duration::from_secs(6);
/// How soon a caller may repeat a call that another node has in flight.
const IN_FLIGHT_WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// What the first call of this node under its key has to do, as the store knows it.
pub(super) async fn in_store(
    kept: &Kept,
    leader: Leader,
    Call { key, id, caller, lasts }: Call<'_>,
    may_ask_again: impl Fn(&SendError) -> bool,
) -> Role {
    let number = CallNumber(ids::fresh());
    // Its record is there before it begins, and hears of its end in time.
    let lease = lasts + 2 * STORE_TIMEOUT + MARGIN;
    let call_record = |of| CallRecord::new(kept.clone(), id, number, of);
    for look in 1..=LOOKS {
        let call = NewCall { key, id, caller: caller.clone(), number, lease };
        let record = match kept.begin(call).await {
            Ok(Begun::InFlight) => return Role::Leader(leader.recorded(call_record(None))),
            Ok(Begun::Held(record)) => record,
            Ok(Begun::Elsewhere { left }) => {
                let (least, most) = IN_FLIGHT_WAIT;
                return refused(leader, id, Failure::InFlightElsewhere { retry_after: left.clamp(least, most) });
            }
            Ok(Begun::Reused) => return refused(leader, id, Failure::KeyReused),
            Err(_) => return refused(leader, id, Failure::StoreUnavailable),
        };
        let Ok(known) = kept.read(id, &record) else { return refused(leader, id, Failure::StoreUnavailable) };
        if let Known::Answered(Err(error)) = &known
            && look < LOOKS
            && may_ask_again(error)
        {
            match kept.ask_again(id, record.of, number, lease).await {
                Ok(true) => return Role::Again(leader.recorded(call_record(Some(record.of))), error.clone()),
                // Somebody else was faster.
                Ok(false) => continue,
                Err(_) => {}
            }
        }
        leader.release(known.clone().replayed());
        return Role::Held(known);
    }
    refused(leader, id, Failure::InFlightElsewhere { retry_after: IN_FLIGHT_WAIT.0 })
}

/// The calls that wait for this one hear the same.
pub(super) fn refused(leader: Leader, id: Id, failure: Failure) -> Role {
    leader.release(Known::Answered(Err(SendError::new(id, failure, Vec::new()))));
    Role::Refused(failure)
}
