//! What is refused: each refusal names its field, and nothing is accepted.

use super::*;

on_both_stores! {
    each_wrong_field_is_named_and_a_time_that_cannot_be_read_is_never_now,
    a_body_or_a_query_that_cannot_be_read_is_refused,
    a_mail_that_no_upstream_may_send_is_refused_as_post_email_refuses_it,
    another_callers_mail_an_unknown_one_and_no_id_get_one_answer,
    a_caller_has_at_most_its_rows_and_bytes_and_others_go_on,
    a_caller_of_two_has_at_most_a_tenth_of_the_rows_of_the_outbox,
    the_only_caller_has_all_of_the_outbox,
    all_callers_together_have_at_most_the_rows_of_the_outbox,
    all_callers_together_have_at_most_the_bytes_of_the_outbox,
}

async fn each_wrong_field_is_named_and_a_time_that_cannot_be_read_is_never_now(database: &Database) {
    let node = Node::start(database).await;
    for (field, value) in [
        ("send_at", json!("tomorrow")),
        ("send_at", json!("")),
        ("send_at", json!([])),
        ("send_at", json!(1_795_298_700)),
        ("send_at", json!("2026-12-24")),
        ("send_at", json!("2026-12-24 18:00")),
        ("send_at", json!("2026-12-24T18:00:00")),
        ("send_at", json!("2026-13-24T18:00:00Z")),
        ("send_at", json!("2026-12-24T25:00:00Z")),
        ("send_at", json!("2026-12-24T18:00:00+25:00")),
        ("send_at", json!("24 Dec 2026 18:00:00 GMT")),
        ("send_at", json!(in_days(31))),
        ("expires_at", json!("never")),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!(in_days(31))),
        ("priority", json!("urgent")),
        ("priority", json!(1)),
        ("send-at", json!(in_days(1))),
        ("sendAt", json!(in_days(1))),
        ("from", json!("nobody")),
        ("to", json!([])),
        ("subject", json!("two\nlines")),
    ] {
        let answer = node.post("/outbox", &with(field, &value)).await.expect_problem(422, "none", false);
        assert!(answer.fields().contains(&field.to_owned()), "{field} {value}: {answer}");
        assert!(answer.header("location").is_none(), "{answer}");
    }
    let early =
        json!({"from": "a@example.org", "to": "b@example.org", "send_at": in_days(2), "expires_at": in_days(1)});
    let answer = node.post("/outbox", &early).await.expect_problem(422, "none", false);
    assert_eq!(answer.fields(), ["expires_at"], "{answer}");
    assert_eq!(node.get("/outbox").await.expect(200).at("/mails"), &json!([]));
    assert_eq!(node.counts().await, []);
    assert_eq!(node.mailgun.mails().len(), 0);
}

