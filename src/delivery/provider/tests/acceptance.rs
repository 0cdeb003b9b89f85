//! What exactly is an acceptance, over a catalogue of 2xx answers, for every kind that speaks HTTP.

use super::super::call::Mode;
use super::document::{self, Document};
use super::over_http;
use super::stub::{Stub, answer, mail};
use crate::model::outcome::{Blame, Outcome, Reason, Verdict};

const STATUSES: [u16; 4] = [200, 201, 202, 204];

/// What a 2xx can come with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Own,
    Page,
    Object,
    List,
    Null,
    Error,
    Empty,
    Gzip,
    Cut,
    Truncated,
    NumberForId,
    ObjectForId,
    EmptyId,
}

use Content::*;
const CONTENTS: [Content; 13] =
    [Own, Page, Object, List, Null, Error, Empty, Gzip, Cut, Truncated, NumberForId, ObjectForId, EmptyId];

/// The whole answer.
fn written(document: &Document, status: u16, content: Content) -> Vec<u8> {
    let body = body(document, content);
    // As small as it gets, and of these bytes only the coding matters.
    if content == Gzip {
        return answer(status, "Content-Encoding: gzip\r\n", &body).into_bytes();
    }
    let length = body.len() + usize::from(content == Cut);
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

fn body(document: &Document, content: Content) -> String {
    let (_, own) = acceptances(document, Mode::First).swap_remove(0);
    let id = document.get("id").to_string();
    let with_id = |other: &str| if own.contains(&id) { own.replace(&id, other) } else { other.to_owned() };
    match content {
        Own | Cut | Gzip => own,
        Page => "<!doctype html><html>We'll be back soon</html>".to_owned(),
        Object => "{}".to_owned(),
        List => "[]".to_owned(),
        Null => "null".to_owned(),
        Error => document.refused(document.get("refused")["code"].as_str().unwrap_or_default(), "no"),
        Empty => String::new(),
        Truncated => own.get(..own.len().saturating_sub(1)).unwrap_or_default().to_owned(),
        NumberForId => with_id("7.5"),
        ObjectForId => with_id(r#"{"id":"x"}"#),
        EmptyId => with_id(r#""""#),
    }
}

/// Status and body of each acceptance that the document shows, the usual one first.
fn acceptances(document: &Document, mode: Mode) -> Vec<(u16, String)> {
    let examples = if mode == Mode::Probe {
        document.accepted_probes(&["b@example.org"])
    } else {
        document.accepted(&["b@example.org"])
    };
    examples.iter().map(|example| (document::status(example), document::body(example))).collect()
}

/// What the document shows, and nothing else; but for the id, if it is no proof.
fn is_acceptance(document: &Document, mode: Mode, status: u16, content: Content) -> bool {
    let shown = acceptances(document, mode);
    let id_is_no_proof = document.get("id_is_optional") == true;
    match content {
        Cut | Gzip => false,
        NumberForId | ObjectForId | EmptyId if id_is_no_proof => status == shown[0].0,
        _ => shown.contains(&(status, body(document, content))),
    }
}

/// What is wrong with these verdicts.
fn lies(kind: &str, document: &Document, mode: Mode, verdicts: &[(u16, Content, Verdict)]) -> Vec<String> {
    let is_lie = |(status, content, verdict): &&(u16, Content, Verdict)| {
        let is_accepted = verdict.outcome == Outcome::Accepted;
        // It may refuse with a 2xx.
        let is_judged = *content == Error && verdict.reason == Reason::RefusedInBody;
        let counts = verdict.blame_of_probe() == Blame::Success;
        let is_known = is_accepted || is_judged || verdict.outcome == Outcome::Unknown;
        is_accepted != is_acceptance(document, mode, *status, *content)
            || counts != (is_accepted || is_judged)
            || !is_known
    };
    verdicts
        .iter()
        .filter(is_lie)
        .map(|(status, content, verdict)| format!("{kind} {mode:?} {status} {content:?}: {verdict:?}"))
        .collect()
}

async fn verdicts(stub: &Stub, document: &Document, mode: Mode) -> Vec<(u16, Content, Verdict)> {
    let mut verdicts = Vec::new();
    for status in STATUSES {
        for content in CONTENTS {
            verdicts.push((status, content, stub.judge(&mail(), mode, written(document, status, content)).await));
        }
    }
    verdicts
}

#[tokio::test]
async fn only_the_documents_acceptance_is_accepted() {
    assert!(over_http().count() >= 9);
    for kind in over_http().map(|kind| kind.name) {
        let (stub, document) = (Stub::of(kind).await, Document::of(kind));
        for mode in [Mode::First, Mode::Probe] {
            let verdicts = verdicts(&stub, &document, mode).await;
            assert_eq!(lies(kind, &document, mode, &verdicts), Vec::<String>::new());
            let taken = verdicts.iter().filter(|(.., verdict)| verdict.outcome == Outcome::Accepted);
            assert!(taken.count() >= 1, "{kind} takes its own acceptance");
        }
    }
}

#[tokio::test]
async fn a_judge_that_counts_any_2xx_is_found_out() {
    for kind in over_http().map(|kind| kind.name) {
        let document = Document::of(kind);
        let of_the_toy = |status| Verdict::accepted(Reason::Status(status), None);
        let verdicts: Vec<_> = STATUSES
            .into_iter()
            .flat_map(|status| CONTENTS.map(|content| (status, content, of_the_toy(status))))
            .collect();
        assert!(!lies(kind, &document, Mode::First, &verdicts).is_empty(), "{kind}");
        assert!(!lies(kind, &document, Mode::Probe, &verdicts).is_empty(), "{kind}");
    }
}
