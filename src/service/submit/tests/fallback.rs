//! Mail that the outbox takes instead of a provider.

use super::super::*;
use super::{ANY, under};
use crate::delivery::dispatch::fixture::{Act, Fixture, SECOND, mail, submission, words};
use crate::delivery::routing::Strategy;
use crate::model::outcome::Outcome;
use crate::model::submission::Failover;
use crate::service::outbox::Settings;
use crate::service::outbox::fake::{FakeStore, Fault, NOW, settings};
use crate::state::outbox::Full;

/// The service over scripted providers and a scripted store.
pub(super) struct Service {
    pub(super) submit: Submit,
    pub(super) fixture: Fixture,
    pub(super) store: Arc<FakeStore>,
}

impl Service {
    pub(super) fn new(failover: Failover, scripts: &[&[Act]]) -> Self {
        let scripts: Vec<_> = scripts.iter().map(|script| (ANY, *script)).collect();
        Self::over(Fixture::of(failover, Strategy::Priority, 100, &scripts), settings())
    }

    pub(super) fn over(fixture: Fixture, settings: Settings) -> Self {
        let store = Arc::new(FakeStore::default());
        let submit = node(&fixture, &store, settings);
        Self { submit, fixture, store }
    }

    pub(super) async fn send(&self, options: SendOptions, queue: QueueOptions) -> Result<Sent, SendError> {
        self.send_from("a@example.org", options, queue).await
    }

    pub(super) async fn send_from(
        &self,
        from: &str,
        options: SendOptions,
        queue: QueueOptions,
    ) -> Result<Sent, SendError> {
        self.submit.submit(submission(mail(from), options), queue).await.answer().await
    }

    /// Words for what a mail under this key came to.
    pub(super) async fn word(&self, key: &str) -> String {
        word(&self.send(under(key), QueueOptions::default()).await)
    }

    pub(super) fn rows(&self) -> usize {
        self.store.rows.lock().unwrap().len()
    }
}

/// A node beside others with this store.
pub(super) fn node(fixture: &Fixture, store: &Arc<FakeStore>, settings: Settings) -> Submit {
    let answers = Answers::new(100, None, Arc::clone(&fixture.metrics));
    let outbox = Some(store.service(settings));
    Submit::new(Arc::clone(&fixture.dispatcher), answers, outbox, Arc::clone(&fixture.metrics))
}

const AT_ONCE: QueueOptions = QueueOptions { queueing: Queueing::AtOnce, share: (None, None) };
pub(super) const NEVER: QueueOptions = QueueOptions { queueing: Queueing::Never, share: (None, None) };

pub(super) const DOWN: Act = Act::Say(Outcome::Unavailable);

