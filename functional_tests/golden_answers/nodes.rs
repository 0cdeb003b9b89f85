//! What a node says that cannot take a mail now.

use serde_json::Value;

use super::normalized::{HEALTHCHECK, SEND, shown};
use crate::harness::{Behaviour, Gate, Proxy, RefusingPort, Reply, Settings, StubProvider, eventually, mails};

pub(super) async fn all() -> Vec<Value> {
    [all_open().await, vec![overloaded().await, leaving().await]].concat()
}

async fn all_open() -> Vec<Value> {
    let nobody = RefusingPort::reserve();
    let settings = Settings::mailgun_then_sendgrid(&nobody.url(), &nobody.url()).one_failure_opens();
    let proxy = Proxy::start(settings.with("SMSP_ALL_OPEN", "unhealthy")).await;
    proxy.client.send(&mails::plain()).await.expect_problem(502, "none", true);
    vec![
        shown(SEND, "All circuits are open", &proxy.client.send(&mails::plain()).await),
        shown(HEALTHCHECK, "All circuits are open", &proxy.client.healthcheck().await),
    ]
}

async fn overloaded() -> Value {
    let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let proxy = Proxy::start(Settings::server().mailgun(&mailgun.url()).with("SMSP_MAX_IN_FLIGHT", "1")).await;
    let client = proxy.client.clone();
    let sending = tokio::spawn(async move { client.send(&mails::plain()).await });
    mailgun.receives_mails(1).await;
    let shed = shown(SEND, "This node is overloaded", &proxy.client.send(&mails::plain()).await);
    gate.open();
    sending.await.expect("the caller's task goes on").expect(200);
    shed
}

async fn leaving() -> Value {
    let proxy = Proxy::start(Settings::mock().with("SMSP_DRAIN_DELAY", "20s")).await;
    proxy.terminate();
    let answer = eventually("the health check says that the node goes", async || {
        let answer = proxy.client.healthcheck().await;
        if answer.status == 503 { Ok(answer) } else { Err(answer.to_string()) }
    });
    shown(HEALTHCHECK, "This node is shutting down", &answer.await)
}
