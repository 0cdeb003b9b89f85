//! What the tables of all adapters promise, and every cell of what an error comes to.

use std::collections::BTreeSet;

use super::super::KINDS;
use super::*;
use crate::model::outcome::Blame;

impl Listed {
    /// Every code by itself; of a range both ends and one between.
    pub(in crate::delivery::provider) fn each(&self) -> Vec<(String, Refusal)> {
        let codes: Vec<Code> = match self.codes {
            Codes::Names(names) => names.iter().map(|name| Code::Name(name)).collect(),
            Codes::Numbers(numbers) => numbers.iter().map(|number| Code::Number(*number)).collect(),
            Codes::Range(first, last) => [first, first.midpoint(last), last].map(Code::Number).into(),
        };
        codes.into_iter().map(|code| (code.to_string(), Refusal { code: Some(code), ..self.refusal })).collect()
    }
}

/// The table of each kind that has one.
pub(in crate::delivery::provider) fn tables() -> impl Iterator<Item = (&'static str, &'static [Listed])> {
    KINDS.iter().map(|kind| (kind.name, kind.codes)).filter(|(_, table)| !table.is_empty())
}

#[test]
fn every_table_keeps_what_tables_promise() {
    assert!(tables().count() > 1);
    tables().for_each(|(kind, table)| hold(kind, table));
}

/// No code is listed twice, all are plain, and each blames nobody if and only if it speaks of the message.
pub(in crate::delivery::provider) fn hold(kind: &str, table: &[Listed]) {
    let codes: Vec<_> = table.iter().flat_map(Listed::each).map(|(code, _)| code).collect();
    assert!(!codes.is_empty(), "{kind}");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "{kind}: {codes:?}");
    let is_plain =
        |code: &str| code.len() <= 40 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    assert!(codes.iter().all(|code| is_plain(code)), "{kind}: {codes:?}");
    for (code, refusal) in table.iter().flat_map(Listed::each) {
        let verdict = refusal.verdict(Reason::Status(400));
        assert_eq!(verdict.blame() == Blame::Neutral, refusal.subject.is_of_the_message(), "{kind}: {code}");
        assert_eq!(verdict.blame_of_probe() == Blame::Success, refusal.subject.is_of_the_message(), "{kind}: {code}");
        assert_eq!(verdict.code, refusal.code, "{kind}: {code}");
    }
}

fn listed(outcome: Outcome, subject: Subject) -> Form {
    Form::Own(Some(Refusal { code: Some(Code::Number(1)), ..Refusal::new(outcome, subject) }))
}

#[test]
fn code_and_status_decide_together() {
    use Outcome::*;
    let content = listed(MessageRejected, Subject::Content);
    let account = listed(AccountRefused, Subject::Account);
    let rate = listed(Throttled, Subject::Account);
    let conflict = listed(Unknown, Subject::Content);
    // The status, what it comes to by itself, and in the provider's own form: unlisted, content, account, rate, conflict.
    for (status, by_status, [unlisted, of_content, of_account, of_rate, of_conflict]) in [
        (400, Unclassified, [Unlisted, MessageRejected, AccountRefused, Throttled, Unknown]),
        (403, Unlisted, [Unlisted, MessageRejected, AccountRefused, Throttled, Unknown]),
        (401, AccountRefused, [AccountRefused, MessageRejected, AccountRefused, Throttled, Unknown]),
        (413, NotCapable, [NotCapable, NotCapable, AccountRefused, Throttled, NotCapable]),
        (429, Throttled, [Throttled, Throttled, AccountRefused, Throttled, Throttled]),
        (409, Unknown, [Unknown; 5]),
        (500, Unknown, [Unknown; 5]),
        (307, Unavailable, [Unavailable; 5]),
    ] {
        let verdict = Verdict::new(by_status, Reason::Status(status));
        assert_eq!(decide(verdict.clone(), Form::Foreign), verdict, "{status}");
        for (form, outcome) in [
            (Form::Own(None), unlisted),
            (content, of_content),
            (account, of_account),
            (rate, of_rate),
            (conflict, of_conflict),
        ] {
            assert_eq!(decide(verdict.clone(), form).outcome, outcome, "{status} {form:?}");
        }
        assert_eq!(decide(verdict, Form::Own(None)).code, None, "{status}");
    }
}

#[test]
fn only_a_code_that_says_so_decides_a_5xx() {
    let unknown = || Verdict::new(Outcome::Unknown, Reason::Status(503));
    let refusal = Refusal { decides_5xx: true, ..Refusal::new(Outcome::Unavailable, Subject::System) };
    assert_eq!(decide(unknown(), Form::Own(Some(refusal))).outcome, Outcome::Unavailable);
    let silent = Refusal { decides_5xx: false, ..refusal };
    assert_eq!(decide(unknown(), Form::Own(Some(silent))), unknown());
    let conflict = Verdict::new(Outcome::Unknown, Reason::Status(409));
    assert_eq!(decide(conflict.clone(), Form::Own(Some(refusal))), conflict, "it may be going on");
}

#[test]
fn no_list_passes_for_an_object_and_no_empty_text_for_a_text() {
    for body in [r#"["x"]"#, r#"{"id":""}"#, r#"{"id":1}"#, r#"{"id":["x"]}"#, "null", "", r#"{"id":"x"#] {
        assert_eq!(text(&json(body), "id"), None, "{body}");
    }
    assert_eq!(text(&json(r#"{"id":"x"}"#), "id"), Some("x"));
}
