//! Mail of which the store does not say whether it has it.

use tokio::time::Instant;

use super::super::*;
use super::fallback::{DOWN, NEVER, Service, word};
use super::under;
use crate::model::submission::Failover;
use crate::service::outbox::FALLBACK_TIME;
use crate::service::outbox::fake::Fault;

#[tokio::test(start_paused = true)]
async fn the_store_has_two_seconds_and_then_it_is_unclear_whether_it_has_the_mail() {
    for (fault, repeat) in [(Fault::Hang, "queued"), (Fault::Unclear, "kept queued")] {
        let service = Service::new(Failover::Safe, &[&[DOWN]]);
        service.store.does(Some(fault));
        let start = Instant::now();
        let error = service.send(under("k"), QueueOptions::default()).await.err().expect("an error");
        assert_eq!(start.elapsed(), if repeat == "queued" { FALLBACK_TIME } else { Duration::ZERO });
        assert_eq!((error.failure, error.attempts.len()), (Failure::QueueUnclear { retry_after: None }, 1));
        let still = if repeat == "queued" { "QueueUnclear { retry_after: None }" } else { "kept" };
        assert_eq!(service.word("k").await, still, "the store tells only whether it has the mail");
        service.store.does(Some(Fault::Down));
        assert_eq!(service.word("k").await, still);
        service.store.does(None);
        assert_eq!(service.word("k").await, repeat);
        assert_eq!(service.word("k").await, "kept queued");
        assert_eq!((service.rows(), service.fixture.calls()), (1, vec![1]), "it is not handed over again");
        assert_eq!(service.store.rows.lock().unwrap()[0].status.attempts.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_without_a_key_that_may_be_in_the_outbox_is_found_there_or_nowhere() {
    for (fault, is_there) in [(Fault::Hang, false), (Fault::Unclear, true)] {
        let service = Service::new(Failover::Safe, &[&[DOWN]]);
        service.store.does(Some(fault));
        let error = service.send(SendOptions::default(), QueueOptions::default()).await.err().expect("an error");
        assert!(matches!(error.failure, Failure::QueueUnclear { .. }), "{error:?}");
        service.store.does(None);
        let look = service.submit.look(&"caller".into(), error.id).await.expect("the store answers");
        assert_eq!(matches!(look, Some(Look::Outbox(_))), is_there);
        assert_eq!(look.is_none(), !is_there, "nobody has it, so it may be sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unclear_mail_is_only_looked_for_where_its_repeat_may_not_be_queued() {
    for (fault, expected) in [(Fault::Hang, "QueueUnclear { retry_after: None }"), (Fault::Unclear, "kept queued")] {
        let service = Service::new(Failover::Safe, &[&[DOWN]]);
        service.store.does(Some(fault));
        assert!(service.send(under("k"), QueueOptions::default()).await.is_err());
        service.store.does(None);
        assert_eq!(word(&service.send(under("k"), NEVER).await), expected);
        assert_eq!(service.rows(), usize::from(expected == "kept queued"));
    }
}
