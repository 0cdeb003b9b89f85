//! `smsp outbox list`: which mail there is, page by page.

use serde_json::{Value, json};

use super::arguments::List;
use crate::app::admin_client::AdminClient;
use crate::app::columns::lines;
use crate::app::terminal::print;

/// Mails of one page.
const PAGE: usize = 100;

/// Prints the mails that fit.
pub(super) async fn list(client: &AdminClient, list: List) -> Result<bool, String> {
    let List { filter, oldest_first, limit, as_json } = list;
    let (mails, next) = mails(client, &filter, oldest_first, limit).await?;
    if as_json {
        return Ok(print(&json!({"mails": mails, "next": next}).to_string()));
    }
    let more = next.is_some().then(|| format!("there may be more: --limit {} shows them", 10 * limit));
    Ok(print(&table(&mails).into_iter().chain(more).collect::<Vec<_>>().join("\n")))
}

/// So many mails that fit, and the place behind them if there may be more.
pub(super) async fn mails(
    client: &AdminClient,
    filter: &[(&'static str, String)],
    oldest_first: bool,
    limit: usize,
) -> Result<(Vec<Value>, Option<String>), String> {
    let order = if oldest_first { "oldest" } else { "newest" };
    let (mut mails, mut after) = (Vec::new(), None::<String>);
    while mails.len() < limit {
        let page = (limit - mails.len()).min(PAGE);
        let own = [("order", order.to_owned()), ("limit", page.to_string())];
        let query =
            [filter, &own, &after.map(|after| [("after", after)]).iter().flatten().cloned().collect::<Vec<_>>()];
        let mut answer = client.get("/outbox/mails", &query.concat()).await?.json;
        mails.extend(answer["mails"].as_array_mut().map(std::mem::take).unwrap_or_default());
        after = answer["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    Ok((mails, after))
}

/// A line for each mail.
pub(super) fn table(mails: &[Value]) -> Vec<String> {
    let head = ["id", "status", "caller", "accepted", "upstream", "last attempt"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(mails.iter().map(row)).collect();
    lines(&rows, [false; 6])
}

fn row(mail: &Value) -> [String; 6] {
    let text = |name: &str| mail[name].as_str().unwrap_or_default().to_owned();
    let upstreams = mail["upstreams"].as_array().map(Vec::as_slice).unwrap_or_default();
    let upstreams: Vec<_> = upstreams.iter().filter_map(Value::as_str).collect();
    let upstream = mail["upstream"].as_str().map_or_else(|| upstreams.join(","), str::to_owned);
    let copy = if mail["possible_duplicate"] == true { " (may be a second copy)" } else { "" };
    [text("id"), text("status"), text("caller"), text("accepted_at"), upstream, format!("{}{copy}", attempt(mail))]
}

fn attempt(mail: &Value) -> String {
    let last = &mail["last_attempt"];
    let word = |name: &str| last[name].as_str();
    let Some(upstream) = word("upstream") else { return "none".to_owned() };
    let reason = [word("reason"), word("provider_code")].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let reason = if reason.is_empty() { reason } else { format!(" ({reason})") };
    format!("{upstream}: {}{reason}", word("outcome").unwrap_or("not known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_line_for_each_mail_with_what_became_of_its_last_attempt() {
        let last = json!({"upstream": "mg", "outcome": "unavailable", "reason": "http_503", "provider_code": null});
        let open = json!({"upstream": "ses", "outcome": null, "reason": null, "provider_code": null});
        let mail = |id: &str, status: &str, rest: Value| {
            let mut mail =
                json!({"id": id, "status": status, "caller": "shop", "accepted_at": "2026-11-21T22:05:09.000Z"});
            mail.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            mail
        };
        let mails = [
            mail("a", "queued", json!({"upstreams": ["mg", "ses"], "upstream": null, "last_attempt": last})),
            mail(
                "b",
                "unknown",
                json!({"upstreams": null, "upstream": "ses", "last_attempt": open, "possible_duplicate": true}),
            ),
            mail("c", "parked", json!({"upstreams": ["mg"], "upstream": null, "last_attempt": null})),
        ];
        let expected = [
            "id  status   caller  accepted                  upstream  last attempt",
            "a   queued   shop    2026-11-21T22:05:09.000Z  mg,ses    mg: unavailable (http_503)",
            "b   unknown  shop    2026-11-21T22:05:09.000Z  ses       ses: not known (may be a second copy)",
            "c   parked   shop    2026-11-21T22:05:09.000Z  mg        none",
        ];
        assert_eq!(table(&mails), expected);
    }
}
