//! The mark before a hand-over, and what it came to: fence, owner, state.

use super::bench::*;

pub(in super::super) async fn a_mail_is_marked_handed_over_and_ended(bench: &Bench) {
    let hold = bench.one_claimed().await;
    let start = bench.time.now().await;
    assert!(bench.marked(&hold).await);
    assert_eq!(bench.state(1).await, Some(State::Sending));
    bench.advance(SECOND).await;
    assert!(bench.outbox.mark(&hold, &mark("ses")).await.unwrap(), "the next upstream, after a definite no");
    let partly = vec![
        RecipientVerdict { place: 0, outcome: Outcome::Accepted, reason: "http_200".into() },
        RecipientVerdict { place: 1, outcome: Outcome::MessageRejected, reason: "smtp_550".into() },
    ];
    let last = Verdict {
        provider_message_id: Some("17".into()),
        code: Some("5.1.1".into()),
        recipients: partly.clone(),
        ..verdict("ses", Outcome::Accepted)
    };
    let verdicts = vec![verdict("mg", Outcome::Unavailable), last];
    let ended = Ended::Accepted { verdicts, possible_duplicate: false };
    assert_eq!(bench.end(&hold, ended).await, Some(State::Accepted));
    let status = bench.status(1).await.unwrap();
    let tried = |upstream: &str, at, outcome: &str, code: Option<&str>, id: Option<&str>| TriedAt {
        upstream: upstream.into(),
        at,
        took_ms: Some(1000),
        outcome: Some(outcome.into()),
        reason: Some("http_0".into()),
        code: code.map(str::to_owned),
        provider_message_id: id.map(str::to_owned),
        late: false,
    };
    let ses = tried("ses", start.after(SECOND), "accepted", Some("5.1.1"), Some("17"));
    assert_eq!(status.attempts, [tried("mg", start, "unavailable", None, None), ses]);
    assert_eq!((status.recipient_verdicts, status.next_attempt_at), (partly, None));
    assert_eq!((status.ended_at, status.ticket.possible_duplicate), (Some(start.after(SECOND)), false));
}

pub(in super::super) async fn a_mark_needs_fence_owner_and_state(bench: &Bench) {
    let hold = bench.one_claimed().await;
    assert!(!bench.marked(&Hold { fence: Fence(hold.fence.0 + 1), ..hold }).await, "another fence");
    assert!(!bench.marked(&Hold { fence: Fence(hold.fence.0 - 1), ..hold }).await, "an older fence");
    assert!(!bench.marked(&Hold { node: node(2), ..hold }).await, "another owner");
    assert_eq!(bench.state(1).await, Some(State::Claimed), "nothing has changed");
    bench.end(&hold, again(Duration::ZERO)).await;
    assert!(!bench.marked(&hold).await, "a queued row");
    let second = bench.claim_one(node(1)).await;
    assert!(!bench.marked(&hold).await, "the fence of an earlier claim by this node");
    assert!(bench.marked(&second).await);
    bench.end(&second, unknown(Duration::ZERO)).await;
    assert!(!bench.marked(&second).await, "an unknown row");
    assert_eq!(bench.status(1).await.unwrap().attempts.len(), 1, "only the mark that was granted is on record");
}

pub(in super::super) async fn a_mark_is_refused_once_the_mail_is_not_wanted(bench: &Bench) {
    bench.accept(vec![row(1), row(2), row(3), NewRow { expires: When::After(SECOND), ..row(4) }]).await;
    let holds: Vec<_> = bench.claim(node(1), 10).await.iter().map(|claimed| claimed.hold).collect();
    assert!(matches!(bench.outbox.cancel(&"shop".into(), id(1)).await, Ok(Change::Cancelled(_))));
    assert_eq!(bench.erase_recipient(2).await, (1, 1));
    // One at an upstream already: it may not go on to the next.
    assert!(bench.marked(&holds[2]).await);
    assert_eq!(bench.erase_recipient(3).await, (1, 0));
    bench.advance(SECOND).await;
    for hold in &holds {
        assert!(!bench.outbox.mark(hold, &mark("ses")).await.unwrap(), "{hold:?}");
    }
    assert_eq!(bench.end(&holds[2], again(SECOND)).await, Some(State::Cancelled), "there is nothing left to send");
    assert_eq!(bench.end(&holds[3], again(SECOND)).await, Some(State::Queued));
}

