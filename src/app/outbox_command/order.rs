//! `smsp outbox retry|cancel|settle`: orders for mails by id, and for all mail that a filter names.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::arguments::{Filter, Meant, Order, What};
use super::list::{mails, table};
use super::question::Question;
use crate::app::admin_client::AdminClient;
use crate::app::progress::how_far;
use crate::app::terminal::{print, print_error, show_progress};
use crate::runtime::unix_time::UnixTime;

/// Mails that are shown before an order.
const SAMPLE: usize = 5;

/// The member of a filter that leaves out what was accepted later.
const BEFORE: &str = "accepted_before";

/// What an order on many has done so far, by words of the node.
#[derive(Default)]
struct Done {
    changed: BTreeMap<String, u64>,
    left_out: BTreeMap<String, u64>,
}

/// Gives the order. Was all mail changed that was meant?
pub(super) async fn order(client: &AdminClient, Order { what, meant, as_json }: Order) -> Result<bool, String> {
    match meant {
        Meant::Ids(ids) => of_ids(client, what, &ids, as_json).await,
        Meant::All { filter, over, count } => {
            let before = accepted_before(client, &filter).await?;
            let filter: Filter = filter.into_iter().chain(before.clone().map(|time| (BEFORE, time))).collect();
            let fit = count_all(client, &filter).await?;
            if fit > 0 || count.is_some() {
                if count.is_none() {
                    show_sample(client, &filter, fit).await?;
                }
                Question { order: &what.word().replace('_', " "), fit, before, all: count }.put()?;
            }
            let done = of_all(client, body(what, filter, over, fit)).await?;
            Ok(print(&if as_json { done.json() } else { done.lines() }) && done.left_out.is_empty())
        }
    }
}

/// The time behind the newest mail that fits, by the clock of the store, where the filter names none: what is accepted while a
/// person reads neither changes the number nor is meant.
async fn accepted_before(client: &AdminClient, filter: &Filter) -> Result<Option<String>, String> {
    if filter.iter().any(|(name, _)| *name == BEFORE) {
        return Ok(None);
    }
    let (newest, _) = mails(client, filter, false, 1).await?;
    let accepted_at = newest.first().and_then(|mail| UnixTime::parse(mail["accepted_at"].as_str()?));
    Ok(accepted_at.map(|time| time.after(Duration::from_millis(1)).to_string()))
}

/// One after the other; one that is refused keeps no other from it.
async fn of_ids(client: &AdminClient, what: What, ids: &[String], as_json: bool) -> Result<bool, String> {
    let (path, body) = match what {
        What::Retry => ("retry", Value::Null),
        What::Cancel => ("cancel", Value::Null),
        What::SettleAsAccepted => ("settle", json!({"as": "accepted"})),
        What::SettleAsNone => ("settle", json!({"as": "none"})),
    };
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let mut all_done = true;
    for id in ids {
        match client.post(&format!("/outbox/{id}/{path}"), body.clone()).await {
            Ok(answer) if as_json => all_done &= print(&answer.text),
            Ok(answer) => all_done &= print(&format!("{id}: {}", answer.json["status"].as_str().unwrap_or_default())),
            Err(error) => {
                print_error(&format!("{id}: {error}"));
                all_done = false;
            }
        }
    }
    Ok(all_done)
}

