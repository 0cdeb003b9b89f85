//! What a probe is at each provider: the way of real mail, and nothing is sent; or a real mail, if the operator wants it so.

use futures_util::future::join_all;
use smsp::delivery::provider::Kind;

use crate::harness::{Proxy, StubProvider, documents, eventually, kinds, wait};

/// Starts with its circuit open, so that the first thing it does is a probe; returns that.
async fn probe(kind: &'static Kind, how: &str) -> String {
    let (stub, is_real) = (StubProvider::sendgrid().await, how == "message");
    let accept = if is_real { documents::acceptance } else { documents::acceptance_of_probe };
    stub.follows(move |request| accept(kind.name, request).into());
    let settings = kinds::alone(kind, &stub.url()).with("SMSP_CIRCUIT_START", "probe").with("SMSP_PROBE", how);
    let proxy = Proxy::start(settings.one_probe_closes().eager_probes()).await;
    stub.receives_probes(1).await;
    let closed = async || {
        let circuit = proxy.client.circuit(kind.upstream).await;
        wait::when(circuit["state"] == "closed", || circuit.to_string())
    };
    eventually(&format!("the probe closes the circuit of {}", kind.name), closed).await;
    let probe = stub.probes().remove(0);
    let is_json = probe.header("content-type").is_some_and(|value| value.starts_with("application/json"));
    if is_json { probe.json().to_string() } else { probe.text() }
}

async fn is_marked_unless_it_is_to_be_a_mail(kind: &'static Kind) {
    let (auto, real) = (probe(kind, "auto").await, probe(kind, "message").await);
    let address = "probes@probe.example.org";
    assert!(real.contains(address), "{}: {real}", kind.name);
    match documents::mark_of_probe(kind) {
        Some(mark) => {
            assert!(auto.contains(&mark), "{}: no {mark} in {auto}", kind.name);
            assert!(!real.contains(&mark), "{}: {mark} in {real}", kind.name);
        }
        None => assert!(auto.contains(address), "{}: {auto}", kind.name),
    }
}

#[tokio::test]
async fn a_probe_sends_nothing_where_the_provider_has_a_way_for_that_and_is_a_mail_on_demand() {
    join_all(kinds::over_http().map(is_marked_unless_it_is_to_be_a_mail)).await;
}
