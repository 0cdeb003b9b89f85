//! What the store files a submission under, so that it is claimed only when it can be sent.

use crate::model::receipt::SendError;
use crate::state::outbox::{RouteSet, RulesVersion};

/// Where a submission may go.
pub struct Filed {
    /// The upstreams that may ever have it.
    pub route_set: RouteSet,
    /// The rules that say so.
    pub rules: RulesVersion,
    /// Why none of them ever takes it, if that is so.
    pub refusal: Option<SendError>,
}
