//! Answers to calls under an `Idempotency-Key` that a store holds: across crashes, on every node, and while the store is away.

mod faults;
mod kept;
mod nodes;
mod shown;

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::harness::database::Database;
use crate::harness::{Answer, Behaviour, Client, Gate, Reply, Settings, StubProvider, mails};

/// `POST /email` of the mail with this subject, under the key of the same name.
async fn send(client: &Client, key: &str) -> Answer {
    client.send_with(&mails::with_subject(key), &[("idempotency-key", key)]).await
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

fn id(answer: &Answer) -> String {
    answer.at("/id").as_str().unwrap_or_else(|| panic!("no id: {answer}")).to_owned()
}

/// `GET /email/{id}`.
async fn look(client: &Client, id: &str) -> Answer {
    let request = client.request(Method::GET, &format!("/email/{id}"));
    Answer::to(request.header("x-api-key", client.key())).await
}

fn known(answer: &Answer) -> (&Value, &Value) {
    (answer.at("/delivery"), answer.at("/upstream"))
}

/// A node with a store alone, and one account.
fn settings(database: &Database, provider: &StubProvider) -> Settings {
    without_outbox(database.under(Settings::server().sendgrid(&provider.url()).patient_circuits()))
}

fn without_outbox(settings: Settings) -> Settings {
    settings.without("SMSP_OUTBOX").without("SMSP_OUTBOX_MIN_FREE")
}

/// A provider that accepts a mail once it is let.
async fn gated() -> (StubProvider, Gate) {
    let (provider, gate) = (StubProvider::sendgrid().await, Gate::shut());
    provider.does(Behaviour::AnswerBehind(gate.clone(), Reply::sendgrid_accepts()));
    (provider, gate)
}

/// A call that is under way.
fn sending(client: &Client, key: &str) -> JoinHandle<Answer> {
    let (client, key) = (Arc::new(client.clone()), key.to_owned());
    tokio::spawn(async move { send(&client, &key).await })
}
