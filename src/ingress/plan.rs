//! A plan as JSON: what every way in that explains a mail answers with.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::server::problem::whole_seconds;
use crate::delivery::dispatch::{ExplainedPlace, Explanation};
use crate::delivery::routing::Availability;
use crate::model::left_out::LeftOut;

/// Where a mail would go if it was sent now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Route)]
pub struct RouteBody {
    /// The rule of `SMSP_ROUTES` that chose the upstreams: its name, else `rule_<n>`; absent if none holds for the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<String>,
    /// Every upstream, in the order in which the mail would be offered to them; those that are left out come last.
    plan: Vec<PlaceBody>,
    /// The servers of the recipients come behind these upstreams; absent where they do not. The outbox alone delivers there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    mx: bool,
    would: Would,
}

/// The place of one upstream in the plan of a mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutePlace)]
struct PlaceBody {
    /// The name of the upstream, as the node is configured.
    upstream: String,
    /// The share of mail like this, without a key, that comes to it first. With a key: 1 for the first upstream that takes
    /// the mail, 0 for the others.
    #[schema(minimum = 0, maximum = 1)]
    share: f64,
    #[serde(rename = "standing")]
    availability: AvailabilityBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = reason, required = false)]
    reason: Option<&'static str>,
    /// More about the reason, where there is more: why the circuit is not closed, or what the upstream cannot carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("consecutive_failures", "size"))]
    detail: Option<String>,
    /// Seconds until the circuit is probed; absent where it is closed, or an operator has forced it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_probe_s: Option<u64>,
}

/// `ready`: it takes the mail. `ramping`: its circuit has closed a moment ago and takes a share of the mail; with a key,
/// this mail is not in it, so the upstream is asked last. `left_out`: it is not offered the mail.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Availability)]
#[serde(rename_all = "snake_case")]
enum AvailabilityBody {
    Ready,
    Ramping,
    LeftOut,
}

/// `accepted`: the mail would be offered to an upstream, and accepted if that takes it. `none`: it would be offered to
/// none.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Would {
    Accepted,
    None,
}

/// Why an upstream is left out: listed by the code that writes it, and no closed set.
fn reason() -> Object {
    let words = LeftOut::WORDS.map(|word| format!("`{word}`")).join(", ");
    let about = format!(
        "Why it is left out: {words}. Absent where it is not. More words may come, so do not fail at one that you do not know."
    );
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).build()
}

impl From<Explanation> for RouteBody {
    fn from(explanation: Explanation) -> Self {
        let would = if explanation.is_offered() { Would::Accepted } else { Would::None };
        let Explanation { rule, plan, is_direct } = explanation;
        let plan = plan.into_iter().map(PlaceBody::from).collect();
        Self { rule: rule.as_deref().map(str::to_owned), plan, mx: is_direct, would }
    }
}

impl From<ExplainedPlace> for PlaceBody {
    fn from(place: ExplainedPlace) -> Self {
        let ExplainedPlace { upstream, share, availability, detail, next_probe } = place;
        let (availability, reason) = match availability {
            Availability::Ready => (AvailabilityBody::Ready, None),
            Availability::Ramping => (AvailabilityBody::Ramping, None),
            Availability::LeftOut(reason) => (AvailabilityBody::LeftOut, Some(reason.as_str())),
        };
        let next_probe_s = next_probe.map(whole_seconds);
        Self { upstream: upstream.to_string(), share: rounded(share), availability, reason, detail, next_probe_s }
    }
}

/// To a millionth: more digits are those of the arithmetic.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}
