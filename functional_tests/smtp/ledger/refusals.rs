//! A relay that judges mails: whatever it says of sender, recipients, content or size, even of every mail, its circuit does
//! not move, and other mail goes through.

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::faulty_relay::{self, Fault, WELL, says};
use crate::harness::{Proxy, mails};
use crate::smtp::relay;

/// At a time, so that circuits see many in a row.
const MAILS: usize = 60;

/// What it says of mails, and at which word.
const ALL: [Fault; 14] = [
    says("MAIL", "550 5.7.1 not yours"),
    says("MAIL", "501 5.1.7 bad address"),
    says("RCPT", "550 5.1.1 unknown"),
    says("RCPT", "553 5.1.3 bad address"),
    says("RCPT", "554 5.7.1 Relay access denied"),
    says(".", "554 5.6.0 malformed"),
    says(".", "554 5.7.1 spam"),
    says(".", "552 5.3.4 too large"),
    says(".", "550 5.7.1 refused by policy"),
    // For now.
    says("MAIL", "450 4.1.8 the domain of the sender was not found"),
    says("RCPT", "450 4.2.1 this mailbox has too many of your mails"),
    says("RCPT", "451 4.7.1 greylisted, come again"),
    // In no row of the table.
    says("RCPT", "550 5.9.9 something new"),
    says(".", "554 5.9.9 something new"),
];

/// Refusals among mails that it takes.
const SOME: [Fault; 4] =
    [WELL, says("RCPT", "550 5.1.1 unknown"), says(".", "554 5.6.0 malformed"), says("MAIL", "550 5.7.1 not yours")];

async fn no_circuit_moves(faults: &'static [Fault]) {
    let (port, kept) = faulty_relay::start(faults).await;
    let proxy = Proxy::start(relay(&port)).await;
    let send = async |number: usize| {
        let mail = mails::but("from", json!(format!("sender@d{number}.example.com")));
        (number, proxy.client.send(&mail).await)
    };
    let answers: Vec<_> = stream::iter(0..MAILS).map(send).buffer_unordered(6).collect().await;
    let metrics = proxy.client.metrics().await;
    let moved = metrics.count("smsp_circuit_transitions_total", &[]);
    assert_eq!((moved, proxy.client.state("smtp").await.as_str()), (0, "closed"), "{}", metrics.page);
    let kept = kept.lock().expect("no panic").clone();
    for (number, answer) in answers {
        let (takes, is_kept) = (faulty_relay::fault(number, faults).at == WELL.at, kept.contains_key(&number));
        assert_eq!((answer.status == 200, is_kept), (takes, takes), "mail {number}: {answer}");
    }
}

#[tokio::test]
async fn what_a_relay_says_of_every_mail_moves_no_circuit() {
    no_circuit_moves(&ALL).await;
}

#[tokio::test]
async fn what_a_relay_says_of_some_mails_keeps_no_other_back() {
    no_circuit_moves(&SOME).await;
}
