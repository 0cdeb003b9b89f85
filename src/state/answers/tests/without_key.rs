//! Mails without a key that end `unknown`, and verdicts on them that come late.

use super::super::fake::Fault;
use super::in_store::two;
use super::*;

/// The end of a mail without a key.
async fn note(node: &Answers, error: &SendError) {
    let call = node.without_key(error.id).expect("there is a store");
    call.finish("caller".into(), Known::Answered(Err(error.clone()))).await;
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_on_a_mail_without_a_key_changes_what_is_seen_of_it() {
    let accepts = Verdict::new(Outcome::Accepted, Reason::Smtp(250));
    let refuses = Verdict::new(Outcome::MessageRejected, Reason::Smtp(554));
    for (fault, verdict, is_seen) in [
        (None, &accepts, true),
        (None, &refuses, false),
        // The store hears it once it is back.
        (Some(Fault::Down), &accepts, true),
    ] {
        let (store, [one, other]) = two();
        let (id, known) = (message(9).id(), Known::Answered(answer(message(9).id(), Outcome::Unknown, 0)));
        let call = one.without_key(id).expect("there is a store");
        let late = call.on_late_verdict();
        call.finish("caller".into(), known).await;
        assert!(matches!(other.look(&"caller".into(), id).await, Ok(Some(Found::Known(Known::Answered(Err(_)))))));
        store.faults.lock().unwrap().extend(fault);
        late("u", verdict);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let seen = other.look(&"caller".into(), id).await.expect("it answers");
        let is_accepted = matches!(seen, Some(Found::Known(Known::Answered(Ok(_)))));
        assert_eq!((is_accepted, seen.is_some()), (is_seen, is_seen), "{verdict:?} {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_before_the_end_of_a_mail_without_a_key_counts_and_one_after_an_acceptance_writes_nothing() {
    let accepts = Verdict::new(Outcome::Accepted, Reason::Smtp(250));
    let (store, [one, other]) = two();
    let id = message(9).id();
    let call = one.without_key(id).expect("there is a store");
    let late = call.on_late_verdict();
    late("u", &accepts);
    let known = call.finish("caller".into(), Known::Answered(answer(id, Outcome::Unknown, 0))).await;
    assert!(matches!(known, Known::Answered(Ok(_))), "{known:?}");
    store.faults.lock().unwrap().push_back(Fault::Down);
    late("u", &accepts);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(store.faults.lock().unwrap().len(), 1, "nobody has asked the store");
    store.faults.lock().unwrap().clear();
    assert!(matches!(other.look(&"caller".into(), id).await, Ok(None)), "nothing is kept of what was accepted");
}

#[tokio::test(start_paused = true)]
async fn a_mail_without_a_key_is_noted_where_the_store_takes_it_in_time() {
    let (store, [one, other]) = two();
    let id = message(9).id();
    let Err(error) = answer(id, Outcome::Unknown, 0) else { panic!("it is unknown") };
    for fault in [Fault::Down, Fault::Silent] {
        store.faults.lock().unwrap().push_back(fault);
        let start = Instant::now();
        note(&one, &error).await;
        assert!(start.elapsed() <= STORE_TIMEOUT);
        assert!(matches!(other.look(&"caller".into(), id).await, Ok(None)), "{fault:?}");
    }
    note(&one, &error).await;
    assert!(matches!(other.look(&"caller".into(), id).await, Ok(Some(Found::Known(_)))));
    *store.fault.lock().unwrap() = Some(Fault::Silent);
    assert!(other.look(&"caller".into(), id).await.is_err());
    assert!(matches!(answers(1).look(&"caller".into(), id).await, Ok(None)), "there is no store");
}
