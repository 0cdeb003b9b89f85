//! What the operator has settled about every mail.

use std::time::Duration;

use crate::delivery::routing::Strategy;
use crate::model::submission::Failover;
use crate::runtime::settings::{Choice, PERIOD, Row, setting, settings};

/// The rules that choose the upstreams of a mail.
pub const ROUTES: Row = Row::optional(
    "ROUTES",
    "rules",
    "which mail goes to which upstreams, such as `otp: tag=otp -> pm!; from=*.shop.example -> mg:70,sg:30`; the first \
     rule that holds decides, and other mail follows `SMSP_ROUTING`; or the file of `SMSP_ROUTES_FILE`, a rule a line",
);

/// What this node does while no circuit is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllOpen {
    /// Answers 503 with the time of the next probe, and stays healthy: a restart would not help.
    Serve,
    /// Says so at the health check.
    Unhealthy,
    /// Ends, so that an orchestrator may start it elsewhere.
    Exit,
}

settings! {
    /// How mails find their upstream.
    #[derive(Clone, Copy, Debug)]
    pub struct Settings {
        request_deadline: Duration as REQUEST_DEADLINE = setting(
            "15s",
            &PERIOD,
            "for all attempts together, from when the request has been read; a large mail gets 1 s more for every 256 KiB",
        );
        failover: Failover as FAILOVER = setting(
            "safe",
            &Choice(&[("never", Failover::Never), ("safe", Failover::Safe), ("always", Failover::Always)]),
            "when another upstream may try: where the failed attempt proves that nobody has the mail; `never`: only after a \
             skipped upstream, such as one with an open circuit; `always`: after an `unknown` too, so a mail may be sent \
             twice",
        );
        routing: Strategy as ROUTING = setting(
            "priority",
            &Choice(&[
                ("priority", Strategy::Priority),
                ("round_robin", Strategy::RoundRobin),
                ("weighted", Strategy::Weighted),
                ("adaptive", Strategy::Adaptive),
            ]),
            "the first closed circuit in the order of `SMSP_PROVIDERS`; `round_robin`: each in its turn; `weighted`: each as \
             often as its `SMSP_<NAME>_WEIGHT` says; `adaptive`: the less often, the slower it is and the more it fails",
        );
        all_open: AllOpen as ALL_OPEN = setting(
            "serve",
            &Choice(&[("serve", AllOpen::Serve), ("unhealthy", AllOpen::Unhealthy), ("exit", AllOpen::Exit)]),
            "with no usable circuit: answer 503; `unhealthy`: `/healthcheck` says so too; `exit`: log \"down\" and end with 1",
        );
    }
}
