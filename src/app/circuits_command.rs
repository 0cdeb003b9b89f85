//! `smsp circuits`: asks the running node what its circuits are like.

use serde_json::Value;

use super::admin_client::{AdminClient, Answer};
use super::columns::lines;
use super::span::span;
use super::watching::Show;
use crate::app::config::AdminAccess;

const HEAD: [&str; 10] =
    ["upstream", "kind", "state", "for", "override", "ramp", "in flight", "ok/failed", "next probe", "reason"];
const AT_THE_RIGHT: [bool; 10] = [false, false, false, true, false, true, true, true, true, false];
const NONE: &str = "no provider is configured: the outbox delivers to the recipients' own servers (mx)";
/// What stands for nothing.
const NOTHING: &str = "-";

/// What stands behind `smsp circuits`.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments(Show);

impl Arguments {
    /// Reads it.
    pub fn read(words: &[&str]) -> Result<Self, String> {
        Show::read("smsp circuits", words).map(Self)
    }
}

/// Prints the circuits, once or again and again until Ctrl-C. Was all printed?
pub async fn circuits(access: AdminAccess, Arguments(show): Arguments) -> Result<bool, String> {
    let client = AdminClient::new(access)?;
    show.show(async || {
        let Answer { text, json } = client.get("/circuits", &[]).await?;
        Ok(if show.as_json { text } else { table(&json) })
    })
    .await
}

/// A line for each upstream, and one for each thing that does not fit into it.
fn table(answer: &Value) -> String {
    let circuits = answer["circuits"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = std::iter::once(HEAD.map(str::to_owned)).chain(circuits.iter().map(row)).collect();
    let none = circuits.is_empty().then(|| NONE.to_owned());
    let remarks = circuits.iter().flat_map(remarks).chain(none);
    lines(&rows, AT_THE_RIGHT).into_iter().chain(remarks).collect::<Vec<_>>().join("\n")
}

fn row(circuit: &Value) -> [String; 10] {
    let text = |name: &str| circuit[name].as_str().unwrap_or(NOTHING).to_owned();
    let number = |name: &str| circuit[name].as_u64().map_or_else(|| NOTHING.to_owned(), |number| number.to_string());
    let time = |name: &str| time(&circuit[name]).unwrap_or_else(|| NOTHING.to_owned());
    let ramp = circuit["ramp"].as_f64().map_or_else(|| NOTHING.to_owned(), |ramp| format!("{:.0} %", 100.0 * ramp));
    let window = &circuit["window"];
    let answers = ["ok", "failed"].map(|name| window[name].as_u64().unwrap_or_default().to_string()).join("/");
    [
        text("name"),
        text("kind"),
        text("state"),
        time("for_ms"),
        overriding(circuit),
        ramp,
        number("in_flight"),
        answers,
        time("next_probe_in_ms"),
        text("reason"),
    ]
}

/// The order, who gave it, and for how long it holds.
fn overriding(circuit: &Value) -> String {
    let order = circuit["override"].as_str().unwrap_or(NOTHING);
    let by = circuit["override_by"].as_str().map(|who| format!(" by {who}")).unwrap_or_default();
    let left = time(&circuit["override_ends_in_ms"]).map(|left| format!(", {left} left")).unwrap_or_default();
    format!("{order}{by}{left}")
}

/// From domains that are held, and orders that only this node knows.
fn remarks(circuit: &Value) -> Vec<String> {
    let name = circuit["name"].as_str().unwrap_or_default();
    let held = circuit["held_senders"].as_array().into_iter().flatten().map(|held| {
        let (domain, left) = (held["domain"].as_str().unwrap_or_default(), time(&held["for_ms"]).unwrap_or_default());
        format!("{name}: mail from {domain} goes to others for {left}")
    });
    let alone = (circuit["orders_in_store"] == false).then(|| format!("{name}: its orders are not in the store yet"));
    held.chain(alone).collect()
}

fn time(milliseconds: &Value) -> Option<String> {
    milliseconds.as_u64().map(|milliseconds| span(milliseconds / 1000))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn node_without_providers_says_where_its_mail_goes() {
        let shown = table(&json!({"circuits": []}));
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.ends_with(NONE), "{shown}");
    }

    #[test]
    fn a_table_has_a_line_for_each_upstream_and_says_what_an_operator_has_ordered() {
        let answer = json!({"circuits": [
            {"name": "mg", "kind": "mailgun", "state": "closed", "reason": null, "for_ms": 3_700_000, "override": "auto",
             "ramp": 1.0, "in_flight": 12, "next_probe_in_ms": null, "window": {"ok": 950, "failed": 2, "slow": 0},
             "held_senders": []},
            {"name": "sg", "kind": "sendgrid", "state": "open", "reason": "consecutive_failures", "for_ms": 62_000,
             "override": "open", "override_by": "ada", "override_ends_in_ms": 7_140_000, "ramp": 0.0, "in_flight": 0,
             "next_probe_in_ms": 4_200, "window": {"ok": 0, "failed": 5, "slow": 1}, "orders_in_store": false,
             "held_senders": [{"domain": "example.org", "for_ms": 900_000}]},
        ]});
        let expected = [
            "upstream  kind      state         for  override                       ramp  in flight  ok/failed  next probe  reason",
            "mg        mailgun   closed  1 h 1 min  auto                          100 %         12      950/2           -  -",
            "sg        sendgrid  open    1 min 2 s  open by ada, 1 h 59 min left    0 %          0        0/5         4 s  consecutive_failures",
            "sg: mail from example.org goes to others for 15 min 0 s",
            "sg: its orders are not in the store yet",
        ];
        assert_eq!(table(&answer).lines().collect::<Vec<_>>(), expected);
    }
}
