//! A mail that a provider may have and that is sent again, because its operator wants that, says that there may be two.

use std::mem::take;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{becomes, hand_overs, queued};
use crate::harness::{Answer, Behaviour, Proxy, Reply, Settings, StubProvider, mails};

on_both_stores! {
    an_unknown_mail_that_is_sent_again_may_be_a_second_copy,
    an_unknown_mail_that_goes_to_the_next_provider_may_be_a_second_copy,
}

#[track_caller]
fn may_be_two(mail: &Answer) {
    assert_eq!(mail.json["possible_duplicate"], true, "{mail}");
}

async fn an_unknown_mail_that_is_sent_again_may_be_a_second_copy(database: &Database) {
    let provider = StubProvider::sendgrid().await;
    let mut is_first = true;
    provider.follows(move |request| match !request.is_probe() && take(&mut is_first) {
        true => Behaviour::Close,
        false => Reply::sendgrid_accepts().into(),
    });
    let settings = Settings::server().sendgrid(&provider.url()).patient_circuits();
    let settings = settings.with("SMSP_OUTBOX_UNKNOWN", "retry").with("SMSP_OUTBOX_RETRY", "1s");
    let proxy = Proxy::start(database.under(settings)).await;
    let id = queued(&proxy.client, &mails::plain()).await;
    let mail = becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(hand_overs(&mail), ["sg:unknown", "sg:accepted"], "{mail}");
    may_be_two(&mail);
    assert_eq!(provider.mails().len(), 2);
}

async fn an_unknown_mail_that_goes_to_the_next_provider_may_be_a_second_copy(database: &Database) {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).patient_circuits();
    let proxy = Proxy::start(database.under(settings.with("SMSP_FAILOVER", "always"))).await;
    let id = queued(&proxy.client, &mails::plain()).await;
    let mail = becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(hand_overs(&mail), ["mg:unknown", "sg:accepted"], "{mail}");
    may_be_two(&mail);
    mailgun.only_mail();
    sendgrid.only_mail();
}
