//! Negative controls: servers that lie from end to end, and a violation of each rule in books that are made up.

use serde_json::{Value, json};

use super::super::random::SeededRng;
use super::callers::Sent;
use super::fault::{FORGETS, Fault, KEEPS, KEEPS_FOR_LATER};
use super::judge;
use super::network::{Domain, Names};
use super::plan::{Plan, only, short};
use super::record::Record;
use super::run::run;
use crate::harness::Answer;

/// What is found where servers do this with half of the mails, and nobody is killed.
async fn found(fault: &'static Fault) -> String {
    let plan = short(SeededRng::new(1)).remove(0);
    run(only(Plan { mails: 8, kills: 0, ..plan }, fault)).await.violations.join("\n")
}

#[tokio::test]
async fn a_server_that_says_yes_and_forgets_the_mail_is_found() {
    let found = found(&FORGETS).await;
    assert!(found.contains(" is lost") && !found.contains(" twice"), "{found}");
}

#[tokio::test]
async fn a_server_that_says_no_and_keeps_the_mail_is_found() {
    let kept = found(&KEEPS).await;
    assert!(kept.contains("they say that nobody has it") && !kept.contains(" is lost"), "{kept}");
    let again = found(&KEEPS_FOR_LATER).await;
    assert!(again.contains(" was taken twice"), "{again}");
}

/// A mail to one recipient, which its server has done this with; what is wrong if it is told so.
fn wrong(books: fn(&Record, &[String]), status: &str, recipient: Value, may_be_double: bool) -> String {
    let (record, address) = (Record::default(), "r@d0.example".to_owned());
    books(&record, std::slice::from_ref(&address));
    let mut told = json!({"status": status, "possible_duplicate": may_be_double, "recipients": [recipient]});
    told["recipients"][0]["email"] = json!(address);
    let domain = Domain { name: "d0.example".to_owned(), names: Names::Mx, servers: 1 };
    let (to, id) = (vec![(address, domain)], Some("1".to_owned()));
    let sent = Sent { number: 1, to, id, refusal: None, is_cancelled: false };
    let headers = reqwest::header::HeaderMap::new();
    let shown = Answer { status: 200, headers, text: String::new(), json: told };
    judge::violations(&sent, &shown, &record, 0).join("\n")
}

#[test]
fn each_word_that_is_not_true_is_found() {
    let nothing = |_: &Record, _: &[String]| {};
    let once = |record: &Record, to: &[String]| record.takes(1, to, "mx");
    let twice = |record: &Record, to: &[String]| (0..2).for_each(|_| record.takes(1, to, "mx"));
    let cut_off = |record: &Record, to: &[String]| record.is_unclear(1, to);
    let said_no = |record: &Record, to: &[String]| record.says(1, to, "550 5.1.1 no");
    let delivered = json!({"status": "delivered", "host": "mx"});
    let unknown = json!({"status": "unknown", "outcome": "unknown"});
    let refused = |reason: &str| json!({"status": "refused", "reason": reason});
    let in_doubt = |mut recipient: Value| {
        recipient["possible_duplicate"] = json!(true);
        recipient
    };
    type Books = fn(&Record, &[String]);
    let rows: [(Books, &str, Value, bool, &str); 20] = [
        (once, "accepted", delivered.clone(), false, ""),
        (nothing, "accepted", delivered.clone(), false, "is lost"),
        (once, "accepted", json!({"status": "delivered", "host": "other"}), false, "by the server that is named"),
        (twice, "accepted", delivered.clone(), false, "was taken twice"),
        (twice, "accepted", in_doubt(delivered.clone()), true, ""),
        (twice, "accepted", delivered.clone(), true, "was taken twice"),
        (once, "queued", delivered, false, "is not Some(\"accepted\")"),
        (cut_off, "unknown", unknown.clone(), false, ""),
        (nothing, "unknown", unknown, false, "unknown for no reason"),
        (nothing, "unknown", json!({"status": "unknown"}), false, "unknown for no reason"),
        (said_no, "refused", refused("smtp_550"), false, ""),
        (said_no, "refused", refused("smtp_554"), false, "for another reason"),
        (said_no, "refused", refused("null_mx"), false, "for another reason"),
        (once, "refused", refused("attempts"), false, "they say that nobody has it"),
        (once, "refused", refused("attempts"), true, "they say that nobody has it"),
        (once, "refused", in_doubt(refused("attempts")), true, ""),
        (nothing, "queued", json!({"status": "deferred"}), false, "is stuck"),
        (nothing, "parked", json!({"status": "parked"}), false, "is parked"),
        (nothing, "cancelled", json!({"status": "cancelled"}), false, "by nobody"),
        (nothing, "expired", json!({"status": "expired"}), false, "for no reason"),
    ];
    for (number, (books, status, recipient, may_be_double, fault)) in rows.into_iter().enumerate() {
        let found = wrong(books, status, recipient, may_be_double);
        assert_eq!(found.is_empty(), fault.is_empty(), "{number}: {found}");
        assert!(found.contains(fault), "{number}: {found}");
    }
}
