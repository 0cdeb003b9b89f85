//! Whatever a caller writes, and whatever a relay says of it, opens no circuit; what the relay says of itself does.

use proptest::prelude::*;

use super::super::verdicts::refused;
use super::*;
use crate::delivery::smtp_client::reply::{Line, Reply};
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::{Blame, FailoverSafety};

const STAGES: [Stage; 4] = [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::End];

/// Words of which each would mean the relay or the account, if a caller could not have written them.
const PHRASES: [&str; 8] = [
    "rate limit",
    "too many messages",
    "throttling failure",
    "sending rate",
    "message quota",
    "quota exceeded",
    "too many connections",
    "is throttled",
];

fn reply(code: u16, enhanced: Option<(u16, u16)>, text: &str) -> Reply {
    let class = code / 100;
    let enhanced = enhanced.map(|(subject, detail)| format!("{class}.{subject}.{detail} ")).unwrap_or_default();
    let line = format!("{code} {enhanced}{text}");
    Reply::new(&Line::parse(&line).unwrap())
}

/// The rule, in other words than the table's: what may be blamed.
fn speaks_of_the_relay(stage: Stage, code: u16, enhanced: Option<(u16, u16)>) -> bool {
    let at_rcpt = stage == Stage::Rcpt;
    let in_envelope = at_rcpt || stage == Stage::Mail;
    let class = code / 100;
    // An enhanced code that says more than the code does.
    let judges = match enhanced {
        Some((1, 7 | 8) | (2, 3) | (3, 4) | (6, _)) => true,
        Some((1 | 2 | 4 | 7, _) | (5, 3)) => at_rcpt,
        _ => false,
    };
    match (code, enhanced) {
        (421 | 530 | 535 | 538, _) | (_, Some((3, 2))) => true,
        (_, Some((7, 8 | 9 | 11 | 14) | (4, 5))) => class == 5,
        (_, Some((7, 13) | (3, 5))) | (525, _) => class == 5 && !at_rcpt,
        // It did not understand.
        (500 | 502..=504, _) => in_envelope && !judges,
        _ => false,
    }
}

/// Text of the relay's with the caller's in it, as relays repeat it.
fn echoes() -> impl Strategy<Value = String> {
    let caller = prop::sample::select(PHRASES.to_vec());
    let word = prop::sample::select(vec!["relay", "account", "authentication", "suspended", "no", "blocked", "quota"]);
    let echo = (caller, 0..6_usize).prop_map(|(text, form)| match form {
        0 => format!("<{}@example.org>:", text.replace(' ', "-")),
        1 => format!("\"{text}\""),
        2 => format!("<{text}>"),
        3 => format!("{}.example.org", text.replace(' ', ".")),
        4 => format!("'{text}'"),
        _ => format!("{}@relay.account.example", text.replace(' ', "_")),
    });
    prop::collection::vec(prop_oneof![word.prop_map(str::to_owned), echo], 0..6).prop_map(|words| words.join(" "))
}

fn codes() -> impl Strategy<Value = u16> {
    let listed =
        [421, 450, 451, 452, 454, 500, 501, 502, 503, 504, 525, 530, 535, 538, 541, 550, 551, 552, 553, 554, 555];
    prop_oneof![3 => prop::sample::select(listed.to_vec()), 1 => 400..600_u16]
}

fn enhanced() -> impl Strategy<Value = Option<(u16, u16)>> {
    prop::option::weighted(0.8, (0..10_u16, prop_oneof![4 => 0..20_u16, 1 => 20..1000_u16]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_reply_about_the_mail_never_opens_a_circuit_and_one_about_the_relay_does(
        stage in prop::sample::select(STAGES.to_vec()),
        code in codes(),
        enhanced in enhanced(),
        text in echoes(),
    ) {
        let verdict = refused(stage, &reply(code, enhanced, &text));
        let is_blamed = speaks_of_the_relay(stage, code, enhanced);
        // 503 with a word of relaying is a judgement, too.
        prop_assume!(!(is_blamed && stage == Stage::Rcpt && verdict.outcome == Outcome::NotCapable && text.contains("relay")));
        prop_assert_eq!(opens(&verdict, 5), is_blamed, "{:?}", verdict);
        prop_assert_eq!(verdict.blame() == Blame::Neutral, !is_blamed);
        prop_assert_eq!(verdict.blame_of_probe() == Blame::Success, !is_blamed);
        prop_assert!(verdict.outcome == Outcome::MessageRejected || verdict.outcome.failover_safety() == FailoverSafety::Safe);
        let told = verdict.code.map(|code| code.to_string());
        let said = enhanced.map(|(subject, detail)| format!("{}.{subject}.{detail}", code / 100));
        prop_assert_eq!(told, said);
    }
}

#[test]
fn a_rate_or_quota_in_the_relays_own_words_opens_the_circuit() {
    for phrase in PHRASES {
        for (stage, enhanced) in [(Stage::Mail, None), (Stage::Data, Some((7, 0))), (Stage::End, Some((3, 0)))] {
            let verdict = refused(stage, &reply(450, enhanced, &format!("<a@example.org>: {phrase}, try later")));
            assert!(opens(&verdict, 1), "{stage:?} {phrase}");
        }
    }
}

#[test]
fn a_rate_or_quota_of_a_recipient_opens_no_circuit() {
    for (enhanced, text) in [
        (Some((2, 2)), "quota exceeded"),
        (Some((1, 1)), "rate limit"),
        (Some((6, 0)), "rate limit"),
        (None, "quota exceeded (mailbox for user is full)"),
        (None, "quota exceeded"),
        (None, "too many messages in the mailbox"),
        (Some((7, 1)), "recipient's rate limit"),
        (None, "no such user: throttled"),
    ] {
        let verdict = refused(Stage::Rcpt, &reply(452, enhanced, text));
        assert_eq!((verdict.outcome, opens(&verdict, 50)), (Outcome::Deferred, false), "{enhanced:?} {text}");
    }
}
