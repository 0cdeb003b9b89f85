//! Circuits as JSON, for people.

use serde::Serialize;
use utoipa::ToSchema;

use crate::delivery::circuit::{Snapshot, TransitionReason};
use crate::delivery::upstream::Upstream;
use crate::ingress::admin::state::AdminState;
use crate::ingress::admin::upstream_row::UpstreamRow;
use crate::ingress::admin::words;
use crate::runtime::millis::millis;

/// Every circuit.
#[derive(Serialize, ToSchema)]
pub(in crate::ingress::admin) struct Circuits {
    /// One for each upstream, in their configured order.
    pub(super) circuits: Vec<Circuit>,
}

/// The circuit of one upstream.
#[derive(Serialize, ToSchema)]
pub(in crate::ingress::admin) struct Circuit {
    /// The name of the upstream.
    name: String,
    /// The kind of the upstream, such as `mailgun`.
    kind: &'static str,
    /// Its place in the order of `SMSP_PROVIDERS`, from 1.
    #[schema(minimum = 1)]
    position: usize,
    /// Its weight, as it was set. Counts with `SMSP_ROUTING=weighted` and `adaptive`.
    weight: u32,
    /// The part of the mails handed over by this node in the last minute that went to it; `null` if there were none.
    #[schema(required = true, minimum = 0, maximum = 1)]
    share_last_minute: Option<f64>,
    /// How many mails are in flight at it.
    in_flight: usize,
    /// How many mails it may be handed at once, as far as its rates go; `null` if it has no rate.
    #[schema(required = true)]
    tokens_left: Option<u32>,
    #[schema(schema_with = words::state)]
    state: &'static str,
    #[schema(schema_with = words::reason, required = true)]
    reason: Option<&'static str>,
    /// How long it has been in this state.
    for_ms: u64,
    /// How long it has been out of order, failed recoveries included; `null` while it is in order.
    #[schema(required = true)]
    outage_ms: Option<u64>,
    #[schema(schema_with = words::overriding)]
    r#override: &'static str,
    /// When the override ends by itself; absent where it stays until the next order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    override_ends_in_ms: Option<u64>,
    /// Who has ordered the override; absent where it is `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    override_by: Option<String>,
    /// When it was ordered, UTC (RFC 3339), to the millisecond; absent where it is `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    override_since: Option<String>,
    /// Is every order for this circuit in the store, and known here, so that all nodes have it? `false`: the store did not
    /// answer, so what was ordered holds on this node alone, and is written once the store is back; or this node has not read
    /// it since its start. Absent without a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    orders_in_store: Option<bool>,
    /// Counts the changes of the circuit.
    generation: u64,
    /// How often it has opened, or failed to recover, since the upstream was last stable.
    trips: u8,
    /// The share of mail that it takes, an override included. It grows from 0 to 1 after a recovery.
    #[schema(minimum = 0, maximum = 1)]
    ramp: f64,
    /// When the next probe is due; `null` while the circuit is closed.
    #[schema(required = true)]
    next_probe_in_ms: Option<u64>,
    window: Window,
    /// From domains that the provider has refused. Their mail is sent to other upstreams for now.
    held_senders: Vec<HeldSender>,
}

/// A From domain whose mail this upstream does not get.
#[derive(Serialize, ToSchema)]
pub(in crate::ingress::admin) struct HeldSender {
    /// The domain.
    domain: String,
    /// How long it is still held.
    for_ms: u64,
}

/// The answers of the upstream within `SMSP_CIRCUIT_WINDOW`.
#[derive(Serialize, ToSchema)]
pub(in crate::ingress::admin) struct Window {
    /// Good answers.
    ok: u32,
    /// Failures, time-outs among them.
    failed: u32,
    /// Slow answers, which count above too.
    slow: u32,
}

/// One circuit as it is now.
pub(super) fn show(state: &AdminState, row: UpstreamRow<'_>) -> Circuit {
    let UpstreamRow { upstream, position, share } = row;
    let (circuit, counts) = (upstream.snapshot(), upstream.counts());
    let history = *upstream.history().borrow();
    let holder = state.overrides.holder(upstream.name());
    Circuit {
        name: upstream.name().to_string(),
        kind: upstream.kind(),
        position,
        weight: upstream.settings().weight,
        share_last_minute: share,
        in_flight: upstream.in_flight(),
        tokens_left: upstream.tokens_left(),
        state: circuit.state.as_str(),
        reason: history.reason.map(TransitionReason::as_str),
        for_ms: millis(history.since.elapsed()),
        outage_ms: history.outage_since.map(|since| millis(since.elapsed())),
        r#override: circuit.overriding.as_str(),
        override_ends_in_ms: state.overrides.ends_in(upstream.name()).map(millis),
        override_by: holder.as_ref().map(|holder| holder.who.to_string()),
        override_since: holder.map(|holder| holder.since.to_string()),
        orders_in_store: state.overrides.are_in_store(upstream.name()),
        generation: circuit.generation,
        trips: circuit.trips,
        ramp: ramp(&circuit),
        next_probe_in_ms: upstream.until_next_probe().map(millis),
        window: Window { ok: counts.ok, failed: counts.failed, slow: counts.slow },
        held_senders: held_senders(upstream),
    }
}

/// From 0 to 1, an operator's order included.
pub(in crate::ingress::admin) fn ramp(circuit: &Snapshot) -> f64 {
    f64::from(circuit.share()) / f64::from(Snapshot::ALL_MAIL)
}

fn held_senders(upstream: &Upstream) -> Vec<HeldSender> {
    let held = upstream.held_senders().into_iter();
    held.map(|(domain, left)| HeldSender { domain, for_ms: millis(left) }).collect()
}
