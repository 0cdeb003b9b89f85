//! `smsp route`: asks the running node where a mail would go.

use std::io::Read;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::plan_table::table;
use crate::app::config::AdminAccess;

/// The node gives up a body that has not come within ten seconds.
const TIMEOUT: Duration = Duration::from_secs(15);
/// More than any node takes as a mail.
const MAX_MAIL: u64 = 1 << 30;

/// What `smsp route` asks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Question {
    caller: String,
    key: Option<String>,
    as_json: bool,
}

impl Question {
    /// Reads the arguments behind `smsp route`.
    pub fn read(arguments: &[&str]) -> Result<Self, String> {
        let (mut question, mut rest) = (Self::default(), arguments);
        loop {
            (question, rest) = match *rest {
                [] => break,
                ["--caller", caller, ref rest @ ..] => (Self { caller: caller.to_owned(), ..question }, rest),
                ["--idempotency-key", key, ref rest @ ..] => (Self { key: Some(key.to_owned()), ..question }, rest),
                ["--json", ref rest @ ..] => (Self { as_json: true, ..question }, rest),
                [unknown, ..] => return Err(format!("smsp route does not know `{unknown}`, or it lacks its value")),
            };
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if question.caller.is_empty() || !question.caller.chars().all(is_plain) {
            return Err(
                "smsp route needs --caller NAME, with the name of a caller as in SMSP_API_KEYS; `caller` is the \
                        one of SMSP_API_KEY"
                    .to_owned(),
            );
        }
        if question.key.as_ref().is_some_and(|key| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("--idempotency-key must be 1 to 256 visible ASCII characters".to_owned());
        }
        Ok(question)
    }
}

/// Asks where the mail from `mail` would go, and prints the answer. Would the mail be offered to any upstream?
pub async fn route(
    access: AdminAccess,
    question: Question,
    mail: impl Read,
    print: impl FnOnce(&str),
) -> Result<bool, String> {
    let mut body = Vec::new();
    mail.take(MAX_MAIL).read_to_end(&mut body).map_err(|error| format!("cannot read the mail from stdin: {error}"))?;
    let AdminAccess { address, key } = access;
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build().map_err(|error| error.to_string())?;
    let request = client.post(format!("http://{address}/route?caller={}", question.caller));
    let headers = [("x-admin-key", Some(key.expose_secret())), ("idempotency-key", question.key.as_deref())];
    let given = headers.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    let request = given.fold(request, |request, (name, value)| request.header(name, value));
    let answer = request.header(CONTENT_TYPE, "application/json").body(body).send().await;
    let answer = answer.map_err(|_| format!("no answer from {address}; is the admin listener of smsp there?"))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|_| format!("{address} did not finish its answer"))?;
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    if !status.is_success() {
        let detail = json["detail"].as_str().unwrap_or("it says no more");
        return Err(format!("{address} answers {status}: {detail}"));
    }
    print(&if question.as_json { text } else { table(&json) });
    Ok(json["would"] == "accepted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_a_caller_and_perhaps_a_key_in_any_order() {
        let question = Question::read(&["--json", "--caller", "shop", "--idempotency-key", "order-17"]).unwrap();
        let expected = Question { caller: "shop".to_owned(), key: Some("order-17".to_owned()), as_json: true };
        assert_eq!(question, expected);
    }

    #[test]
    fn a_question_without_a_sound_caller_is_refused_with_what_is_missing() {
        for (arguments, problem) in [
            (&[][..], "needs --caller"),
            (&["--caller"], "does not know `--caller`, or it lacks its value"),
            (&["--caller", ""], "needs --caller"),
            (&["--caller", "a&b"], "needs --caller"),
            (&["--caller", "a", "mail.json"], "does not know `mail.json`"),
            (&["--caller", "a", "--idempotency-key", "a b"], "visible ASCII"),
        ] {
            let error = Question::read(arguments).unwrap_err();
            assert!(error.contains(problem), "{arguments:?}: {error}");
        }
    }
}