pub(in super::super) async fn an_end_needs_fence_owner_and_state(bench: &Bench) {
    let hold = bench.one_claimed().await;
    let all = || [accepted(), refused(), again(SECOND), unknown(SECOND)];
    for ended in [accepted(), unknown(SECOND)] {
        assert_eq!(bench.end(&hold, ended).await, None, "nothing was handed over");
    }
    assert!(bench.marked(&hold).await);
    for ended in all() {
        assert_eq!(bench.end(&Hold { fence: Fence(hold.fence.0 + 1), ..hold }, ended.clone()).await, None, "fence");
        assert_eq!(bench.end(&Hold { node: node(2), ..hold }, ended).await, None, "owner");
    }
    assert_eq!(bench.state(1).await, Some(State::Sending));
    assert_eq!(bench.end(&hold, again(Duration::ZERO)).await, Some(State::Queued));
    for ended in [accepted(), refused(), unknown(SECOND)] {
        assert_eq!(bench.end(&hold, ended).await, None, "a queued row");
    }
    let second = bench.claim_one(node(1)).await;
    for ended in all() {
        assert_eq!(bench.end(&hold, ended).await, None, "an earlier claim of the same node");
    }
    bench.marked(&second).await;
    assert_eq!(bench.end(&second, accepted()).await, Some(State::Accepted));
    for ended in [refused(), again(SECOND), unknown(SECOND)] {
        assert_eq!(bench.end(&second, ended).await, None, "a final row");
    }
    assert_eq!(bench.state(1).await, Some(State::Accepted));
}

pub(in super::super) async fn an_end_that_is_repeated_says_what_the_first_one_did(bench: &Bench) {
    bench.is_uncounted();
    for (number, ended, state) in [
        (1, accepted(), State::Accepted),
        (2, refused(), State::Refused),
        (3, again(DAY), State::Queued),
        (4, unknown(DAY), State::Unknown),
    ] {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        bench.marked(&hold).await;
        for _ in 0..3 {
            assert_eq!(bench.end(&hold, ended.clone()).await, Some(state));
        }
        assert_eq!(bench.end(&Hold { fence: Fence(hold.fence.0 + 1), ..hold }, ended.clone()).await, None, "fence");
        assert_eq!(bench.status(number.into()).await.unwrap().attempts.len(), 1);
        if number == 4 {
            assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "a late verdict");
            assert_eq!(bench.end(&hold, accepted()).await, Some(State::Accepted), "and its repeat");
            assert_eq!(bench.end(&hold, unknown(DAY)).await, None);
        }
    }
    bench.advance(DAY).await;
    let third = bench.claim_one(node(2)).await;
    assert_eq!(bench.end(&Hold { node: node(1), ..third }, again(DAY)).await, None, "it is another claim's by now");
    let given = bench.outbox.give_back(&[third]).await;
    assert_eq!((given, bench.end(&third, again(DAY)).await), (Ok(1), None), "it was given back, not ended");
}

pub(in super::super) async fn a_mail_that_nobody_has_waits_and_counts_its_attempts(bench: &Bench) {
    let mut hold = bench.one_claimed().await;
    for (counted, attempts) in [(true, 1), (false, 1), (true, 2)] {
        bench.marked(&hold).await;
        let ended = Ended::Again { verdicts: vec![], wait: SECOND, counted, possible_duplicate: false };
        assert_eq!(bench.end(&hold, ended).await, Some(State::Queued));
        let now = bench.time.now().await;
        assert_eq!(bench.status(1).await.unwrap().next_attempt_at, Some(now.after(SECOND)));
        assert_eq!(bench.claim(node(1), 9).await.len(), 0, "it waits");
        bench.advance(SECOND).await;
        let claimed = bench.claim(node(1), 9).await;
        assert_eq!((claimed.len(), claimed[0].attempts), (1, attempts));
        assert!(claimed[0].content == Some(row(1).sealed.content), "its content is still there");
        hold = claimed[0].hold;
    }
    // Without a hand-over: nobody could take it, or nobody may.
    assert_eq!(bench.end(&hold, refused()).await, Some(State::Refused));
}

