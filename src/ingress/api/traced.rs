//! What the span of a request says of its mail.

use super::delivery::Delivery;
use crate::model::message::Id;
use crate::runtime::telemetry::trace;

/// Which mail it is, and what is known of it from this call.
pub(super) fn traced(id: Option<Id>, delivery: Delivery) {
    if let Some(id) = id {
        trace::set("smsp.id", || id.to_string());
    }
    trace::set("smsp.delivery", || delivery.as_str());
}
