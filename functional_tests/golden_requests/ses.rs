//! Amazon SES: in parts and as a file; time and signature are normalised, for the clock is in both.

use serde_json::{Value, json};

use crate::harness::stub_provider::Request;
use crate::harness::{Answer, Proxy, Settings, StubProvider, documents, golden};

async fn sent(mail: &Value) -> (Request, Answer) {
    let stub = StubProvider::sendgrid().await;
    stub.follows(|request| documents::acceptance("ses", request).into());
    let proxy = Proxy::start(Settings::server().ses(&stub.url())).await;
    let receipt = proxy.client.send(mail).await.expect(200).expect_attempts(&["ses:accepted"]);
    assert_eq!(receipt.json["provider_message_id"], "0100", "{receipt}");
    (stub.only_mail(), receipt)
}

fn normalised(request: &Request, receipt: &Answer) -> String {
    let headers = &["authorization", "x-amz-date", "x-amz-security-token", "content-type"];
    let shown = request.normalised(headers, receipt);
    let time = request.header("x-amz-date").unwrap_or_else(|| panic!("no date in {request}"));
    let (_, signature) = shown.split_once("Signature=").unwrap_or_else(|| panic!("no signature in {request}"));
    let signature = signature.lines().next().unwrap_or_default();
    assert!(signature.len() == 64 && time.len() == 16, "{request}");
    shown.replace(signature, "{signature}").replace(time, "{time}").replace(&time[..8], "{date}")
}

#[tokio::test]
async fn ses_gets_the_golden_request() {
    let mut mail = golden::json("mail.json");
    mail["attachments"][0]["filename"] = json!("Bericht.pdf");
    let (request, receipt) = sent(&mail).await;
    golden::check("ses.txt", &normalised(&request, &receipt));
}

#[tokio::test]
async fn ses_gets_the_golden_file_where_parts_are_not_enough() {
    let (request, receipt) = sent(&golden::json("mail.json")).await;
    let data = request.json()["Content"]["Raw"]["Data"].as_str().map(str::to_owned);
    let data = data.unwrap_or_else(|| panic!("no file in {request}"));
    let shown = normalised(&request, &receipt).replace(&data, "{file}");
    golden::check("ses-raw.txt", &format!("{shown}\n{}", file(&data, &receipt)));
}

/// The file behind the base64, without its date and its boundaries.
fn file(data: &str, receipt: &Answer) -> String {
    let bytes = golden::decoded(data);
    let text = String::from_utf8(bytes).unwrap_or_else(|e| panic!("not in 7 bits: {e}"));
    let id = receipt.json["id"].as_str().expect("a receipt has an id");
    let boundaries = text.split("boundary=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let numbered = boundaries
        .enumerate()
        .fold(text.clone(), |shown, (number, boundary)| shown.replace(boundary, &format!("{{boundary {number}}}")));
    let dated = |line: &str| if line.starts_with("Date: ") { "Date: {date}\n".into() } else { format!("{line}\n") };
    numbered.replace(id, "{id}").lines().map(dated).collect()
}