pub(in super::super) async fn a_late_verdict_settles_an_unknown_mail(bench: &Bench) {
    for (number, ended, state) in
        [(1, accepted(), State::Accepted), (2, refused(), State::Refused), (3, again(DAY), State::Queued)]
    {
        bench.accept(vec![row(number)]).await;
        let hold = bench.claim_one(node(1)).await;
        bench.marked(&hold).await;
        assert_eq!(bench.end(&hold, unknown(SECOND)).await, Some(State::Unknown));
        assert_eq!(bench.end(&Hold { fence: Fence(hold.fence.0 + 1), ..hold }, ended.clone()).await, None);
        assert_eq!(bench.end(&hold, ended).await, Some(state));
        assert_eq!(bench.state(number.into()).await, Some(state));
    }
    let attempts = bench.status(1).await.unwrap().attempts;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome.as_deref(), Some("accepted"), "the late verdict takes the place of the first");
}

pub(in super::super) async fn why_each_upstream_was_left_out_is_kept_with_the_mail(bench: &Bench) {
    let hold = bench.one_claimed().await;
    let left_out = |upstream| Verdict { took: None, ..verdict(upstream, Outcome::SenderRejected) };
    let verdicts = vec![left_out("mg"), left_out("ses")];
    let ended = Ended::Again { verdicts, wait: SECOND, counted: true, possible_duplicate: false };
    for _ in 0..2 {
        assert_eq!(bench.end(&hold, ended.clone()).await, Some(State::Queued), "once, and as a repeat");
    }
    let told = async || {
        let attempts = bench.status(1).await.unwrap().attempts;
        attempts.into_iter().map(|tried| (tried.upstream, tried.outcome, tried.took_ms)).collect::<Vec<_>>()
    };
    let rejected = |upstream: &str| (upstream.to_owned(), Some("sender_rejected".to_owned()), None);
    let mut seen = told().await;
    seen.sort();
    assert_eq!(seen, [rejected("mg"), rejected("ses")]);
    bench.advance(SECOND).await;
    let hold = bench.claim_one(node(1)).await;
    let verdicts = vec![left_out("mg")];
    assert_eq!(bench.end(&hold, Ended::Refused { verdicts }).await, Some(State::Refused));
    assert_eq!(told().await.len(), 3);
}

pub(in super::super) async fn a_risk_of_a_second_copy_stays_with_the_mail(bench: &Bench) {
    let is_at_risk = async |number: u8| bench.status(number.into()).await.unwrap().ticket.possible_duplicate;
    let claimed = async |number| {
        bench.accept(vec![row(number)]).await;
        bench.claim_one(node(1)).await
    };
    let risky = Mark { possible_duplicate: true, ..mark("ses") };
    let hold = claimed(1).await;
    assert!(bench.marked(&hold).await && !is_at_risk(1).await);
    assert!(bench.outbox.mark(&hold, &risky).await.unwrap() && is_at_risk(1).await, "by a mark");
    bench.end(&hold, accepted()).await;
    assert!(is_at_risk(1).await, "by a mark, whatever the end says");
    let hold = claimed(2).await;
    bench.marked(&hold).await;
    let verdicts = vec![verdict("mg", Outcome::Unknown)];
    bench.end(&hold, Ended::Again { verdicts, wait: Duration::ZERO, counted: true, possible_duplicate: true }).await;
    assert!(is_at_risk(2).await, "by an end");
    let claimed_again = bench.claim(node(1), 9).await;
    assert_eq!((claimed_again.len(), claimed_again[0].possible_duplicate), (1, true), "the next claim knows");
    bench.marked(&claimed_again[0].hold).await;
    bench.end(&claimed_again[0].hold, accepted()).await;
    assert!(is_at_risk(2).await);
    let hold = claimed(3).await;
    bench.marked(&hold).await;
    let verdicts = vec![verdict("mg", Outcome::Accepted)];
    bench.end(&hold, Ended::Accepted { verdicts, possible_duplicate: true }).await;
    assert!(is_at_risk(3).await, "by an acceptance");
}
