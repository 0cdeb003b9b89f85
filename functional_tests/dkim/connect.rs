//! `smsp check-config --connect`, with a name server and a mail host of the test's own.

use std::net::Ipv4Addr;

use hickory_resolver::proto::rr::RecordType;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::{new_keys, printed, settings};
use crate::harness::name_server::{NameServer, Record, Says};
use crate::harness::wait::PATIENCE;
use crate::harness::{Process, run};

/// A mail host's address on loopback that greets everybody; its port 25 is ours where the name server's 53 is.
const MAIL_HOST: Ipv4Addr = Ipv4Addr::new(127, 25, 25, 25);

fn record(name: &str, kind: RecordType, text: &str) -> Record {
    (name.to_owned(), kind, text.to_owned())
}

#[tokio::test]
async fn a_domain_with_all_records_and_a_way_out_lacks_nothing_and_one_record_less_is_told() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = new_keys(directory.path(), "example.org").await;
    let mut zone: Vec<_> = printed(&output).iter().map(|(name, text)| record(name, RecordType::TXT, text)).collect();
    let address = MAIL_HOST.to_string();
    zone.extend([
        record("mail.example.org", RecordType::A, "192.0.2.7"),
        record("7.2.0.192.in-addr.arpa", RecordType::PTR, "mail.example.org."),
        record("example.com", RecordType::MX, "10 mx.example.com."),
        record("mx.example.com", RecordType::A, &address),
    ]);
    let Some(names) = NameServer::start(Says::Zone(zone.clone().leak())).await else { return };
    let host = TcpListener::bind((MAIL_HOST, 25)).await.expect("port 25 of loopback is ours");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = host.accept().await {
            let _ = stream.write_all(b"220 mx.example.com\r\n").await;
        }
    });
    let command =
        || names.asking(&["check-config", "--changed", "--connect", "example.com"], &settings(directory.path()));
    let output = Process::start(command()).output(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("SMSP_DKIM_DIR=") && !output.stdout.contains("SMSP_ROUTING="), "{output:?}");
    let found: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("# ok: ")).collect();
    for about in ["DKIM: ", "SPF of example.org: 192.0.2.7", "DMARC of", "reverse DNS: ", "port 25: mx.example.com"] {
        assert!(found.iter().any(|line| line.contains(about)), "{about}: {output:?}");
    }
    zone.retain(|(name, ..)| name != "_dmarc.example.org");
    names.says(Says::Zone(zone.leak()));
    let output = Process::start(command()).output(PATIENCE).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stdout.contains("# missing: DMARC of example.org: there is no policy: publish"), "{output:?}");
}

#[tokio::test]
async fn what_follows_connect_has_to_be_a_domain_or_an_option() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = run(&["check-config", "--connect", "localhost"], &settings(directory.path())).await;
    assert!(output.code == Some(64) && output.stderr.contains("localhost is no domain"), "{output:?}");
    let output = run(&["check-config", "--connected"], &settings(directory.path())).await;
    assert!(output.code == Some(64) && output.stderr.contains("check-config --help"), "{output:?}");
}
