//! What became of a mail.

use serde_json::{Value, json};

use super::normalized::{SEND, shown};
use crate::harness::{Behaviour, Proxy, RefusingPort, Reply, Settings, StubProvider, mails};

pub(super) async fn all() -> Vec<Value> {
    [taken().await, refused().await, vec![some_recipients().await, not_capable().await, fault().await]].concat()
}

/// What a caller hears when both upstreams, `SendGrid` first, do this.
async fn when(title: &str, sendgrid: impl Into<Behaviour>, mailgun: impl Into<Behaviour>) -> Value {
    of(title, sendgrid, mailgun, "safe").await
}

async fn of(title: &str, first: impl Into<Behaviour>, second: impl Into<Behaviour>, failover: &str) -> Value {
    let (sendgrid, mailgun) = (StubProvider::sendgrid().await, StubProvider::mailgun().await);
    sendgrid.does(first.into());
    mailgun.does(second.into());
    let settings = Settings::sendgrid_then_mailgun(&sendgrid.url(), &mailgun.url());
    let proxy = Proxy::start(settings.with("SMSP_FAILOVER", failover)).await;
    shown(SEND, title, &proxy.client.send(&mails::plain()).await)
}

fn forbidden() -> Reply {
    Reply::mailgun_refuses(401, "Forbidden")
}

async fn taken() -> Vec<Value> {
    let accepts = Reply::mailgun_accepts;
    vec![
        when("Accepted", Reply::sendgrid_accepts(), accepts()).await,
        when("Accepted by the second provider", Reply::new(429, ""), accepts()).await,
        of("A possible duplicate", Behaviour::Close, accepts(), "always").await,
    ]
}

async fn refused() -> Vec<Value> {
    let unverified = Reply::sendgrid_refuses_the_sender;
    let sendgrid = StubProvider::sendgrid().await;
    sendgrid.does(unverified().into());
    let proxy = Proxy::start(Settings::server().sendgrid(&sendgrid.url())).await;
    vec![
        shown(SEND, "No provider may send for the sender", &proxy.client.send(&mails::plain()).await),
        when("A provider refused the message", Reply::sendgrid_refuses(400, "no"), forbidden()).await,
        when("Every account is refused", forbidden(), forbidden()).await,
        when("A refused sender and a refused account", unverified(), forbidden()).await,
        when("A provider asks to wait", Reply::new(429, ""), forbidden()).await,
        when("No clear answer from the provider", Behaviour::Close, forbidden()).await,
        unreachable().await,
    ]
}

async fn unreachable() -> Value {
    let nobody = RefusingPort::reserve();
    let proxy = Proxy::start(Settings::mailgun_then_sendgrid(&nobody.url(), &nobody.url())).await;
    shown(SEND, "No provider can be reached", &proxy.client.send(&mails::plain()).await)
}

async fn some_recipients() -> Value {
    let mandrill = StubProvider::sendgrid().await;
    let said = json!([
        {"email": "b@example.net", "status": "rejected", "reject_reason": "hard-bounce", "_id": "m1"},
        {"email": "c@example.net", "status": "sent", "reject_reason": null, "_id": "m2"},
    ]);
    mandrill.answers(200, &said.to_string());
    let proxy = Proxy::start(Settings::server().mandrill(&mandrill.url())).await;
    let mail = mails::but("to", json!(["b@example.net", "c@example.net"]));
    shown(SEND, "Accepted for some recipients", &proxy.client.send(&mail).await)
}

/// Brevo takes one address for answers.
async fn not_capable() -> Value {
    let brevo = RefusingPort::reserve();
    let settings = Settings::server().with("SMSP_PROVIDERS", "bv").with("SMSP_BV_API_KEY", "brevo-account-key");
    let proxy = Proxy::start(settings.with("SMSP_BV_BASE_URL", &brevo.url())).await;
    let mail = mails::but("reply_to", json!(["a@example.net", "b@example.net"]));
    shown(SEND, "No provider can carry the message", &proxy.client.send(&mail).await)
}

async fn fault() -> Value {
    let proxy = Proxy::start(Settings::mock()).await;
    shown(SEND, "Internal error", &proxy.client.send(&mails::with_subject("panic")).await)
}