async fn a_body_or_a_query_that_cannot_be_read_is_refused(database: &Database) {
    let node = Node::start(database).await;
    let answer = node.call(Method::POST, "/outbox?atomic=true", Some(&mails::plain())).await;
    answer.expect_problem(400, "none", false);
    let request = node.proxy.client.request(Method::POST, "/outbox").header("x-api-key", APP);
    Answer::to(request.header("content-type", "application/json").body("{")).await.expect_problem(400, "none", false);
    for (query, field) in [
        ("status=gone", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("after=x", "after"),
        ("page=2", "page"),
    ] {
        let answer = node.get(&format!("/outbox?{query}")).await.expect(400);
        assert_eq!(answer.fields(), [field], "{query}: {answer}");
    }
    node.call_as("wrong", Method::POST, "/outbox", Some(&mails::plain())).await.expect(401);
    assert_eq!(node.counts().await, []);
}

async fn a_mail_that_no_upstream_may_send_is_refused_as_post_email_refuses_it(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_MG_FROM_DOMAINS", "shop.example")).await;
    let members = |answer: &Answer| {
        let mut json = answer.json.clone();
        ["id", "request_id"].into_iter().for_each(|member| json[member] = json!(null));
        json
    };
    let sent = node.post("/email", &mails::plain()).await.expect_problem(422, "none", false);
    let queued = node.post("/outbox", &mails::plain()).await.expect_problem(422, "none", false);
    assert_eq!(queued.at("/type"), "urn:smsp:problem:sender-rejected", "{queued}");
    assert_eq!(members(&queued), members(&sent));
    let batch = json!({"messages": [with("from", &json!("a@shop.example")), mails::plain()]});
    let answer = node.post("/outbox/batch", &batch).await.expect(202);
    assert_eq!(answer.at("/results/1/problem/type"), "urn:smsp:problem:sender-rejected", "{answer}");
    assert_eq!(answer.at("/results/0/delivery"), "queued", "{answer}");
    let whole = node.post("/outbox/batch?atomic=true", &batch).await.expect_problem(422, "none", false);
    assert_eq!(whole.at("/errors/0/field"), "messages[1].from", "{whole}");
    let accepted: u64 = node.counts().await.iter().map(|(_, mails)| mails).sum();
    assert_eq!(accepted, 1, "the first of the first batch");
}

async fn another_callers_mail_an_unknown_one_and_no_id_get_one_answer(database: &Database) {
    let node = Node::start(database).await;
    let path = node.accepts(&scheduled()).await;
    let unknown = "/outbox/01a21648-c217-7484-8bb9-6404cd0bad53";
    let body = json!({"send_at": in_days(2)});
    for (method, query, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(&body)),
        (Method::DELETE, "", None),
        (Method::DELETE, "?erase=true", None),
    ] {
        let mut answers = Vec::new();
        for path in [path.as_str(), unknown, "/outbox/x", &path.to_uppercase().replace("OUTBOX", "outbox")] {
            let answer = node.call_as(SHOP, method.clone(), &format!("{path}{query}"), body).await.expect(404);
            let mut json = answer.json.clone();
            json["request_id"].take();
            answers.push(json);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{method} {query}: {answers:#?}");
    }
    assert_eq!(node.get(&path).await.expect(200).at("/status"), "queued", "and nothing has happened to it");
    let list = node.call_as(SHOP, Method::GET, "/outbox", None).await.expect(200);
    assert_eq!(list.at("/mails"), &json!([]), "{list}");
}

async fn a_caller_has_at_most_its_rows_and_bytes_and_others_go_on(database: &Database) {
    let limits = |settings: Settings| {
        settings.with("SMSP_CALLER_APP_OUTBOX_ROWS", "2").with("SMSP_CALLER_SHOP_OUTBOX_BYTES", "2KiB")
    };
    let node = Node::with(database, limits).await;
    let first = node.accepts(&scheduled()).await;
    node.accepts(&scheduled()).await;
    let full = node.post("/outbox", &scheduled()).await.expect_problem(503, "none", true);
    assert!(full.retry_after() > 0 && full.at("/type") == "urn:smsp:problem:outbox-full", "{full}");
    let text = |length| {
        let mut mail = scheduled();
        mail["text"] = json!("x".repeat(length));
        mail
    };
    let large = node.call_as(SHOP, Method::POST, "/outbox", Some(&text(4096))).await.expect_problem(413, "none", false);
    assert_eq!(large.at("/type"), "urn:smsp:problem:too-large", "{large}");
    assert!(large.text.contains("2048 bytes") && large.header("retry-after").is_none(), "{large}");
    node.call_as(SHOP, Method::POST, "/outbox", Some(&text(1100))).await.expect(202);
    let full = node.call_as(SHOP, Method::POST, "/outbox", Some(&text(1100))).await.expect_problem(503, "none", true);
    assert_eq!(full.at("/type"), "urn:smsp:problem:outbox-full", "{full}");
    let batch = json!({"messages": [text(1100), text(4096)]});
    let answer = node.call_as(SHOP, Method::POST, "/outbox/batch", Some(&batch)).await.expect(202);
    let seconds = answer.at("/results/0/problem/retry_after_s").as_u64();
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{answer}");
    assert_eq!(answer.at("/results/1/problem/type"), "urn:smsp:problem:too-large", "{answer}");
    node.call(Method::DELETE, &first, None).await.expect(200);
    node.accepts(&scheduled()).await;
    let metrics = node.proxy.client.metrics().await;
    for (limit, refused) in [("callers_rows", 1), ("callers_bytes", 2)] {
        assert_eq!(metrics.count("smsp_outbox_full_total", &[("limit", limit)]), refused, "{}", metrics.page);
    }
}

async fn a_caller_of_two_has_at_most_a_tenth_of_the_rows_of_the_outbox(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_OUTBOX_MAX_ROWS", "10")).await;
    node.accepts(&scheduled()).await;
    node.post("/outbox", &scheduled()).await.expect_problem(503, "none", true);
    node.call_as(SHOP, Method::POST, "/outbox", Some(&scheduled())).await.expect(202);
}

async fn the_only_caller_has_all_of_the_outbox(database: &Database) {
    let alone =
        |settings: Settings| settings.with("SMSP_API_KEYS", &format!("app:{APP}")).with("SMSP_OUTBOX_MAX_ROWS", "3");
    let node = Node::with(database, alone).await;
    for _ in 0..3 {
        node.accepts(&scheduled()).await;
    }
    node.post("/outbox", &scheduled()).await.expect_problem(503, "none", true);
}

async fn all_callers_together_have_at_most_the_rows_of_the_outbox(database: &Database) {
    let limits = |settings: Settings| settings.with("SMSP_OUTBOX_MAX_ROWS", "1").with("SMSP_CALLER_OUTBOX_ROWS", "5");
    let node = Node::with(database, limits).await;
    node.accepts(&scheduled()).await;
    let full = node.call_as(SHOP, Method::POST, "/outbox", Some(&scheduled())).await.expect_problem(503, "none", true);
    assert!(full.text.contains("The outbox is full"), "{full}");
}

async fn all_callers_together_have_at_most_the_bytes_of_the_outbox(database: &Database) {
    let limits =
        |settings: Settings| settings.with("SMSP_OUTBOX_MAX_BYTES", "2KiB").with("SMSP_CALLER_OUTBOX_BYTES", "2KiB");
    let node = Node::with(database, limits).await;
    let mut mail = scheduled();
    mail["text"] = json!("x".repeat(1100));
    let first = node.accepts(&mail).await;
    let full = node.call_as(SHOP, Method::POST, "/outbox", Some(&mail)).await.expect_problem(503, "none", true);
    assert!(full.text.contains("The outbox is full"), "{full}");
    let metrics = node.proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_outbox_full_total", &[("limit", "bytes")]), 1, "{}", metrics.page);
    node.call(Method::DELETE, &first, None).await.expect(200);
    node.call_as(SHOP, Method::POST, "/outbox", Some(&mail)).await.expect(202);
}
