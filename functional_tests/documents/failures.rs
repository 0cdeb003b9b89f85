//! The table of failures in the explanation of delivery is what a node does with a provider that answers so.

use super::markdown::Document;
use crate::harness::{Proxy, Reply, Settings, StubProvider, mails};

/// What a mail comes to, and whether the second provider has it.
#[derive(Debug, PartialEq)]
enum Ending {
    NextProvider,
    Unknown,
    Rejected,
}

/// What the second cell of a row says.
fn told(cell: &str) -> Ending {
    match cell.trim_matches('*') {
        cell if cell.starts_with("next provider") => Ending::NextProvider,
        cell if cell.starts_with("`unknown`") => Ending::Unknown,
        cell if cell.starts_with("none: 422") => Ending::Rejected,
        cell => panic!("neither the next provider, nor `unknown`, nor 422: {cell}"),
    }
}

/// The statuses that the first cell of a row speaks of; some for those that it calls "any" and "other".
fn statuses(failure: &str) -> Vec<u16> {
    match failure.trim_matches('*') {
        "any 5xx after the hand-over" => vec![500, 501, 502, 503, 504, 599],
        failure if failure.starts_with("any other 4xx") => vec![410, 418, 422, 451],
        // It comes before the mail's end, or with a 2xx.
        failure if failure.contains("before the end") || failure.starts_with("smsp itself") => vec![],
        failure => {
            let numbers = failure.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
            let named = numbers.filter(|status| (300..600).contains(status));
            named.chain(failure.contains("other 3xx").then_some(305)).collect()
        }
    }
}

async fn seen(failure: &str, status: u16) -> Ending {
    let (sendgrid, mailgun) = (StubProvider::sendgrid().await, StubProvider::mailgun().await);
    let in_its_own_form = failure.contains("own form");
    let reply = if in_its_own_form { Reply::sendgrid_refuses(status, "refused") } else { Reply::new(status, "") };
    sendgrid.does(reply.into());
    let proxy = Proxy::start(Settings::sendgrid_then_mailgun(&sendgrid.url(), &mailgun.url())).await;
    let answer = proxy.client.send(&mails::plain()).await;
    match (answer.status, mailgun.mails().len()) {
        (200, 1) => Ending::NextProvider,
        (504, 0) => Ending::Unknown,
        (422, 0) => Ending::Rejected,
        (_, mails) => panic!("{failure}, {status}: {mails} mails at the second provider: {answer}"),
    }
}

#[tokio::test]
async fn every_status_in_the_table_of_failures_leads_where_the_table_says() {
    let document = Document::read("docs/explanation/delivery.md");
    let table = document.tables.iter().find(|table| table.head[0] == "failure").expect("the table of failures");
    let mut compared = Vec::new();
    for row in &table.rows {
        for status in statuses(&row[0]) {
            assert_eq!(seen(&row[0], status).await, told(&row[1]), "{status}: {row:?}");
            compared.push(status);
        }
    }
    for status in [301, 304, 400, 401, 403, 408, 413, 429, 499, 500, 503] {
        assert!(compared.contains(&status), "{status} is in no row: {compared:?}");
    }
}