async fn count_all(client: &AdminClient, filter: &[(&'static str, String)]) -> Result<u64, String> {
    let (mut count, mut query) = (0, filter.to_vec());
    loop {
        let answer = client.get("/outbox/count", &query).await?.json;
        count += answer["count"].as_u64().unwrap_or_default();
        let Some(next) = answer["next"].as_str() else { break };
        show_progress(&format!("{count} mails so far"));
        query = filter.iter().cloned().chain([("after", next.to_owned())]).collect();
    }
    Ok(count)
}

async fn show_sample(client: &AdminClient, filter: &[(&'static str, String)], fit: u64) -> Result<(), String> {
    show_progress("");
    let (sample, _) = mails(client, filter, true, SAMPLE).await?;
    print_error(&format!("{fit} mails fit; the oldest of them:\n{}", table(&sample).join("\n")));
    Ok(())
}

/// The order as the node takes it.
fn body(what: What, filter: Filter, over: Option<String>, count: u64) -> Value {
    let mut body = json!({"order": what.word(), "count": count});
    for (name, value) in filter {
        // The one member that is no text; what is neither is refused by the node.
        let is_word = name == "possible_duplicate" && matches!(&*value, "true" | "false");
        body[name] = if is_word { Value::from(value == "true") } else { Value::from(value) };
    }
    if let Some(over) = over {
        body["over"] = Value::from(over);
    }
    body
}

/// Call after call, until all is done.
async fn of_all(client: &AdminClient, mut body: Value) -> Result<Done, String> {
    let (mut done, start) = (Done::default(), Instant::now());
    let all = body["count"].as_u64().unwrap_or_default();
    if all == 0 {
        return Ok(done);
    }
    loop {
        let answer = client.post("/outbox/orders", body.to_string().into_bytes()).await;
        let answer = answer.map_err(|error| done.and_then(&error))?.json;
        done.add(&answer);
        let Some(next) = answer["next"].as_str() else { break };
        body["after"] = Value::from(next);
        show_progress(&how_far("done", (done.met(), all), "", start.elapsed()));
    }
    show_progress("");
    Ok(done)
}

impl Done {
    fn add(&mut self, answer: &Value) {
        for (numbers, name, word) in
            [(&mut self.changed, "changed", "status"), (&mut self.left_out, "left_out", "reason")]
        {
            for one in answer[name].as_array().into_iter().flatten() {
                let word = one[word].as_str().unwrap_or_default().to_owned();
                *numbers.entry(word).or_default() += one["count"].as_u64().unwrap_or_default();
            }
        }
    }

    fn met(&self) -> u64 {
        self.changed.values().chain(self.left_out.values()).sum()
    }

    /// What went wrong, behind what was done before.
    fn and_then(&self, error: &str) -> String {
        if self.met() == 0 { error.to_owned() } else { format!("after {} mails: {error}", self.met()) }
    }

    fn lines(&self) -> String {
        let changed = self.changed.iter().map(|(status, count)| format!("{status}: {count}"));
        let left_out = self.left_out.iter().map(|(reason, count)| format!("left out, {reason}: {count}"));
        let lines: Vec<_> = changed.chain(left_out).collect();
        if lines.is_empty() { "no mail fits".to_owned() } else { lines.join("\n") }
    }

    fn json(&self) -> String {
        json!({"changed": self.changed, "left_out": self.left_out}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_on_many_names_its_filter_and_its_number() {
        let filter = vec![("status", "parked".to_owned()), ("possible_duplicate", "true".to_owned())];
        let expected =
            json!({"order": "retry", "count": 7, "status": "parked", "possible_duplicate": true, "over": "1h"});
        assert_eq!(body(What::Retry, filter, Some("1h".to_owned()), 7), expected);
    }

    #[test]
    fn what_all_calls_have_done_adds_up() {
        let mut done = Done::default();
        assert_eq!(done.lines(), "no mail fits");
        done.add(&json!({"changed": [{"status": "queued", "count": 5}], "left_out": []}));
        let left_out = json!([{"reason": "expired", "count": 2}]);
        done.add(&json!({"changed": [{"status": "queued", "count": 1}], "left_out": left_out}));
        assert_eq!((done.lines().as_str(), done.met()), ("queued: 6\nleft out, expired: 2", 8));
        assert_eq!(done.json(), r#"{"changed":{"queued":6},"left_out":{"expired":2}}"#);
        assert_eq!(done.and_then("x"), "after 8 mails: x");
    }
}
