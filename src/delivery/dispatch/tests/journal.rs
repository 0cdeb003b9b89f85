//! What a journal is asked and told, and that nothing is handed over without its consent.

use std::sync::Mutex;

use super::super::fixture::submission;
use super::*;

const ONCE: Capabilities = Capabilities { idempotency_window: Some(Duration::from_secs(1500)), ..Capabilities::ANY };
const SILENT_TAKER: [Act; 2] = [Act::Hang, Act::Say(Outcome::Accepted)];

/// Writes down what it is told, and consents to so many hand-overs.
struct Record {
    lines: Mutex<Vec<String>>,
    consents: usize,
    /// Where there is no place.
    full: &'static [&'static str],
    drain: Shutdown,
}

impl Record {
    fn consenting(consents: usize) -> Self {
        Self { lines: Mutex::default(), consents, full: &[], drain: Shutdown::default() }
    }

    fn write(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// Says when it is over.
struct Held<'a>(&'a Record, Arc<str>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.write(format!("{} left", self.1));
    }
}

impl Journal for &Record {
    fn drain(&self) -> Option<&Shutdown> {
        Some(&self.drain)
    }

    fn place(&self, target: Target<'_>) -> Option<impl Send> {
        (!self.full.contains(&&**target.name())).then(|| Held(self, Arc::clone(target.name())))
    }

    async fn mark(&self, target: Target<'_>) -> Result<(), NotMarked> {
        let marks = self.lines().iter().filter(|line| line.contains(" marked")).count();
        if marks == self.consents {
            return Err(NotMarked);
        }
        let once = target.takes_once_for().map(|time| format!(" once for {} s", time.as_secs())).unwrap_or_default();
        self.write(format!("{} marked{once}", target.name()));
        Ok(())
    }

    fn end(&self, target: Target<'_>, verdict: &Verdict) {
        self.write(format!("{} {}", target.name(), verdict.outcome.as_str()));
    }
}

fn nothing_late() -> LateVerdict {
    Arc::new(|_: &str, verdict: &Verdict| panic!("no late verdict, but {}", verdict.outcome.as_str()))
}

async fn deliver(fixture: &Fixture, record: &Record) -> Answer {
    let submission = submission(mail("a@example.org"), SendOptions::default());
    fixture.dispatcher.deliver(&submission, record, &nothing_late()).await
}

