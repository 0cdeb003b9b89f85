//! Providers that answer for each recipient, or say how many they took: what they do, and in which words.

use serde_json::json;

use crate::harness::Reply;
use crate::ledger::fates::{Fate, Fates};
use crate::ledger::fault::Kind;
use crate::ledger::random::SeededRng;

/// Every third recipient is refused.
const REFUSED: usize = 3;

/// What it does with these recipients.
pub(super) fn fates(kind: Kind, recipients: &[String], number: usize, rng: SeededRng) -> Fates {
    let fate = |recipient: &String| match rng.below(recipient, number, REFUSED) {
        0 => Fate::Refused,
        _ => Fate::Taken,
    };
    // It tells how many were refused, and not whom.
    let tells = kind != Kind::SparkPost;
    Fates { of: recipients.iter().map(|recipient| (recipient.clone(), fate(recipient))).collect(), tells }
}

/// How it says so.
pub(super) fn reply(kind: Kind, fates: &Fates) -> Reply {
    let refused: Vec<_> = fates.of.iter().filter(|(_, fate)| **fate != Fate::Taken).map(|(email, _)| email).collect();
    let taken = fates.of.len() - refused.len();
    let (status, body) = match kind {
        Kind::Mandrill => (200, mandrill(fates)),
        Kind::Postmark if taken == 0 => (422, json!({"ErrorCode": 406, "Message": "All recipients are inactive"})),
        Kind::Postmark if refused.is_empty() => (200, json!({"ErrorCode": 0, "Message": "OK", "MessageID": "1"})),
        Kind::Postmark => {
            let list = refused.iter().map(|email| email.as_str()).collect::<Vec<_>>().join(", ");
            let text = format!(
                "Message OK, but will not deliver to these inactive addresses: {list}. Inactive recipients are ones that \
                 have generated a hard bounce or a spam complaint."
            );
            (200, json!({"ErrorCode": 0, "Message": text, "MessageID": "1"}))
        }
        Kind::SparkPost => {
            let results = json!({
                "total_rejected_recipients": refused.len(),
                "total_accepted_recipients": taken,
                "id": "1",
            });
            (200, json!({"results": results}))
        }
        _ => unreachable!("{kind:?} takes a mail whole or not at all"),
    };
    Reply::new(status, &body.to_string()).with("content-type", "application/json")
}

fn mandrill(fates: &Fates) -> serde_json::Value {
    let entry = |(number, (email, fate)): (usize, (&String, &Fate))| match (fate, number % 2) {
        (Fate::Taken, 0) => json!({"email": email, "status": "sent", "_id": number.to_string()}),
        (Fate::Taken, _) => json!({"email": email, "status": "queued", "_id": number.to_string()}),
        (_, 0) => json!({"email": email, "status": "rejected", "reject_reason": "hard-bounce", "_id": "1"}),
        _ => json!({"email": email, "status": "invalid", "_id": "1"}),
    };
    fates.of.iter().enumerate().map(entry).collect()
}
