//! `SMSP_LOG_LEVEL`: `warn` writes nothing for a mail that goes well, and all the rest of what is worth a look.

use super::*;
use crate::harness::process;

/// A node that does not log where it listens.
struct Quiet {
    process: Process,
    client: Client,
}

impl Quiet {
    async fn start(settings: &Settings) -> Self {
        let process = Process::smsp(&["serve"], settings);
        let client = eventually("one of two listeners is the API", async || {
            for address in process.listens_on() {
                let client =
                    Client::new(&format!("http://{address}"), settings.get("SMSP_API_KEY").unwrap_or_default());
                if process.listens_on().len() == 2 && client.healthcheck().await.status == 200 {
                    return Ok(client);
                }
            }
            Err(process.evidence())
        });
        let client = client.await;
        Self { process, client }
    }

    fn log(&self) -> Vec<Value> {
        self.process.stdout().iter().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

#[tokio::test]
async fn at_warn_no_line_is_written_for_a_mail_that_goes_well_or_that_its_caller_has_to_mend() {
    let quiet = Quiet::start(&Settings::mock().with("SMSP_LOG_LEVEL", "warn")).await;
    let key = [("idempotency-key", "a-key")];
    for _ in 0..2 {
        quiet.client.post_raw(mails::plain().to_string(), &key).await.expect(200);
    }
    quiet.client.post_raw("{", &[]).await.expect(400);
    quiet.client.get("/nowhere").await.expect(404);
    let id = [("x-request-id", "the-one-that-fails")];
    quiet.client.post_raw(mails::with_subject("fail").to_string(), &id).await.expect(502);
    let line = eventually("the attempt that failed is in the log", async || {
        let log = quiet.log();
        log.first().cloned().ok_or_else(|| quiet.process.evidence())
    })
    .await;
    let words = ["level", "message", "outcome", "request_id", "caller"].map(|name| line[name].as_str());
    let expected = ["WARN", "attempt", "unavailable", "the-one-that-fails", "caller"];
    assert_eq!(words, expected.map(Some), "its fields are those of its request: {line}");
    assert_eq!(quiet.log().len(), 1, "{}", quiet.process.evidence());
}

#[tokio::test]
async fn at_error_no_warning_is_written() {
    let quiet = Quiet::start(&Settings::mock().with("SMSP_LOG_LEVEL", "error")).await;
    quiet.client.send(&mails::with_subject("fail")).await.expect(502);
    quiet.client.send(&mails::with_subject("panic")).await.expect(500);
    eventually("the panic is in the log", async || {
        let log = quiet.log();
        when(log.iter().any(|line| line["message"] == "panic"), || quiet.process.evidence())
    })
    .await;
    assert!(quiet.log().iter().all(|line| line["level"] == "ERROR"), "{}", quiet.process.evidence());
}

#[tokio::test]
async fn debug_is_the_level_under_both_names() {
    for (name, value) in [("SMSP_LOG_LEVEL", "debug"), ("SMSP_LOG_OUTPUT_DEBUG", "true")] {
        let proxy = Proxy::start(Settings::mock().with(name, value)).await;
        proxy.client.healthcheck().await.expect(200);
        eventually("the health check is in the log", async || {
            let logs = proxy.logs();
            when(logs.iter().any(|line| line["level"] == "DEBUG" && line["path"] == "/healthcheck"), || {
                format!("{name}: {logs:#?}")
            })
        })
        .await;
        let output = process::run(&["check-config"], &Settings::mock().with(name, value)).await;
        let lines: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("SMSP_LOG_")).collect();
        let expected = ["SMSP_LOG_OUTPUT_FORMAT=JSON_ONELINE", "SMSP_LOG_LEVEL=debug", "SMSP_LOG_OUTPUT_DEBUG=true"];
        assert_eq!(lines, expected, "what holds can be read again");
    }
}

#[tokio::test]
async fn levels_that_contradict_each_other_end_the_start() {
    let settings = Settings::mock().with("SMSP_LOG_LEVEL", "warn").with("SMSP_LOG_OUTPUT_DEBUG", "true");
    let output = run(&["serve"], &settings).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    let told = "SMSP_LOG_OUTPUT_DEBUG: contradicts SMSP_LOG_LEVEL, which is `warn`: remove one of them";
    assert!(output.stderr.lines().any(|line| line == told), "{output:?}");
}
