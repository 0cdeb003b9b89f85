//! What a caller changes of a mail that waits or has ended, and the list of its mails.

use std::collections::BTreeSet;

use super::*;

const PAST: &str = "2020-01-01T00:00:00Z";

on_both_stores! {
    a_mail_that_waits_is_sent_at_another_time,
    a_mail_that_waits_is_cancelled_and_never_sent,
    a_mail_that_has_ended_is_erased_and_keeps_its_status,
    a_list_is_read_to_its_end_by_the_cursor_of_each_page,
}

async fn a_mail_that_waits_is_sent_at_another_time(database: &Database) {
    let node = Node::start(database).await;
    let path = node.accepts(&scheduled()).await;
    assert_eq!(node.get(&path).await.expect(200).at("/status"), "queued");
    for (body, field) in [
        (json!({"send_at": "soon"}), "send_at"),
        (json!({"send_at": "2026-12-24T18:00:00"}), "send_at"),
        (json!({"send_at": in_days(31)}), "send_at"),
        (json!({"send_at": in_days(10)}), "send_at"),
        (json!({}), "send_at"),
        (json!({"send_at": in_days(2), "priority": "low"}), "priority"),
    ] {
        let answer = node.call(Method::PATCH, &path, Some(&body)).await.expect_problem(422, "none", false);
        assert_eq!(answer.fields(), [field], "{body}: {answer}");
    }
    let later = in_days(2);
    let answer = node.call(Method::PATCH, &path, Some(&json!({"send_at": later}))).await.expect(200);
    assert_eq!(answer.at("/send_at"), &json!(later), "{answer}");
    assert_eq!(node.mailgun.mails().len(), 0);
    node.call(Method::PATCH, &path, Some(&json!({"send_at": PAST}))).await.expect(200);
    node.until(&path, "accepted").await;
    let ended = node.call(Method::PATCH, &path, Some(&json!({"send_at": in_days(1)}))).await.expect(409);
    assert_eq!((ended.at("/outbox_status"), node.mailgun.mails().len()), (&json!("accepted"), 1), "{ended}");
}

async fn a_mail_that_waits_is_cancelled_and_never_sent(database: &Database) {
    let node = Node::start(database).await;
    let path = node.accepts(&scheduled()).await;
    let cancelled = node.call(Method::DELETE, &path, None).await.expect(200);
    assert_eq!((cancelled.at("/status"), cancelled.at("/delivery")), (&json!("cancelled"), &json!("none")));
    let again = node.call(Method::DELETE, &path, None).await.expect(409);
    assert_eq!(again.at("/outbox_status"), "cancelled", "{again}");
    node.call(Method::PATCH, &path, Some(&json!({"send_at": PAST}))).await.expect(409);
    // What is accepted behind it is sent before it would have been.
    let other = node.accepts(&mails::plain()).await;
    node.until(&other, "accepted").await;
    assert_eq!(node.mailgun.mails().len(), 1);
}

async fn a_mail_that_has_ended_is_erased_and_keeps_its_status(database: &Database) {
    let node = Node::start(database).await;
    let path = node.accepts(&mails::plain()).await;
    let sent = node.until(&path, "accepted").await;
    assert!(sent.at("/recipients/0/email").is_string(), "{sent}");
    let answer = node.call(Method::DELETE, &path, None).await.expect(409);
    assert_eq!(answer.at("/outbox_status"), "accepted", "{answer}");
    node.call(Method::DELETE, &format!("{path}?erase=yes"), None).await.expect(400);
    node.call(Method::DELETE, &format!("{path}?erase=true"), None).await.expect(200);
    let erased = node.get(&path).await.expect(200);
    assert_eq!((erased.at("/status"), erased.at("/recipients")), (&json!("accepted"), &Value::Null), "{erased}");
}

async fn a_list_is_read_to_its_end_by_the_cursor_of_each_page(database: &Database) {
    let node = Node::start(database).await;
    let mut accepted = BTreeSet::new();
    for _ in 0..5 {
        accepted.insert(node.accepts(&scheduled()).await.replace("/outbox/", ""));
    }
    node.call_as(SHOP, Method::POST, "/outbox", Some(&scheduled())).await.expect(202);
    let (mut seen, mut query, mut sizes) = (BTreeSet::new(), "limit=2".to_owned(), Vec::new());
    loop {
        let page = node.get(&format!("/outbox?{query}")).await.expect(200);
        let mails = page.at("/mails").as_array().cloned().unwrap_or_default();
        sizes.push(mails.len());
        seen.extend(mails.iter().filter_map(|mail| mail["id"].as_str().map(str::to_owned)));
        let Some(next) = page.at("/next").as_str() else { break };
        assert!(sizes.len() < 10, "{page}");
        query = format!("limit=2&after={next}");
    }
    assert_eq!((sizes, seen), (vec![2, 2, 1], accepted));
    let cancelled = node.get("/outbox?status=cancelled").await.expect(200);
    assert_eq!(cancelled.at("/mails"), &json!([]), "{cancelled}");
    let queued = node.get("/outbox?status=queued&limit=100").await.expect(200);
    assert_eq!(queued.at("/mails").as_array().map(Vec::len), Some(5), "{queued}");
}
