//! Repeats of a queued mail under its key hear where it is, at its node and at others.

use super::*;
use crate::harness::outbox::pause;
use crate::harness::{Behaviour, Reply};

on_both_stores! {
    a_repeat_hears_where_the_mail_is,
    a_repeat_of_a_mail_that_ended_hears_its_end,
    a_node_whose_outbox_is_off_sends_nothing_that_waits_in_its_store,
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

async fn a_repeat_hears_where_the_mail_is(database: &Database) {
    let node = Node::start(database).await;
    pause(&node.proxy, true).await;
    let first = node.keyed("k").await.expect(202);
    assert!(!is_replayed(&first), "{first}");
    let repeat = node.keyed("k").await.expect(202).expect_attempts(&["sg:unavailable"]);
    assert!(is_replayed(&repeat) && repeat.at("/delivery") == "queued", "{repeat}");
    for field in ["/id", "/accepted_at", "/expires_at", "/next_attempt_at"] {
        assert_eq!(repeat.at(field), first.at(field), "{field}: {repeat}");
    }
    let other = node.proxy.client.send_with(&mails::with_subject("other"), &[("Idempotency-Key", "k")]).await;
    other.expect_problem(422, "none", false);
    node.provider.comes_up();
    pause(&node.proxy, false).await;
    becomes(&node.proxy.client, &id(&first), "accepted").await;
    let taken = node.keyed("k").await.expect(200).expect_attempts(&["sg:unavailable", "sg:accepted"]);
    assert!(is_replayed(&taken) && taken.at("/delivery") == "accepted" && taken.at("/provider") == "sg", "{taken}");
    assert_eq!((id(&taken), node.provider.mail_count()), (id(&first), 1), "{taken}");
}

async fn a_repeat_of_a_mail_that_ended_hears_its_end(database: &Database) {
    let node = Node::start(database).await;
    pause(&node.proxy, true).await;
    let mut ids = Vec::new();
    for key in ["cancelled", "unknown", "refused"] {
        ids.push(id(&node.keyed(key).await.expect(202)));
    }
    let [cancelled, unknown, refused] = &ids[..] else { panic!("{ids:?}") };
    let cancel = node.proxy.client.request(reqwest::Method::DELETE, &format!("/outbox/{cancelled}"));
    Answer::to(cancel.header("x-api-key", node.proxy.client.key())).await.expect(200);
    let answer = node.keyed("cancelled").await.expect_problem(409, "none", false);
    assert!(is_replayed(&answer) && answer.at("/outbox_status") == "cancelled", "{answer}");
    let behaviours = [Behaviour::Close, Reply::sendgrid_refuses(400, "no").into()];
    let mut behaviours = behaviours.into_iter();
    node.provider.follows(move |_| behaviours.next().expect("two mails"));
    node.provider.comes_up();
    pause(&node.proxy, false).await;
    let both = eventually("both have ended", async || {
        let mails = [shown(&node.proxy.client, unknown).await, shown(&node.proxy.client, refused).await];
        let all = mails.iter().map(|mail| mail.at("/status").as_str().unwrap_or_default().to_owned());
        let all: Vec<_> = all.collect();
        when(all.iter().all(|status| ["unknown", "refused"].contains(&&**status)), || format!("{all:?}")).map(|()| all)
    })
    .await;
    for (key, status) in ["unknown", "refused"].into_iter().zip(&both) {
        let answer = node.keyed(key).await;
        let expected = if status == "unknown" { (504, "unknown") } else { (422, "none") };
        assert_eq!((answer.status, answer.at("/delivery").as_str()), (expected.0, Some(expected.1)), "{answer}");
        assert!(is_replayed(&answer) && answer.at("/retryable") == false, "{answer}");
        assert_eq!(answer.at("/lookup/upstream").as_str(), (status == "unknown").then_some("sg"), "{answer}");
    }
}

async fn a_node_whose_outbox_is_off_sends_nothing_that_waits_in_its_store(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    let on = database.under(Settings::server().sendgrid(&provider.url()).patient_circuits());
    let off = on.clone().without("SMSP_OUTBOX").without("SMSP_OUTBOX_MIN_FREE");
    let proxy = Proxy::start(on.clone()).await;
    pause(&proxy, true).await;
    let headers = [("Idempotency-Key", "k"), ("Prefer", "respond-async")];
    let first = id(&proxy.client.send_with(&mails::plain(), &headers).await.expect(202));
    drop(proxy);
    // Its record among the answers is over by then.
    let over = ["delete from answer returning 1", "delete from smsp_answer returning 1"];
    assert_eq!(database.change(over).await, 1);
    let proxy = Proxy::start(off).await;
    let repeat = proxy.client.send_with(&mails::plain(), &[("Idempotency-Key", "k")]).await.expect(202);
    assert!(is_replayed(&repeat) && id(&repeat) == first && repeat.at("/status") == "queued", "{repeat}");
    let look = proxy.client.request(reqwest::Method::GET, &format!("/email/{first}"));
    let known = Answer::to(look.header("x-api-key", proxy.client.key())).await.expect(200);
    assert_eq!((known.at("/delivery").as_str(), provider.mail_count()), (Some("queued"), 0), "{known}");
    drop(proxy);
    let proxy = Proxy::start(on).await;
    pause(&proxy, false).await;
    becomes(&proxy.client, &first, "accepted").await;
    provider.only_mail();
}

#[tokio::test]
async fn a_repeat_at_another_node_that_cannot_send_it_either_is_no_second_mail() {
    let Some(database) = Database::postgres().await else { return };
    let (one, other) = (Node::start(&database).await, Node::start(&database).await);
    pause(&one.proxy, true).await;
    let first = one.keyed("k").await.expect(202);
    let repeat = other.keyed("k").await.expect(202);
    assert!(is_replayed(&repeat), "{repeat}");
    assert_eq!(id(&repeat), id(&first), "{repeat}");
    one.provider.comes_up();
    other.provider.comes_up();
    pause(&one.proxy, false).await;
    becomes(&one.proxy.client, &id(&first), "accepted").await;
    assert_eq!(one.provider.mail_count() + other.provider.mail_count(), 1);
}
