//! The part for programs (RFC 3464 2): a group of fields for the mail, and one for each recipient.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use super::undelivered::{Bounce, EXPIRED, Undelivered};
use crate::delivery::mime;
use crate::runtime::unix_time::UnixTime;

/// No enhanced code is known (RFC 3463 2).
const UNSPECIFIED: &str = "5.0.0";
/// The time of delivery is over (RFC 3463 3.5).
const TIME_OVER: &str = "4.4.7";

/// All groups; LF ends each line.
pub(super) fn status(bounce: &Bounce<'_>) -> String {
    let mail = format!(
        "Reporting-MTA: dns; {}\nX-SMSP-Id: {}\nArrival-Date: {}\n",
        bounce.reporter,
        bounce.mail,
        date(bounce.accepted_at)
    );
    let groups = bounce.recipients.iter().map(recipient);
    [mail].into_iter().chain(groups).collect::<Vec<_>>().join("\n")
}

fn recipient(recipient: &Undelivered<'_>) -> String {
    let mut group =
        format!("Final-Recipient: {}\nAction: failed\nStatus: {}\n", address(recipient.address), code(recipient));
    // Memory takes whatever is written.
    if let Some(host) = recipient.host {
        let _ = writeln!(group, "Remote-MTA: dns; {host}");
    }
    if let Some(diagnostic) = diagnostic(recipient) {
        let _ = writeln!(group, "Diagnostic-Code: smtp; {diagnostic}");
    }
    if let Some(time) = recipient.tried_at {
        let _ = writeln!(group, "Last-Attempt-Date: {}", date(time));
    }
    group
}

/// In letters of ASCII, whatever stands before the @ (RFC 6533 3).
fn address(address: &str) -> String {
    if address.is_ascii() {
        return format!("rfc822; {address}");
    }
    let escaped = address.chars().map(|c| match c {
        // What is not escaped is QCHAR: printable but for `\`, `+` and `=`.
        '!'..='~' if !matches!(c, '\\' | '+' | '=') => c.to_string(),
        _ => format!("\\x{{{:02X}}}", u32::from(c)),
    });
    format!("utf-8; {}", escaped.collect::<String>())
}

/// The enhanced code, whose class is that of a failure (RFC 3463 2).
fn code<'a>(recipient: &Undelivered<'a>) -> &'a str {
    let missing = if recipient.reason == EXPIRED { TIME_OVER } else { UNSPECIFIED };
    recipient.code.filter(|code| is_code(code)).unwrap_or(missing)
}

/// `5.1.1`: a class, a subject of up to three digits and a detail of as many.
fn is_code(code: &str) -> bool {
    let parts: Vec<_> = code.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && matches!(parts[0], "4" | "5") && parts.iter().all(is_number)
}

/// The reply of the server: its code, and never its text.
fn diagnostic(recipient: &Undelivered<'_>) -> Option<String> {
    let reply = recipient.reason.strip_prefix("smtp_")?;
    Some([reply].into_iter().chain(recipient.code).collect::<Vec<_>>().join(" "))
}

fn date(time: UnixTime) -> String {
    let since_1970 = Duration::from_millis(u64::try_from(time.0).unwrap_or_default());
    let time = SystemTime::UNIX_EPOCH.checked_add(since_1970).unwrap_or(SystemTime::UNIX_EPOCH);
    mime::date(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_none_of_a_failure_is_left_out() {
        let code = |code, reason| code_of(code, reason).to_owned();
        assert_eq!(code(Some("5.1.1"), "smtp_550"), "5.1.1");
        assert_eq!(code(Some("4.7.1"), "attempts"), "4.7.1");
        assert_eq!(code(None, EXPIRED), "4.4.7");
        for wrong in ["2.0.0", "5.1", "5.1.1111", "5.1.1 unknown", "550", "5.1.\u{661}", ""] {
            assert_eq!(code(Some(wrong), "smtp_550"), "5.0.0", "{wrong}");
        }
    }

    fn code_of<'a>(code: Option<&'a str>, reason: &'a str) -> &'a str {
        super::code(&Undelivered { address: "a@b.org", reason, code, host: None, tried_at: None })
    }

    #[test]
    fn an_address_beyond_ascii_is_written_in_ascii() {
        assert_eq!(address("a+b@example.org"), "rfc822; a+b@example.org");
        assert_eq!(address("j\u{f6}+\u{4e2d}@example.org"), "utf-8; j\\x{F6}\\x{2B}\\x{4E2D}@example.org");
    }
}
