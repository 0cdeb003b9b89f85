//! Every kind carries a mail whole: each address, name, header, tag, pair and file, and our id, is somewhere in what it
//! hands over, or the kind says that it lacks that.
//!
//! What a kind lacks is asked of its capabilities, so this holds for a kind that is added tomorrow. The mock carries
//! nothing anywhere. A Maildir is a folder: it writes no envelope, so who is hidden is nowhere. Tags and metadata are
//! shown in a file by a switch, which is on here.

mod carried;
mod parts;
mod relay;
mod sending;
mod toy;

use std::collections::BTreeSet;
use std::path::Path;

use super::super::KINDS;
use super::super::call::Mode;
use super::super::capabilities::Capabilities;
use super::super::kind::Kind;
use super::super::metadata_headers::METADATA_HEADERS;
use super::over_http;
use super::stub::{Stub, answer};
use crate::model::message::Message;
use carried::Carried;
use parts::{PARTS, Part};
use sending::send;

/// What of these parts is missing in what is handed over, and in which mail.
async fn missing(name: &str, capabilities: &Capabilities, hand_over: impl AsyncFn(&Message) -> Carried) -> Findings {
    let mut found = Findings::new();
    let alone = PARTS.iter().map(|part| vec![part]);
    for parts in alone.chain([all_that_it_can_carry(capabilities)]) {
        let message = parts::message(&parts);
        if capabilities.unsupported(&message).is_some() {
            continue;
        }
        let carried = hand_over(&message).await;
        let id = capabilities.lookup.of(&message).1;
        if !carried.holds(&id) {
            found.insert(("our id", format!("{id} is not in {carried}")));
        }
        for part in parts {
            let texts = (part.texts)(capabilities);
            let lost: Vec<_> = texts.into_iter().filter(|text| !carried.holds(text)).collect();
            let has_no_envelope = name == "maildir" && part.field == "bcc";
            if !lost.is_empty() && !has_no_envelope {
                found.insert((part.field, format!("{lost:?} of {} is not in {carried}", part.what)));
            }
        }
    }
    found
}

/// The field, and the evidence.
type Findings = BTreeSet<(&'static str, String)>;

/// Each part that still fits beside those before it.
fn all_that_it_can_carry(capabilities: &Capabilities) -> Vec<&'static Part> {
    PARTS.iter().fold(Vec::new(), |parts, part| {
        let with = [&parts[..], &[part]].concat();
        if capabilities.unsupported(&parts::message(&with)).is_none() { with } else { parts }
    })
}

/// What the adapter of a kind hands over for this mail.
async fn handed_over(kind: &Kind, message: &Message) -> Carried {
    match kind.name {
        "smtp" => relay::conversation(kind, message).await,
        "maildir" => {
            let dir = tempfile::tempdir().unwrap();
            let values = [("DIR", dir.path().display().to_string()), (METADATA_HEADERS, "true".to_owned())];
            send(kind, &values, message).await;
            let file = std::fs::read_dir(dir.path().join("new")).unwrap().next().expect("a file").unwrap().path();
            Carried::file(String::new(), &std::fs::read(file).unwrap())
        }
        _ => {
            let stub = Stub::of(kind.name).await;
            stub.judge(message, Mode::First, answer(200, "", "{}")).await;
            let request = stub.request.lock().unwrap().clone();
            Carried::request(&request)
        }
    }
}

#[tokio::test]
async fn every_kind_carries_every_part_of_a_mail_or_says_that_it_cannot() {
    let mut found = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.name != "mock") {
        let missing = missing(kind.name, &kind.capabilities, async |message| handed_over(kind, message).await).await;
        found.extend(missing.into_iter().map(|(field, evidence)| format!("{}: {field}: {evidence}", kind.name)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Else all parts could be lacks.
#[test]
fn every_kind_carries_what_every_mail_has() {
    for kind in KINDS {
        let carried: BTreeSet<_> =
            all_that_it_can_carry(&kind.capabilities).into_iter().map(|part| part.field).collect();
        for field in [
            "from",
            "to",
            "cc",
            "bcc",
            "reply_to",
            "subject",
            "text",
            "html",
            "attachments",
            "headers",
            "tags",
            "metadata",
        ] {
            assert!(carried.contains(field), "{} cannot carry any {field}", kind.name);
        }
    }
}

#[tokio::test]
async fn an_adapter_that_drops_five_fields_is_found_out_five_times() {
    let found = missing("toy", &Capabilities::ANY, toy::handed_over).await;
    let fields: BTreeSet<_> = found.iter().map(|(field, _)| *field).collect();
    assert_eq!(
        fields.into_iter().collect::<Vec<_>>(),
        ["attachments", "bcc", "cc", "headers", "reply_to"],
        "{found:#?}"
    );
}

#[test]
fn every_remote_kind_has_a_golden_file_and_limits() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("functional_tests/golden");
    for kind in KINDS.iter().filter(|kind| !kind.local) {
        let file = golden.join(format!("{}.txt", kind.name));
        assert!(file.exists(), "{} is missing: functional_tests/golden_requests.rs makes it", file.display());
    }
    for kind in over_http() {
        assert_ne!(kind.capabilities.size, usize::MAX, "{} says nothing of the size of a mail", kind.name);
    }
}
