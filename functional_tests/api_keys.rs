//! Where the caller's key comes from; `conformance::auth` has what is refused.

use std::fs;

use tempfile::NamedTempFile;

use crate::harness::{Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn the_key_may_stand_in_a_file() {
    let file = NamedTempFile::new().expect("a temporary file can be made");
    fs::write(file.path(), "key-from-a-mounted-secret\n").expect("a temporary file can be written");
    let settings = Settings::mock().without("SMSP_API_KEY");
    let proxy = Proxy::start(settings.with("SMSP_API_KEY_FILE", &file.path().display().to_string())).await;
    let from_file = [("x-api-key", "key-from-a-mounted-secret")];
    proxy.client.post_raw(mails::plain().to_string(), &from_file).await.expect(200);
    proxy.client.post_raw(mails::plain().to_string(), &[("x-api-key", "")]).await.expect_problem(401, "none", false);
}

#[tokio::test]
async fn nothing_without_a_valid_key_reaches_a_provider() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    proxy.client.post_raw(mails::plain().to_string(), &[("x-api-key", "wrong")]).await.expect(401);
    proxy.client.send(&mails::plain()).await.expect(200);
    mailgun.only_mail();
}