pub(super) fn word(sent: &Result<Sent, SendError>) -> String {
    match sent {
        Ok(Sent::Accepted(_)) => "accepted".to_owned(),
        Ok(Sent::Queued(_)) => "queued".to_owned(),
        Ok(Sent::Kept(_, Some(kept))) => format!("kept {}", kept.shown.status.ticket.state.as_str()),
        Ok(Sent::Kept(_, None)) => "kept".to_owned(),
        Err(error) => format!("{:?}", error.failure),
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_no_provider_takes_is_queued_with_its_id_its_key_and_its_attempts() {
    let service = Service::new(Failover::Safe, &[&[DOWN], &[DOWN]]);
    let Ok(Sent::Queued(queued)) = service.send(under("k"), QueueOptions::default()).await else {
        panic!("not queued")
    };
    assert_eq!(
        (words(&queued.attempts), queued.is_asked_for),
        (vec!["u0:unavailable".into(), "u1:unavailable".into()], false)
    );
    let rows = service.store.rows.lock().unwrap();
    let row = &rows[0];
    assert_eq!((row.key, row.status.ticket), (under("k").key, queued.ticket));
    assert_eq!(row.status.ticket.id, service.fixture.given(0)[0], "its id is that of the attempts");
    let tried: Vec<_> = row.status.attempts.iter().map(|tried| (&*tried.upstream, tried.outcome.as_deref())).collect();
    assert_eq!(tried, [("u0", Some("unavailable")), ("u1", Some("unavailable"))]);
    let wait = queued.ticket.send_at.since(NOW);
    assert!((60 * SECOND..=72 * SECOND).contains(&wait), "as after a claim: {wait:?}");
    assert_eq!(queued.ticket.expires_at, queued.ticket.send_at.after(settings().expiry));
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_is_handed_over_to_nobody_is_due_at_once() {
    let service = Service::over(Fixture::new(Failover::Safe, &[&[DOWN]]), settings());
    assert_eq!(service.word("opens the circuit").await, "queued");
    let Ok(Sent::Queued(queued)) = service.send(SendOptions::default(), QueueOptions::default()).await else {
        panic!("not queued")
    };
    assert_eq!((queued.ticket.send_at, queued.attempts.len(), service.fixture.calls()), (NOW, 0, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn only_a_definite_no_for_now_is_queued() {
    use Outcome::*;
    for outcome in Outcome::ALL {
        let service = Service::new(Failover::Safe, &[&[Act::Say(outcome)]]);
        let sent = service.send(SendOptions::default(), QueueOptions::default()).await;
        let is_queued = matches!(outcome, Unavailable | Throttled | Deferred | Cancelled);
        assert_eq!(matches!(sent, Ok(Sent::Queued(_))), is_queued, "{outcome:?}: {}", word(&sent));
        assert_eq!(service.rows(), usize::from(is_queued), "{outcome:?}");
    }
    for act in [Act::Hang, Act::Panic] {
        let service = Service::new(Failover::Safe, &[&[act]]);
        assert!(
            service
                .send(SendOptions::default(), QueueOptions::default())
                .await
                .is_err_and(|error| error.failure.is_unknown())
        );
        assert_eq!(service.rows(), 0, "{act:?}");
    }
    let risky = Service::new(Failover::Always, &[&[Act::Say(Unknown)], &[DOWN]]);
    assert_eq!((risky.word("k").await, risky.rows()), ("Unknown".to_owned(), 0), "one of two is no definite no");
}

#[tokio::test(start_paused = true)]
async fn a_mail_for_which_the_limits_of_the_upstreams_leave_no_room_is_queued() {
    let scripts: [(_, &[Act]); 1] = [(ANY, &[Act::Hang])];
    let fixture =
        Fixture::tuned(Failover::Safe, Strategy::Priority, 100, &scripts, |_, settings| settings.concurrency = 1);
    let service = Service::over(fixture, settings());
    let (first, second) = tokio::join!(service.word("first"), service.word("second"));
    assert_eq!((first.as_str(), second.as_str(), service.fixture.calls()), ("Unknown", "queued", vec![1]));
}

#[tokio::test(start_paused = true)]
async fn without_failover_a_refusal_that_another_upstream_may_not_repeat_is_queued() {
    let service = Service::new(Failover::Never, &[&[Act::Say(Outcome::SenderRejected)], &[]]);
    assert_eq!((service.word("k").await, service.fixture.calls()), ("queued".to_owned(), vec![1, 0]));
    let alone = Service::new(Failover::Never, &[&[Act::Say(Outcome::SenderRejected)]]);
    assert_eq!((alone.word("k").await, alone.rows()), ("SenderRejected".to_owned(), 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_queued_where_the_call_or_the_node_does_not_allow_it() {
    let refused = "Refused { retryable: true }";
    let service = Service::new(Failover::Safe, &[&[DOWN]]);
    let sent = service.send(SendOptions::default(), NEVER).await;
    assert_eq!((word(&sent).as_str(), service.rows()), (refused, 0));
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 100, &[(ANY, &[DOWN, DOWN])]);
    let off = Service::over(fixture, Settings { fallback: false, ..settings() });
    assert_eq!((off.word("k").await.as_str(), off.rows()), (refused, 0));
    assert_eq!(off.word("k").await, refused, "its key is free");
    assert_eq!(off.fixture.calls(), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_no_upstream_may_ever_have_is_not_queued() {
    let service = Service::new(Failover::Safe, &[&[DOWN]]);
    *service.store.refused_domain.lock().unwrap() = "example.org";
    assert_eq!(service.word("k").await, "Refused { retryable: true }");
    let sent = service.send(SendOptions::default(), AT_ONCE).await;
    assert_eq!((word(&sent).as_str(), service.rows(), service.fixture.calls()), ("SenderRejected", 0, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_take_the_mail_changes_no_answer() {
    let full = [Full::Rows, Full::CallersBytes, Full::Disk].map(Fault::Full);
    for fault in full.into_iter().chain([Fault::Down, Fault::Silent]) {
        let service = Service::new(Failover::Safe, &[&[DOWN, Act::Say(Outcome::Accepted)]]);
        service.store.does(Some(fault));
        let error = service.send(under("k"), QueueOptions::default()).await.err().expect("an error");
        assert_eq!(
            (error.failure, words(&error.attempts)),
            (Failure::Refused { retryable: true }, vec!["u0:unavailable".into()])
        );
        assert_eq!(service.word("k").await, "accepted", "its key is free");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_queued_at_once_where_its_caller_asks_for_it() {
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 100, &[(ANY, &[])]);
    let service = Service::over(fixture, Settings { fallback: false, ..settings() });
    let Ok(Sent::Queued(queued)) = service.send(under("k"), AT_ONCE).await else { panic!("not queued") };
    assert_eq!((queued.is_asked_for, queued.attempts.len(), queued.ticket.send_at), (true, 0, NOW));
    assert_eq!(word(&service.send(under("k"), AT_ONCE).await), "kept queued");
    assert_eq!(service.fixture.calls(), [0], "nothing is handed over");
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_cannot_be_queued_at_once_is_sent_now() {
    for fault in [Fault::Down, Fault::Silent, Fault::Full(Full::Rows)] {
        let service = Service::new(Failover::Safe, &[&[Act::Say(Outcome::Accepted)]]);
        service.store.does(Some(fault));
        assert_eq!(word(&service.send(under("k"), AT_ONCE).await), "accepted");
    }
    let service = Service::new(Failover::Safe, &[&[]]);
    service.store.does(Some(Fault::Unclear));
    let sent = service.send(under("k"), AT_ONCE).await;
    assert!(
        matches!(sent.err().map(|error| error.failure), Some(Failure::QueueUnclear { .. })),
        "the store may have it"
    );
    service.store.does(None);
    assert_eq!(word(&service.send(under("k"), AT_ONCE).await), "kept queued");
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_could_not_be_queued_at_once_is_queued_once_no_provider_takes_it() {
    let service = Service::new(Failover::Safe, &[&[Act::SayAfter(SECOND, Outcome::Unavailable)]]);
    service.store.does(Some(Fault::Down));
    let healing = async {
        tokio::time::sleep(SECOND / 2).await;
        service.store.does(None);
    };
    let (sent, ()) = tokio::join!(service.send(SendOptions::default(), AT_ONCE), healing);
    assert!(matches!(&sent, Ok(Sent::Queued(queued)) if !queued.is_asked_for), "{}", word(&sent));
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_mail_that_was_to_be_queued_is_counted() {
    let service = Service::new(Failover::Safe, &[&[DOWN; 4]]);
    for (fault, result) in [
        (None, "queued"),
        (Some(Fault::Full(Full::Rows)), "full"),
        (Some(Fault::Down), "down"),
        (Some(Fault::Unclear), "unclear"),
    ] {
        service.store.does(fault);
        drop(service.send(SendOptions::default(), QueueOptions::default()).await);
        let line = format!("smsp_outbox_fallbacks_total{{result=\"{result}\"}} 1");
        let page = service.store.metrics.render();
        assert!(page.lines().any(|one| one == line), "{page}");
    }
}

/// A service over no upstream, whose mail goes to its recipients' own servers.
fn direct(settings: Settings) -> Service {
    let fixture = Fixture::new(Failover::Safe, &[]);
    fixture.dispatcher.replace_rules(crate::delivery::routing::rules::Rules::default().beside_list(true));
    Service::over(fixture, settings)
}

#[tokio::test(start_paused = true)]
async fn mail_that_the_outbox_alone_delivers_is_queued_where_the_call_or_the_node_lets_it() {
    let service = direct(settings());
    assert_eq!((service.word("k").await.as_str(), service.rows()), ("queued", 1));
    let never = service.send(SendOptions::default(), NEVER).await;
    assert_eq!((word(&never).as_str(), service.rows()), ("OutboxAlone", 1));
    let off = direct(Settings { fallback: false, ..settings() });
    assert_eq!((off.word("k").await.as_str(), off.rows()), ("OutboxAlone", 0));
    let asked_for = off.send(SendOptions::default(), AT_ONCE).await;
    assert_eq!((word(&asked_for).as_str(), off.rows()), ("queued", 1));
}

#[tokio::test(start_paused = true)]
async fn mail_that_the_outbox_alone_delivers_and_does_not_take_now_may_come_again() {
    for (fallback, queue) in [(true, QueueOptions::default()), (false, AT_ONCE)] {
        let service = direct(Settings { fallback, ..settings() });
        service.store.does(Some(Fault::Down));
        let sent = service.send(SendOptions::default(), queue).await;
        assert_eq!(word(&sent), format!("{:?}", Failure::NotNow { retry_after: 5 * SECOND }));
    }
}
