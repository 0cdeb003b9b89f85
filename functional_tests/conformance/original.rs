//! The original project's own functional tests: mock mode, one failure opens the circuit, a probe closes it again.

use crate::harness::target::RECOVERY;
use crate::harness::wait::eventually_within;
use crate::harness::{Target, mails, skip};

#[tokio::test]
async fn a_timeout_opens_the_circuit_and_a_probe_closes_it_again() {
    let target = Target::alone().await;
    let first = target.client.send(&mails::with_subject("test")).await.expect(200);
    if target.is_foreign() && first.json["provider"] != "mock" {
        return skip("the running server is not in mock mode, which the original's scenario needs");
    }
    target.client.send(&mails::with_subject("timeout")).await.expect_problem(504, "unknown", false);
    let while_open = target.client.send(&mails::with_subject("test")).await;
    if target.is_foreign() && while_open.status == 200 {
        return skip("the running server needs SMSP_CIRCUIT_CONSECUTIVE_FAILURES=1 for the original's scenario");
    }
    while_open.expect_problem(503, "none", true);
    eventually_within(RECOVERY, "a probe closes the circuit", async || {
        let answer = target.client.send(&mails::with_subject("test")).await;
        if answer.status == 200 { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}
