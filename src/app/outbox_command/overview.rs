//! `smsp outbox`: how much mail there is in each state, for how long it has waited, and how fast it gets less.

use serde_json::Value;

use crate::app::admin_client::{AdminClient, Answer};
use crate::app::columns::lines;
use crate::app::span::span;
use crate::app::watching::Show;

/// Prints the outbox, once or again and again until Ctrl-C.
pub(super) async fn show(client: &AdminClient, show: Show) -> Result<bool, String> {
    show.show(async || {
        let Answer { text, json } = client.get("/outbox", &[]).await?;
        Ok(if show.as_json { text } else { table(&json) })
    })
    .await
}

/// A line for each state that has mail, and how fast the outbox drains.
fn table(outbox: &Value) -> String {
    let mails = outbox["mails"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows = vec![["status", "count", "oldest"].map(str::to_owned)];
    let mut statuses: Vec<_> = mails.iter().filter_map(|mails| mails["status"].as_str()).collect();
    statuses.dedup();
    for status in statuses {
        let of = || mails.iter().filter(|mails| mails["status"] == status);
        let count: u64 = of().filter_map(|mails| mails["count"].as_u64()).sum();
        let oldest = of().filter_map(|mails| mails["oldest_ms"].as_u64()).max().unwrap_or_default();
        let oldest = if oldest == 0 { "-".to_owned() } else { span(oldest / 1000) };
        rows.push([status.to_owned(), count.to_string(), oldest]);
    }
    let table = lines(&rows, [false, true, true]);
    table.into_iter().chain([drains(outbox)]).chain(why_not(outbox)).collect::<Vec<_>>().join("\n")
}

fn drains(outbox: &Value) -> String {
    match (outbox["rate"].as_f64(), outbox["left_seconds"].as_u64()) {
        (Some(rate), Some(left)) => format!("drains: {rate:.1} a second, {} left", span(left)),
        _ if waiting(outbox) == 0 => "drains: nothing waits".to_owned(),
        _ => "drains: no, what waits does not get less".to_owned(),
    }
}

/// Mails that are queued or under way.
fn waiting(outbox: &Value) -> u64 {
    let mails = outbox["mails"].as_array().into_iter().flatten();
    let waits = |mails: &&Value| matches!(mails["status"].as_str(), Some("queued" | "claimed" | "sending"));
    mails.filter(waits).filter_map(|mails| mails["count"].as_u64()).sum()
}

/// Why nothing is sent, if nothing is.
fn why_not(outbox: &Value) -> Vec<String> {
    let paused = (outbox["paused"] == true).then(|| "paused: nothing is sent before it goes on".to_owned());
    let why = outbox["went_back"].as_str();
    let older = why.map(|why| format!("an older copy: nothing is sent before `smsp store accept-restore` ({why})"));
    paused.into_iter().chain(older).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_state_and_says_how_fast_the_outbox_drains() {
        let outbox = json!({"paused": false, "went_back": null, "rate": 39.84, "left_seconds": 603, "mails": [
            {"status": "queued", "count": 24_000, "oldest_ms": 601_000},
            {"status": "queued", "count": 7, "oldest_ms": 62_000},
            {"status": "sending", "count": 12, "oldest_ms": 900},
            {"status": "accepted", "count": 120_000, "oldest_ms": 0},
        ]});
        let expected = "status     count      oldest\n\
                        queued     24007  10 min 1 s\n\
                        sending       12         0 s\n\
                        accepted  120000           -\n\
                        drains: 39.8 a second, 10 min 3 s left";
        assert_eq!(table(&outbox), expected);
    }

    #[test]
    fn an_outbox_that_sends_nothing_says_why() {
        let outbox =
            json!({"paused": true, "went_back": "1 mark is missing", "rate": null, "left_seconds": null, "mails": []});
        let expected = "status  count  oldest\n\
                        drains: nothing waits\n\
                        paused: nothing is sent before it goes on\n\
                        an older copy: nothing is sent before `smsp store accept-restore` (1 mark is missing)";
        assert_eq!(table(&outbox), expected);
    }
}
