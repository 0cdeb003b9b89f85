//! A relay that says something for which it was not asked: it would be taken for the answer to what comes next.

use super::*;

fn ends(stub: &Stub) -> usize {
    stub.heard().iter().filter(|line| *line == ".").count()
}

#[tokio::test]
async fn a_line_too_many_at_any_stage_keeps_the_end_of_the_mail_from_being_written() {
    for (at, said) in [
        ("CONNECT", "220 stub\r\n220 stub"),
        ("EHLO", "250 stub\r\n250 ok"),
        ("MAIL", "250 ok\r\n250 ok"),
        ("RCPT TO:<b@", "250 ok\r\n250 ok"),
        ("RCPT TO:<c@", "250 ok\r\n354 go on"),
        ("DATA", "354 go on\r\n250 2.0.0 ok"),
    ] {
        let stub = Stub::that(at, Act::Say(said.to_owned())).await;
        let verdict = smtp(stub.port).first(&mail_to(&["b@example.net", "c@example.net"])).await;
        assert_eq!((verdict.outcome, ends(&stub)), (Outcome::Unavailable, 0), "{at} {verdict:?} {:?}", stub.heard());
    }
}

#[tokio::test]
async fn a_refusal_before_the_end_of_a_mail_is_its_answer() {
    for (said, expected) in [
        ("552 5.3.4 too large", is(Outcome::NotCapable, 552)),
        ("421 4.3.2 closing down", is(Outcome::Throttled, 421)),
        ("250 2.0.0 ok", Verdict::new(Outcome::Unavailable, Reason::UnreadableAnswer)),
    ] {
        let stub = Stub::that("DATA", Act::Say(format!("354 go on\r\n{said}"))).await;
        assert_eq!((bare(smtp(stub.port).first(&mail()).await), ends(&stub)), (expected, 0), "{said}");
    }
}

#[tokio::test]
async fn a_kept_connection_on_which_a_line_too_many_came_is_used_no_more_and_costs_no_mail() {
    for unasked in ["250 2.0.0 ok", "421 4.4.2 timeout", "554 what"] {
        let said = format!("250 2.0.0 ok\r\n{unasked}");
        let stub = Stub::new(move |number, line| (number == 1 && line == ".").then(|| Act::Say(said.clone()))).await;
        let smtp = smtp(stub.port);
        for _ in 0..2 {
            assert_eq!(smtp.first(&mail()).await.outcome, Outcome::Accepted, "{unasked}");
        }
        assert_eq!((stub.connections(), ends(&stub)), (2, 2), "{unasked} {:?}", stub.heard());
    }
}

#[tokio::test]
async fn a_probe_that_hears_a_line_too_many_has_not_succeeded() {
    let stub = Stub::that("RCPT", Act::Say("250 ok\r\n250 ok".to_owned())).await;
    assert_eq!(smtp(stub.port).rehearsed(&mail()).await.outcome, Outcome::Unavailable);
}
