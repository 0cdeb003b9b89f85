//! What the log says of the messages of a batch, whose answer is one for all of them: a line for each mail that is queued, by
//! whose id its attempts are found, and a line for each kind of problem, however many messages have it.

use tracing::info;

use crate::ingress::api::field_names::FIELD_NAMES;
use crate::ingress::api::problem::Problem;
use crate::ingress::server::context::{Items, RequestContext};
use crate::service::outbox::OutboxService;
use crate::state::outbox::Ticket;

/// Has the line of the request say how many messages it has, and how many of them are refused.
pub(super) fn has_items(all: usize, refused: usize) {
    RequestContext::with(|context| context.set_items(Items { all, refused }));
}

/// Logs what became of each message, in their order, and counts those that are refused.
pub(super) fn tell(outbox: &OutboxService, results: &[Result<(Ticket, bool), Problem>]) {
    for (index, result) in results.iter().enumerate() {
        if let Ok((ticket, replayed)) = result {
            info!(id = %ticket.id, index, replayed, "message of a batch queued");
        }
    }
    let problems = results.iter().filter_map(|result| result.as_ref().err());
    let refused = problems.clone().count();
    has_items(results.len(), refused);
    outbox.count_refused_in_batch(refused);
    for (refused, problem) in Problem::logged(problems) {
        let fields = problem.fields(&[&FIELD_NAMES, &[]]);
        info!(problem = problem.name(), refused, fields, "messages of a batch refused");
    }
}
