//! A mail with many visible recipients: a provider on this machine is no slower for it than the deadline allows.

use serde_json::json;

use crate::harness::{Proxy, Settings, mails};

#[tokio::test]
async fn a_maildir_takes_a_mail_with_nine_hundred_visible_recipients_in_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings::maildir(dir.path()).with("SMSP_MAX_RECIPIENTS", "1000");
    let proxy = Proxy::start(settings.with("SMSP_REQUEST_DEADLINE", "5s")).await;
    let to: Vec<_> = (0..900).map(|number| format!("r{number}@example.net")).collect();
    proxy.client.send(&mails::but("to", json!(to))).await.expect(200);
}
