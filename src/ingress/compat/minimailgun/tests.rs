//! Calls as clients of Mini-MailGun make them, over a store that a test scripts.

mod node;

use serde_json::{Value, json};

use super::routes::{PATHS, document};
use crate::ingress::server::document::checks::{unnamed, without_true_example};
use crate::model::outcome::Outcome;
use crate::service::outbox::fake::Fault;
use crate::state::outbox::{Full, PartStatus, RecipientVerdict, State};
use node::{JSON, Node, but, mail};

#[tokio::test]
async fn a_mail_is_queued_under_an_id_of_32_digits_and_each_state_has_its_word() {
    let node = Node::new();
    let id = node.queued().await;
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    for state in State::ALL {
        let (clear, doubtful) = match state {
            State::Queued | State::Claimed | State::Sending | State::Parked => ("queued", "queued"),
            State::Unknown => ("unknown", "unknown"),
            State::Accepted => ("sent", "sent"),
            State::Refused | State::Expired | State::Cancelled => ("undeliverable", "unknown"),
        };
        node.store.put_all(state);
        for (possible_duplicate, word) in [(false, clear), (true, doubtful)] {
            node.store.rows.lock().unwrap()[0].status.ticket.possible_duplicate = possible_duplicate;
            assert_eq!(node.told(&id).await, json!({"result": "success", "status": word}), "{state:?}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_for_some_recipients_is_undeliverable_in_part_and_so_for_its_client() {
    let node = Node::new();
    let id = node.queued().await;
    node.store.put_all(State::Accepted);
    for (outcomes, word) in [
        ([Outcome::Accepted, Outcome::Accepted], "sent"),
        ([Outcome::Accepted, Outcome::MessageRejected], "undeliverable"),
        ([Outcome::Deferred, Outcome::Accepted], "undeliverable"),
        ([Outcome::MessageRejected, Outcome::Unknown], "unknown"),
    ] {
        let verdict = |(place, outcome)| RecipientVerdict { place, outcome, reason: "smtp_550".to_owned() };
        node.store.rows.lock().unwrap()[0].status.recipient_verdicts = (0..).zip(outcomes).map(verdict).collect();
        assert_eq!(node.told(&id).await["status"], word, "{outcomes:?}");
    }
}

#[tokio::test]
async fn a_mail_whose_parts_end_otherwise_is_undeliverable_or_unknown() {
    let node = Node::new();
    let id = node.queued().await;
    node.store.put_all(State::Accepted);
    let part = |(state, possible_duplicate)| PartStatus {
        state,
        places: vec![0],
        next_attempt_at: None,
        attempts: 1,
        possible_duplicate,
        verdicts: Vec::new(),
    };
    for (parts, word) in [
        ([(State::Accepted, false), (State::Accepted, true)], "sent"),
        ([(State::Accepted, false), (State::Refused, false)], "undeliverable"),
        ([(State::Expired, false), (State::Accepted, false)], "undeliverable"),
        ([(State::Expired, true), (State::Refused, false)], "unknown"),
    ] {
        node.store.rows.lock().unwrap()[0].status.parts = parts.map(part).into();
        assert_eq!(node.told(&id).await["status"], word, "{parts:?}");
    }
}

#[tokio::test]
async fn a_wrong_client_is_401_before_anything_else_is_wrong_and_hears_nothing_of_what_it_sent() {
    let node = Node::new();
    for client in [Some(json!("wrong-key")), Some(json!("")), Some(json!(1)), Some(Value::Null), None] {
        let mut mail = but("client_id", client.clone());
        mail["recipients"] = json!([]);
        for path in PATHS {
            let (status, answer) = node.post(path, &mail).await;
            let expected = json!({"result": "error", "message": "Missing or invalid client_id"});
            assert_eq!((status, &answer), (401, &expected), "{path} {client:?}");
        }
    }
    assert!(node.store.rows.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_mail_another_clients_and_what_is_no_id_get_the_same_answer() {
    let node = Node::new();
    let id = node.queued().await;
    let of = |key: &str, id: Value| json!({"client_id": key, "submission_id": id});
    let foreign = node.post("/status", &of("shop-key", json!(id))).await;
    assert_eq!(foreign, (200, json!({"result": "error", "message": "unknown submission id"})));
    for other in [json!("d0c539ee71a649528ed59c1a0e419afa"), json!(""), json!("x"), json!(7), json!([])] {
        assert_eq!(node.post("/status", &of("app-key", other.clone())).await, foreign, "{other}");
    }
    for missing in [json!({"client_id": "app-key"}), of("app-key", Value::Null)] {
        let answer = node.post("/status", &missing).await;
        assert_eq!(answer, (400, json!({"result": "error", "message": "submission_id: is missing"})));
    }
}

#[tokio::test]
async fn each_member_that_is_missing_or_wrong_is_named_and_nothing_is_queued() {
    let node = Node::new();
    for (name, value, message) in [
        ("sender", None, "sender: is missing"),
        ("recipients", None, "recipients: is missing"),
        ("subject", None, "subject: is missing"),
        ("body", Some(Value::Null), "body: is missing"),
        ("sender", Some(json!("someone")), "sender: is not an address"),
        ("sender", Some(json!(["me@example.com"])), "sender: is no string"),
        ("recipients", Some(json!([])), "recipients: names nobody"),
        ("recipients", Some(json!("alice@another.com")), "recipients: is no list of strings"),
        ("recipients", Some(json!([1])), "recipients: is no list of strings"),
        ("recipients", Some(json!(["a@b.org", "b"])), "recipients[1]: is not an address"),
        ("recipients", Some(json!(["a@b.org", "b@b.org", "c@b.org", "d@b.org"])), "recipients: names more than 3"),
        ("subject", Some(json!("a\r\nBcc: eve@example.net")), "subject: must not contain control characters"),
        ("body", Some(json!("a\u{0}")), "body: must not contain a NUL"),
    ] {
        let (status, answer) = node.post("/send", &but(name, value)).await;
        assert_eq!((status, &answer["result"]), (400, &json!("error")), "{message}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{answer} is not {message}");
    }
    let (_, answer) = node.post("/send", &json!({"client_id": "app-key"})).await;
    let all = "sender: is missing; recipients: is missing; subject: is missing; body: is missing";
    assert_eq!(answer["message"], all);
    assert!(node.store.rows.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_object_in_json_is_400() {
    let node = Node::new();
    for body in
        ["", "{", "[]", "null", r#"["app-key","a@b.org",["c@d.org"],"s","b"]"#, r#"{"client_id":"a","client_id":"b"}"#]
    {
        let (status, answer, _) = node.call("POST", "/send", &JSON, body).await;
        assert_eq!((status, &answer["result"]), (400, &json!("error")), "{body}");
    }
    for kind in ["text/plain", ""] {
        let (status, answer, _) = node.call("POST", "/send", &[("content-type", kind)], &mail().to_string()).await;
        assert_eq!((status, &answer["message"]), (400, &json!("Expected application/json data")));
    }
    let with_charset = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(node.call("POST", "/send", &with_charset, &mail().to_string()).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn no_body_however_broken_is_a_fault_of_ours_and_what_is_taken_is_the_mail() {
    let (node, mut rng, whole) = (Node::new(), fastrand::Rng::new(), mail().to_string());
    let seed = rng.get_seed();
    for _ in 0..500 {
        let mut body = whole.clone().into_bytes();
        for _ in 0..rng.usize(1..4) {
            if body.is_empty() {
                break;
            }
            let at = rng.usize(..body.len());
            match rng.u8(..3) {
                0 => body[at] = *rng.choice(b"{}[]\",:\\ua0\0\n@\xff").unwrap(),
                1 => drop(body.drain(at..(at + rng.usize(1..9)).min(body.len()))),
                _ => body.truncate(at.max(1)),
            }
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        let (status, answer, _) = node.call("POST", "/send", &JSON, &body).await;
        assert!([200, 400, 401].contains(&status), "seed {seed}: {status} {answer} of {body}");
        let is_object = serde_json::from_str::<Value>(&body).is_ok_and(|value| value.is_object());
        assert!(is_object || status == 400, "seed {seed}: {status} {answer} of {body}");
    }
}

#[tokio::test]
async fn what_the_listener_refuses_at_these_paths_is_in_their_form() {
    let node = Node::new();
    let encoded = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let large = [("content-type", "application/json"), ("content-length", "100001")];
    for (method, headers, expected) in
        [("GET", &JSON[..], 405), ("DELETE", &JSON, 405), ("POST", &encoded, 400), ("POST", &large, 413)]
    {
        for path in PATHS {
            let (status, answer, _) = node.call(method, path, headers, "").await;
            assert_eq!((status, &answer["result"]), (expected, &json!("error")), "{method} {path}");
        }
    }
    node.store.does(Some(Fault::Panic));
    let (status, answer) = node.post("/send", &mail()).await;
    assert_eq!((status, &answer["result"]), (500, &json!("error")), "{answer}");
}

#[tokio::test]
async fn a_client_has_the_domains_and_the_rate_of_its_caller() {
    let node = Node::new();
    let of_shop = |sender: &str| {
        let mut mail = but("client_id", Some(json!("shop-key")));
        mail["sender"] = json!(sender);
        mail
    };
    let (status, answer) = node.post("/send", &of_shop("me@example.com")).await;
    assert_eq!(
        (status, &answer["message"]),
        (403, &json!("sender: is not of a domain that this client may send from"))
    );
    assert_eq!(node.post("/send", &of_shop("me@shop.example")).await.0, 200);
    let question = json!({"client_id": "shop-key", "submission_id": "x"});
    assert_eq!(node.post("/status", &question).await.0, 200, "each call counts");
    let (status, answer, wait) = node.call("POST", "/status", &JSON, &question.to_string()).await;
    assert_eq!((status, &answer["result"]), (429, &json!("error")));
    assert!(wait.is_some_and(|wait| wait > 0));
}

#[tokio::test]
async fn a_sender_that_no_upstream_may_send_for_is_400() {
    let node = Node::new();
    *node.store.refused_domain.lock().unwrap() = "example.com";
    let (status, answer) = node.post("/send", &mail()).await;
    assert_eq!((status, &answer["message"]), (400, &json!("sender: no provider of this service may send for it")));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_take_a_mail_or_does_not_say_so_is_told_apart() {
    let node = Node::new();
    for (fault, expected, waits) in [
        (Fault::Down, 503, true),
        (Fault::Full(Full::Disk), 503, true),
        (Fault::Unclear, 504, false),
        (Fault::Hang, 504, false),
    ] {
        node.store.does(Some(fault));
        let (status, answer, wait) = node.call("POST", "/send", &JSON, &mail().to_string()).await;
        assert_eq!((status, &answer["result"], wait.is_some()), (expected, &json!("error"), waits), "{answer}");
        let id = answer["submission_id"].as_str().map(str::to_owned);
        assert_eq!(id.is_some(), expected == 504, "{answer}");
        node.store.does(None);
        if fault == Fault::Unclear {
            assert_eq!(node.told(&id.unwrap()).await["status"], "queued", "it was written");
        }
    }
    let id = node.queued().await;
    node.store.does(Some(Fault::Down));
    let (status, answer) = node.post("/status", &json!({"client_id": "app-key", "submission_id": id})).await;
    assert_eq!((status, &answer["result"]), (503, &json!("error")), "{answer}");
}

#[test]
fn the_document_has_these_paths_and_an_example_of_each_answer() {
    let document = serde_json::to_value(document()).unwrap();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, PATHS);
    assert_eq!((unnamed(&document), without_true_example(&document)), (Vec::new(), Vec::new()));
}
