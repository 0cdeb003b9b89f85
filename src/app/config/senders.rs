//! The sender of probes, and the domains that each upstream may send for.

use super::upstream::UpstreamConfig;
use crate::delivery::provider;
use crate::delivery::supervisor::settings::POLL_FROM_ADDRESS;
use crate::delivery::upstream::limits::FROM_DOMAINS;
use crate::model::message::Mailbox;
use crate::runtime::settings::Section;

/// A probe goes to every upstream, whatever domains it may send for. A local upstream refuses no sender.
pub(super) fn check_poll_from(section: &mut Section, poll_from: &Mailbox, upstreams: &[UpstreamConfig]) {
    let is_local = |upstream: &UpstreamConfig| provider::kind(upstream.kind).is_some_and(|kind| kind.local);
    let refuses = |upstream: &UpstreamConfig| {
        let domains = upstream.settings.from_domains.as_ref();
        domains.is_some_and(|domains| !domains.include(poll_from.address()))
    };
    let refusing = upstreams.iter().filter(|upstream| refuses(upstream) && !is_local(upstream));
    let refusing: Vec<_> = refusing.map(|upstream| upstream.name.as_str()).collect();
    if !refusing.is_empty() {
        let (setting, names) = (FROM_DOMAINS.row.name, refusing.join(", "));
        let problem = format!(
            "is of no domain that {names} may send for ({setting}): a probe there may be refused for its sender, which \
             closes the circuit as a success does"
        );
        section.warning(POLL_FROM_ADDRESS.row.name, &problem);
    }
}
