//! `smsp route`: asks the running node where a mail would go.

use std::io::Read;

use super::admin_client::{AdminClient, Answer};
use super::plan_table::table;
use crate::app::config::AdminAccess;
use crate::model::caller::is_name;
use crate::model::message::key::IdempotencyKey;

/// Bytes; more than any node takes as a mail.
const MAX_MAIL: u64 = 1 << 30;
const OPTIONS: [&str; 3] = ["--caller", "--idempotency-key", "--json"];

/// The arguments of `smsp route`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    caller: String,
    key: Option<String>,
    as_json: bool,
}

impl Arguments {
    /// Reads what stands behind `smsp route`.
    pub fn read(arguments: &[&str]) -> Result<Self, String> {
        let (mut read, mut rest) = (Self::default(), arguments);
        loop {
            (read, rest) = match *rest {
                [] => break,
                ["--json", ref rest @ ..] => (Self { as_json: true, ..read }, rest),
                [option, value, ..] if OPTIONS.contains(&option) && OPTIONS.contains(&value) => {
                    return Err(format!("{option} lacks its value: `{value}` is an option"));
                }
                ["--caller", caller, ref rest @ ..] => (Self { caller: caller.to_owned(), ..read }, rest),
                ["--idempotency-key", key, ref rest @ ..] => (Self { key: Some(key.to_owned()), ..read }, rest),
                [unknown, ..] => return Err(format!("smsp route does not know `{unknown}`, or it lacks its value")),
            };
        }
        if !is_name(&read.caller) {
            let needed = "smsp route needs --caller NAME, with the name of a caller as in SMSP_API_KEYS";
            return Err(format!("{needed}; `caller` is the one of SMSP_API_KEY"));
        }
        if read.key.as_ref().is_some_and(|key| !IdempotencyKey::allows(key.as_bytes())) {
            return Err("--idempotency-key must be 1 to 256 visible ASCII characters".to_owned());
        }
        Ok(read)
    }
}

/// Asks where the mail from `mail` would go, and prints the answer. Would the mail be offered to any upstream?
pub async fn route(
    access: AdminAccess,
    arguments: Arguments,
    mail: impl Read,
    print: impl FnOnce(&str),
) -> Result<bool, String> {
    let body = read_mail(mail, MAX_MAIL)?;
    let client = AdminClient::new(access)?;
    let request = client.request("/route", &[("caller", arguments.caller)], body)?;
    let request = arguments.key.iter().fold(request, |request, key| request.header("idempotency-key", key));
    let Answer { text, json } = client.send(request).await?;
    print(&if arguments.as_json { text } else { table(&json) });
    Ok(json["would"] == "accepted")
}

/// The whole mail, if it has no more than so many bytes.
fn read_mail(mail: impl Read, most: u64) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    // One byte more tells a mail that is too large from one that just fits.
    let read = mail.take(most + 1).read_to_end(&mut body);
    read.map_err(|error| format!("cannot read the mail from stdin: {error}"))?;
    if body.len() as u64 > most {
        return Err(format!("the mail on stdin has more than {most} bytes, which no node takes"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_a_caller_and_perhaps_a_key_in_any_order() {
        let longest = "k".repeat(256);
        for key in ["order-17", "--order-17", &longest] {
            let arguments = Arguments::read(&["--json", "--caller", "shop", "--idempotency-key", key]).unwrap();
            let expected = Arguments { caller: "shop".to_owned(), key: Some(key.to_owned()), as_json: true };
            assert_eq!(arguments, expected);
        }
    }

    #[test]
    fn arguments_without_a_sound_caller_or_key_are_refused_with_what_is_wrong() {
        let too_long = "k".repeat(257);
        for (arguments, problem) in [
            (&[][..], "needs --caller"),
            (&["--caller"], "does not know `--caller`, or it lacks its value"),
            (&["--caller", ""], "needs --caller"),
            (&["--caller", "a&b"], "needs --caller"),
            (&["--caller", "2shop"], "needs --caller"),
            (&["--caller", "--json"], "--caller lacks its value"),
            (&["--caller", "--idempotency-key", "k"], "--caller lacks its value"),
            (&["--caller", "a", "mail.json"], "does not know `mail.json`"),
            (&["--caller", "a", "--idempotency-key", "--json"], "--idempotency-key lacks its value"),
            (&["--caller", "a", "--idempotency-key", ""], "1 to 256 visible ASCII"),
            (&["--caller", "a", "--idempotency-key", "a b"], "1 to 256 visible ASCII"),
            (&["--caller", "a", "--idempotency-key", &too_long], "1 to 256 visible ASCII"),
        ] {
            let error = Arguments::read(arguments).unwrap_err();
            assert!(error.contains(problem), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn mail_above_the_limit_is_refused_and_not_cut() {
        assert_eq!(read_mail(&b"12345"[..], 5).as_deref(), Ok(&b"12345"[..]));
        let error = read_mail(&b"123456"[..], 5).unwrap_err();
        assert!(error.contains("more than 5 bytes"), "{error}");
    }
}
