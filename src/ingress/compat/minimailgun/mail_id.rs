//! The id of a mail, as Mini-MailGun wrote it, and in the log.

use uuid::Uuid;

use crate::ingress::server::context::RequestContext;
use crate::model::message::Id;
use crate::runtime::telemetry::trace;

/// Has the line of the request and its span name the mail.
pub(super) fn tell(id: Id) {
    RequestContext::with(|context| context.set_resource(id.into()));
    trace::set("smsp.id", || id.to_string());
}

/// 32 hexadecimal digits.
pub(super) fn submission_id(id: Id) -> String {
    Uuid::from(id).simple().to_string()
}
