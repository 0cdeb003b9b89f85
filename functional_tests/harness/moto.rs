//! moto, which checks a signature as AWS does: with an account that may send from one domain.

use reqwest::{Client, RequestBuilder, Url};

use super::answer::Answer;
use super::oracle::Oracle;

/// Where the verified domain is.
pub(crate) const REGION: &str = "eu-west-1";
const POLICY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}]}"#;

/// A running moto.
pub(crate) struct Moto {
    oracle: Oracle,
    /// The account's.
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl Moto {
    /// With `domain` verified; from then on it checks every signature.
    pub(crate) async fn start(domain: &str) -> Option<Self> {
        let oracle = Oracle::start("bin/moto_server", &["-H", "127.0.0.1", "-p", "0"]).await?;
        let client = Client::builder().no_proxy().build().expect("a client");
        let url = oracle.url();
        iam(&client, &url, &[("Action", "CreateUser")]).await;
        iam(&client, &url, &[("Action", "PutUserPolicy"), ("PolicyName", "p"), ("PolicyDocument", POLICY)]).await;
        let key = iam(&client, &url, &[("Action", "CreateAccessKey")]).await;
        let identity = serde_json::json!({"EmailIdentity": domain}).to_string();
        let identities = client.post(format!("{url}/v2/email/identities"));
        Answer::to(unchecked(identities, "ses", REGION).header("content-type", "application/json").body(identity))
            .await
            .expect(200);
        let check = client.post(format!("{url}/moto-api/reset-auth")).header("content-type", "text/plain");
        Answer::to(check.body("0")).await.expect(200);
        let (access_key_id, secret_access_key) = (element(&key, "AccessKeyId"), element(&key, "SecretAccessKey"));
        Some(Self { oracle, access_key_id, secret_access_key })
    }

    pub(crate) fn url(&self) -> String {
        self.oracle.url()
    }
}

/// A call about the one user.
async fn iam(client: &Client, url: &str, parameters: &[(&str, &str)]) -> Answer {
    let common = [("Version", "2010-05-08"), ("UserName", "smsp")];
    let form = Url::parse_with_params("http://form", [&common[..], parameters].concat()).expect("a form");
    let call = client.post(url).header("content-type", "application/x-www-form-urlencoded");
    let call = call.body(form.query().unwrap_or_default().to_owned());
    Answer::to(unchecked(call, "iam", "us-east-1")).await.expect(200)
}

/// It finds the service in the scope of a signature, which it does not check yet.
fn unchecked(call: RequestBuilder, service: &str, region: &str) -> RequestBuilder {
    let scope = format!("nobody/20260101/{region}/{service}/aws4_request");
    call.header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
}

#[track_caller]
fn element(answer: &Answer, name: &str) -> String {
    let found = answer.text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once("</"));
    found.unwrap_or_else(|| panic!("no {name} in {answer}")).0.to_owned()
}
