//! What a dummy is at each provider: the way of real mail, and nothing is sent; or a real mail, if the operator wants it so.

use crate::harness::{Proxy, Reply, Settings, StubProvider};

/// Starts with its circuit open, so that the first thing it does is a dummy; returns that.
async fn dummy(upstream: &str, accepts: Reply, probe: &str) -> String {
    let stub = StubProvider::sendgrid().await;
    stub.does(accepts.into());
    let prefix = format!("SMSP_{}", upstream.to_uppercase());
    let mut settings = Settings::server()
        .with("SMSP_PROVIDERS", upstream)
        .with("SMSP_CIRCUIT_START", "probe")
        .with("SMSP_PROBE", probe)
        .with(&format!("{prefix}_API_KEY"), "account-key")
        .with(&format!("{prefix}_BASE_URL"), &stub.url());
    for (own, name, value) in [("mg", "SMSP_MG_DOMAIN", "mg.example.com"), ("mj", "SMSP_MJ_API_SECRET", "secret")] {
        settings = if own == upstream { settings.with(name, value) } else { settings };
    }
    if upstream == "ses" {
        settings = settings.without("SMSP_SES_API_KEY").ses(&stub.url());
    }
    let proxy = Proxy::start(settings.one_dummy_closes().eager_probes()).await;
    stub.receives_dummies(1).await;
    let closed = async || {
        let circuit = proxy.client.circuit(upstream).await;
        crate::harness::wait::when(circuit["state"] == "closed", || circuit.to_string())
    };
    crate::harness::eventually(&format!("the dummy closes the circuit of {upstream}"), closed).await;
    let dummy = stub.dummies().remove(0);
    if upstream == "mg" { dummy.text() } else { dummy.json().to_string() }
}

async fn is_marked(upstream: &str, accepts: Reply, mark: &str) {
    let auto = dummy(upstream, accepts.clone(), "auto").await;
    assert!(auto.contains(mark), "{upstream}: no {mark} in {auto}");
}

async fn is_real_on_demand(upstream: &str, accepts: Reply, mark: &str) {
    let real = dummy(upstream, accepts, "message").await;
    assert!(!real.contains(mark) && real.contains("dummies@probe.example.org"), "{upstream}: {mark} in {real}");
}

#[tokio::test]
async fn a_dummy_sends_nothing_where_the_provider_has_a_way_for_that() {
    let (row, real) = (is_marked, is_real_on_demand);
    row("mg", Reply::mailgun_accepts(), "name=\"o:testmode\"\r\n\r\nyes").await;
    // Its sandbox answers 200, where a real mail is a 202.
    row("sg", Reply::new(200, ""), r#""sandbox_mode":{"enable":true}"#).await;
    let taken = r#"{"results":{"total_accepted_recipients":1,"id":"1"}}"#;
    row("sp", Reply::new(200, taken), "dummies@probe.example.org.sink.sparkpostmail.com").await;
    row("rs", Reply::new(200, r#"{"id":"1"}"#), "delivered@resend.dev").await;
    row("bv", Reply::new(201, ""), r#""X-Sib-Sandbox":"drop""#).await;
    let taken = r#"{"Messages":[{"Status":"success","To":[{"MessageID":0}]}]}"#;
    row("mj", Reply::new(200, taken), r#""SandboxMode":true"#).await;
    row("ses", Reply::new(200, r#"{"MessageId":"1"}"#), "success@simulator.amazonses.com").await;
    real("mg", Reply::mailgun_accepts(), "o:testmode").await;
    real("sg", Reply::sendgrid_accepts(), "sandbox_mode").await;
    real("rs", Reply::new(200, r#"{"id":"1"}"#), "delivered@resend.dev").await;
    real("bv", Reply::new(201, ""), "X-Sib-Sandbox").await;
}

#[tokio::test]
async fn a_dummy_is_a_real_mail_where_there_is_no_other_way() {
    let mandrill = r#"[{"email":"dummies@probe.example.org","status":"sent"}]"#;
    let postmark = r#"{"ErrorCode":0,"Message":"OK","MessageID":"1"}"#;
    for (upstream, accepts) in [("md", mandrill), ("pm", postmark)] {
        let dummy = dummy(upstream, Reply::new(200, accepts), "auto").await;
        assert!(dummy.contains("dummies@probe.example.org"), "{upstream}: {dummy}");
    }
}
