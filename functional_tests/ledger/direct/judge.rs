//! What must hold at the end of each mail, recipient by recipient.

use serde_json::Value;

use super::callers::Sent;
use super::network::{Domain, Names};
use super::record::{Known, Record};
use crate::harness::Answer;
use crate::harness::outbox::Counts;

/// Parts that so many dead nodes had claimed wait for a person.
const LOSSES: usize = 3;

/// What is wrong with a mail of which `GET /outbox/{id}` says this, after so many kills.
pub(super) fn violations(sent: &Sent, shown: &Answer, record: &Record, kills: usize) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(refusal) = &sent.refusal {
        faults.push(format!("was refused: {refusal}"));
    } else if shown.status != 200 {
        faults.push("was accepted, and is lost".to_owned());
    }
    let recipients = shown.json["recipients"].as_array().map(Vec::as_slice).unwrap_or_default();
    let whole = record.of(sent.number, "");
    for (place, (address, domain)) in sent.to.iter().enumerate() {
        let known = record.of(sent.number, &address.to_ascii_lowercase());
        let told = recipients.get(place).unwrap_or(&Value::Null);
        // One that was never tried shares the end of its mail.
        let status = told["status"].as_str().or(shown.json["status"].as_str());
        let in_doubt_as = if told["status"].is_null() { &shown.json } else { told };
        let may_be_double = in_doubt_as["possible_duplicate"] == true;
        let fault = match status {
            _ if known.taken > 1 && !may_be_double => Some("was taken twice"),
            Some("delivered") => delivered(told, domain, &known),
            Some("unknown") => in_doubt(told, &known, kills),
            Some("parked") => (kills < LOSSES).then_some("is parked"),
            Some("queued" | "claimed" | "sending" | "deferred") | None => Some("is stuck"),
            _ if known.taken > 0 && !may_be_double => Some("was taken, and they say that nobody has it"),
            Some("refused") => refused(told, domain.names, &known, &whole),
            Some("cancelled") => (!sent.is_cancelled).then_some("is cancelled by nobody"),
            // No mail is as old as that.
            Some(_) => Some("has come to an end for no reason"),
        };
        faults.extend(fault.map(|fault| format!("to {address} {fault}: {known:?}, {whole:?}")));
    }
    let whole = status_of(recipients);
    if whole.is_some_and(|whole| shown.json["status"] != whole) {
        faults.push(format!("is not {whole:?}"));
    }
    faults.iter().map(|fault| format!("mail {} {fault}\n{shown}", sent.number)).collect()
}

fn delivered(told: &Value, domain: &Domain, known: &Known) -> Option<&'static str> {
    // A domain without an MX record is its own server.
    let is_it = |host: &str| known.at.contains(host) || (domain.names == Names::Implicit && host == domain.name);
    match told["host"].as_str() {
        _ if known.taken == 0 => Some("is lost"),
        host => host.is_some_and(|host| !is_it(host)).then_some("was not taken by the server that is named"),
    }
}

/// A server had asked for the content, or a crash has cut an attempt off.
fn in_doubt(told: &Value, known: &Known, kills: usize) -> Option<&'static str> {
    let by_a_server = known.unclear > 0 || known.taken > 0;
    let by_a_crash = told["outcome"] != "unknown" && kills > 0;
    (!by_a_server && !by_a_crash).then_some("is unknown for no reason")
}

/// The server's own code was said, or the name server has said so, or there were too many attempts.
fn refused(told: &Value, names: Names, known: &Known, whole: &Known) -> Option<&'static str> {
    let reason = told["reason"].as_str().unwrap_or_default();
    let code = reason.strip_prefix("smtp_").and_then(|code| code.parse().ok());
    let was_said = code.is_some_and(|code| known.said.contains(&code) || whole.said.contains(&code));
    let is_true = match reason {
        "attempts" => names != Names::Missing && names != Names::Null,
        "no_such_domain" => names == Names::Missing,
        "null_mx" => names == Names::Null,
        _ => was_said,
    };
    (!is_true).then_some("was refused for another reason")
}

/// That of the whole mail, as the document has it; none where no recipient has one.
fn status_of(recipients: &[Value]) -> Option<&'static str> {
    let has = |status: &str| recipients.iter().any(|one| one["status"] == status);
    let order = [
        ("sending", "sending"),
        ("claimed", "claimed"),
        ("queued", "queued"),
        ("deferred", "queued"),
        ("unknown", "unknown"),
        ("parked", "parked"),
        ("delivered", "accepted"),
        ("cancelled", "cancelled"),
        ("refused", "refused"),
        ("expired", "expired"),
    ];
    order.iter().find(|(of_one, _)| has(of_one)).map(|(_, of_mail)| *of_mail)
}

/// What a node counts is what it shows.
pub(super) fn count(shown: &[Answer], counts: &Counts) -> Vec<String> {
    let of = |status: &str| shown.iter().filter(|one| one.json["status"] == status).count() as u64;
    let all = ["accepted", "refused", "expired", "cancelled", "unknown", "parked", "queued"];
    let each = all.map(|status| (status, of(status), counts.status(status)));
    let wrong = each.into_iter().filter(|(_, shown, counted)| shown != counted);
    wrong.map(|(status, shown, counted)| format!("{counted} are counted as {status}, and {shown} are")).collect()
}
