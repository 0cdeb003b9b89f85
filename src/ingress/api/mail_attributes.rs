//! What the span of a request and its line in the log say of its mail.

use super::delivery::Delivery;
use crate::ingress::server::context::RequestContext;
use crate::model::message::Id;
use crate::runtime::telemetry::trace;

/// Which mail it is, and what is known of it from this call.
pub(super) fn set_mail(id: Option<Id>, delivery: Delivery) {
    id.into_iter().for_each(set_id);
    trace::set("smsp.delivery", || delivery.as_str());
}

/// Which mail it is.
pub(super) fn set_id(id: Id) {
    RequestContext::with(|context| context.set_resource(id.into()));
    trace::set("smsp.id", || id.to_string());
}
