//! Signatures of botocore 1.44 (`SigV4Auth`, its clock held at the same time) for the same requests.

use std::time::Duration;

use super::*;

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BODY: &str = r#"{"a":"ü"}"#;

fn signed(host: &str, token: Option<&str>, body: &str) -> Vec<(&'static str, String)> {
    let endpoint = Url::parse(&format!("{host}/v2/email/outbound-emails")).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_298_709);
    Signer::new("eu-west-1", ID, SECRET, token).sign(&endpoint, body.as_bytes(), now).unwrap()
}

fn header(headers: &[(&str, String)], name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

#[test]
fn the_signature_is_that_of_an_independent_signer() {
    let (names, with_token) = ("content-type;host;x-amz-date", "content-type;host;x-amz-date;x-amz-security-token");
    let ses = "https://email.eu-west-1.amazonaws.com";
    for (host, token, names, signature) in [
        (ses, None, names, "383fc42800543c508d21b16dee4ffba7acd708f046a15f65ea625921ebdd145c"),
        (ses, Some("session/token+="), with_token, "a5aad0c798bb1f3bc10b19a8278f0f2a8a13791d5389830d376ceaf18b460aeb"),
        ("http://127.0.0.1:5555", None, names, "c94075cd662d7553e7656ccdb5af1d634728c5e799027afc29555eff31deea0a"),
    ] {
        let headers = signed(host, token, BODY);
        let scope = format!("{ID}/20261121/eu-west-1/ses/aws4_request");
        let expected = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}");
        assert_eq!(header(&headers, "authorization"), Some(expected), "{host} {token:?}");
        assert_eq!(header(&headers, "x-amz-date").as_deref(), Some("20261121T220509Z"));
        assert_eq!(header(&headers, "x-amz-security-token").as_deref(), token);
    }
}

#[test]
fn a_schemes_own_port_is_not_signed_for_it_is_not_sent() {
    let ses = "https://email.eu-west-1.amazonaws.com";
    assert_eq!(signed(ses, None, BODY), signed(&format!("{ses}:443"), None, BODY));
    assert_ne!(signed(ses, None, BODY), signed(&format!("{ses}:8443"), None, BODY));
}

#[test]
fn another_body_has_another_signature() {
    let ses = "https://email.eu-west-1.amazonaws.com";
    assert_ne!(signed(ses, None, BODY), signed(ses, None, r#"{"a": "ü"}"#));
}

#[test]
fn a_key_that_fits_into_no_header_signs_nothing() {
    let endpoint = Url::parse("http://127.0.0.1").unwrap();
    let token = Some("a\nb");
    assert!(Signer::new("eu-west-1", ID, SECRET, token).sign(&endpoint, b"", SystemTime::now()).is_err());
}
