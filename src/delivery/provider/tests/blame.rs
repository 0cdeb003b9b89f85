//! No client input opens a circuit: whatever a provider answers about a message blames nobody, whatever it repeats of what
//! the caller wrote; what it answers about the account or itself does.

use proptest::prelude::*;

use super::super::call::Mode;
use super::super::codes::Listed;
use super::super::codes::tests::tables;
use super::document::Document;
use super::over_http;
use super::stub::{Stub, answer, mail};
use crate::model::message::{Draft, Message};
use crate::model::outcome::{Blame, Outcome, Verdict};

/// An error in the provider's own form.
pub(in crate::delivery::provider) fn own_form(kind: &str, status: u16, code: &str, text: &str) -> String {
    answer(status, "Content-Type: application/json\r\n", &Document::of(kind).refused(code, text))
}

/// What the verdict is as one on a mail, and as one on a probe.
async fn blame(stub: &Stub, mail: &Message, answer: &str) -> (Verdict, Blame, Blame) {
    let verdict = stub.judge(mail, Mode::First, answer).await;
    let of_probe = stub.judge(mail, Mode::Probe, answer).await.blame_of_probe();
    let of_mail = verdict.blame();
    (verdict, of_mail, of_probe)
}

#[tokio::test]
async fn every_listed_code_blames_whom_it_speaks_of_and_gets_out() {
    for (kind, table) in tables() {
        let stub = Stub::of(kind).await;
        for (code, refusal) in table.iter().flat_map(Listed::each) {
            for status in [400, 422] {
                let (verdict, of_mail, of_probe) = blame(&stub, &mail(), &own_form(kind, status, &code, "said")).await;
                let shown = format!("{kind} {status} {code}: {verdict:?}");
                assert_eq!(of_mail == Blame::Neutral, refusal.subject.is_of_the_message(), "{shown}");
                assert_eq!(of_probe == Blame::Success, refusal.subject.is_of_the_message(), "{shown}");
                assert_eq!((verdict.subject, verdict.code), (Some(refusal.subject), refusal.code), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn gateway_pages_blame_the_provider_but_for_403_and_406() {
    for kind in over_http().map(|kind| kind.name) {
        let stub = Stub::of(kind).await;
        for (status, of_mail) in
            [(400, Blame::Failure), (418, Blame::Failure), (403, Blame::Neutral), (406, Blame::Neutral)]
        {
            let page = answer(status, "", "<html>the account's key is suspended</html>");
            let blame = blame(&stub, &mail(), &page).await;
            assert_eq!((blame.1, blame.2), (of_mail, Blame::Failure), "{kind} {status}");
        }
    }
}

/// Does a 4xx speak of the account, of the rate, or say that something may be going on, whatever the body?
fn speaks_for_itself(kind: &str, status: u16) -> bool {
    let of_all = [401, 402, 404, 405, 408, 409, 425, 429, 499];
    let of_this_one = Document::of(kind).get("account_statuses").as_array().cloned().unwrap_or_default();
    of_all.contains(&status) || of_this_one.contains(&status.into())
}

/// Words that speak of the account, if they are the provider's own.
const WORDS: [&str; 10] = [
    "key",
    "account suspended",
    "credits",
    "API key is invalid",
    "quota exceeded",
    "is not allowed to send",
    "Sender Identity",
    "permission",
    "sender is not valid",
    "disabled",
];

/// What a caller writes, and what a provider makes of it.
fn hostile() -> impl Strategy<Value = (String, String)> {
    let subject = prop::collection::vec(
        prop_oneof![prop::sample::select(&WORDS[..]).prop_map(str::to_owned), "[a-zA-Zé ]{0,8}"],
        1..4,
    );
    let template = prop::sample::select(vec![
        "Subject ~ is not allowed",
        "to ~",
        "`~`",
        "~ .",
        "Domain '~' is not allowed",
        "no mail from a@~.example.org",
        "invalid header: \"~\" in suspended.key@disabled.example.org",
    ]);
    (subject, template).prop_map(|(words, template)| {
        let subject = words.join(" ");
        let text = template.replace('~', &subject);
        (subject, text)
    })
}

#[test]
fn own_form_answers_about_a_message_blame_nobody() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kinds: Vec<_> = over_http().map(|kind| kind.name).collect();
    let stubs: Vec<_> = kinds.iter().map(|kind| runtime.block_on(Stub::of(kind))).collect();
    proptest!(|(which in 0..kinds.len(), status in 400_u16..=499, unlisted in "[a-z]{1,12}", (subject, text) in hostile())| {
        let kind = kinds[which];
        prop_assume!(!speaks_for_itself(kind, status));
        let has_numbers = Document::of(kind).get("refused")["code"].as_str().is_some_and(|code| code.parse::<u32>().is_ok());
        let code = if has_numbers { (100_000 + u32::from(status)).to_string() } else { format!("new_{unlisted}") };
        let draft = Draft {
            to: vec!["b@suspended.example.org".parse().unwrap()],
            subject: subject.parse().unwrap(),
            ..Draft::default()
        };
        let mail = Message::new(crate::runtime::ids::fresh().into(), "key@credits.example.org".parse().unwrap(), draft).unwrap();
        let said = own_form(kind, status, &code, &text);
        let (verdict, of_mail, of_probe) = runtime.block_on(blame(&stubs[which], &mail, &said));
        prop_assert_eq!((of_mail, of_probe), (Blame::Neutral, Blame::Success), "{} {}: {:?}", kind, said, verdict);
        prop_assert_eq!(verdict.code, None, "no code gets out that is not listed");
    });
}

/// For the kinds that know a refused account by words alone.
pub(in crate::delivery::provider) async fn account_words_count_unless_the_mail_holds_them(kind: &str) {
    let stub = Stub::of(kind).await;
    let refused = own_form(kind, 403, "null", "Your account is suspended");
    assert_eq!(stub.judge(&mail(), Mode::First, refused.clone()).await.outcome, Outcome::AccountRefused, "{kind}");
    let draft = Draft {
        to: vec!["b@example.org".parse().unwrap()],
        text: "Why was I SUSPENDED?".parse().ok(),
        ..Draft::default()
    };
    let curious = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
    assert_eq!(stub.judge(&curious, Mode::First, refused).await.outcome, Outcome::Unlisted, "{kind}");
}