#[tokio::test(start_paused = true)]
async fn each_hand_over_is_marked_before_and_ended_after_it() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)]]);
    let record = Record::consenting(2);
    assert!(deliver(&fixture, &record).await.is_ok());
    let expected = ["u0 marked", "u0 unavailable", "u0 left", "u1 marked", "u1 accepted", "u1 left"];
    assert_eq!(record.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn without_a_mark_nothing_is_handed_over_and_no_other_upstream_is_asked() {
    let fixture = Fixture::new(Failover::Always, &[&[], &[]]);
    let record = Record::consenting(0);
    let error = deliver(&fixture, &record).await.expect_err("not sent");
    assert_eq!((record.lines(), fixture.calls()), (vec!["u0 left".to_owned()], vec![0, 0]));
    assert!(matches!(error.failure, Failure::NotNow { .. }) && error.attempts.is_empty(), "{error:?}");
    let [first, second] = [0, 1].map(|index: usize| fixture.upstreams[index].counts());
    assert_eq!((first.total(), second.total()), (0, 0), "the permit is dropped in silence");
    assert_eq!(fixture.upstreams[0].in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn mark_that_is_refused_after_an_attempt_leaves_its_answer() {
    for (outcome, failover, is_unknown) in
        [(Outcome::Unavailable, Failover::Safe, false), (Outcome::Unknown, Failover::Always, true)]
    {
        let fixture = Fixture::new(failover, &[&[Act::Say(outcome)], &[]]);
        let error = deliver(&fixture, &Record::consenting(1)).await.expect_err("not taken");
        assert_eq!((error.failure.is_unknown(), error.attempts.len()), (is_unknown, 1), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_passes_over_an_upstream_where_its_way_in_has_no_place() {
    let fixture = Fixture::new(Failover::Safe, &[&[], &[Act::Say(Outcome::Accepted)]]);
    let record = Record { full: &["u0"], ..Record::consenting(1) };
    let receipt = deliver(&fixture, &record).await.expect("the second takes it");
    assert_eq!(words(&receipt.attempts), ["u0:throttled", "u1:accepted"]);
}

#[tokio::test(start_paused = true)]
async fn no_mark_is_made_along_an_open_circuit() {
    let fixture = Fixture::new(Failover::Safe, &[&[]]);
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    let record = Record::consenting(1);
    assert!(deliver(&fixture, &record).await.is_err() && record.lines().is_empty(), "{:?}", record.lines());
}

#[tokio::test(start_paused = true)]
async fn attempt_for_which_nobody_waits_lasts_as_long_as_its_provider_may_take() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::SayAfter(59 * SECOND, Outcome::Accepted), Act::Hang]]);
    assert!(
        deliver(&fixture, &Record::consenting(1)).await.is_ok(),
        "an attempt with a caller has 10 s, the request 15 s"
    );
    let start = Instant::now();
    assert!(deliver(&fixture, &Record::consenting(1)).await.is_err());
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_twice_while_nobody_waits() {
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 100, &[(ONCE, &SILENT_TAKER)]);
    let record = Record::consenting(2);
    assert!(deliver(&fixture, &record).await.is_err_and(|error| error.failure.is_unknown()));
    assert_eq!(record.lines(), ["u0 marked once for 1500 s", "u0 unknown", "u0 left"]);
}

#[tokio::test(start_paused = true)]
async fn replay_goes_to_one_upstream_alone() {
    let taken = [Act::Say(Outcome::Accepted)];
    let fixture = Fixture::of(Failover::Always, Strategy::Priority, 100, &[(ONCE, &[]), (ONCE, &taken)]);
    let submission = submission(mail("a@example.org"), SendOptions::default());
    let late = nothing_late();
    let replay = |upstream: &'static str, record| fixture.dispatcher.replay(&submission, upstream, record, &late);
    let (record, refusing) = (Record::consenting(1), Record::consenting(0));
    assert_eq!(replay("u0", &refusing).await.map(|attempt| attempt.is_some()), Err(NotMarked));
    assert_eq!(replay("gone", &record).await.map(|attempt| attempt.is_some()), Ok(false), "no longer configured");
    let attempt = replay("u1", &record).await.expect("marked").expect("handed over");
    assert_eq!((words(&[attempt]), fixture.calls()), (vec!["u1:accepted".to_owned()], vec![0, 1]));
}

#[tokio::test(start_paused = true)]
async fn verdict_after_the_attempt_is_told() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Late(90 * SECOND, Outcome::Accepted)]]);
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let late: LateVerdict = Arc::new(move |upstream: &str, verdict: &Verdict| {
        told.send((upstream.to_owned(), verdict.outcome)).unwrap();
    });
    let submission = submission(mail("a@example.org"), SendOptions::default());
    let answer = fixture.dispatcher.deliver(&submission, &Record::consenting(1), &late).await;
    assert!(answer.is_err_and(|error| error.failure.is_unknown()));
    assert_eq!(hears.recv().await, Some(("u0".to_owned(), Outcome::Accepted)));
}

#[test]
fn a_call_without_a_journal_carries_none() {
    let fixture = Fixture::new(Failover::Safe, &[]);
    let submission = submission(mail("a@example.org"), SendOptions::default());
    let (record, late) = (Record::consenting(0), nothing_late());
    let plain = size_of_val(&fixture.dispatcher.send(&submission, Some(&late)));
    let journalled = size_of_val(&fixture.dispatcher.deliver(&submission, &record, &late));
    println!("{plain} {journalled}");
    assert!(plain < journalled, "{plain} {journalled}");
}
