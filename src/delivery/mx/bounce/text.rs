//! The part for people.

use super::undelivered::{ATTEMPTS, Bounce, EXPIRED, Undelivered};

/// The whole text; LF ends each line.
pub(super) fn text(bounce: &Bounce<'_>) -> String {
    let recipients: String = bounce.recipients.iter().map(recipient).collect();
    format!(
        "This is the mail service at {}.\n\n\
         A mail of yours could not be delivered to the recipients below, and is not tried again.\n\n{recipients}\n\
         The mail is {}, accepted at {}. This report is about the named recipients alone.\n",
        bounce.reporter, bounce.mail, bounce.accepted_at
    )
}

fn recipient(recipient: &Undelivered<'_>) -> String {
    format!("  {}\n    {}\n", recipient.address, why(recipient))
}

fn why(recipient: &Undelivered<'_>) -> String {
    let code = recipient.code.map(|code| format!(" ({code})")).unwrap_or_default();
    match recipient.reason {
        ATTEMPTS => {
            let last = recipient.host.map(|host| format!("; the last one was at {host}")).unwrap_or_default();
            format!("It was not taken in any attempt{code}{last}.")
        }
        EXPIRED => format!("It could not be delivered before its time was over{code}."),
        "no_such_domain" => format!("Its domain does not exist{code}."),
        "null_mx" => format!("Its domain takes no mail{code}."),
        "own_server" => {
            format!("This mail service is itself the mail server of its domain, and has no such mailbox{code}.")
        }
        "no_mail_server" => format!("Its domain has no mail server{code}."),
        reason => match reason.strip_prefix("smtp_") {
            Some(reply) => {
                format!("{} has refused it: {reply}{code}.", recipient.host.unwrap_or("Its mail server"))
            }
            None => format!("It was refused: {reason}{code}."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::mx::lookup::NoRoute;

    fn told(reason: &str, host: Option<&str>) -> String {
        why(&Undelivered { address: "a@b.org", reason, code: None, host, tried_at: None })
    }

    #[test]
    fn each_reason_for_which_no_server_is_ever_tried_has_a_sentence() {
        for no_route in NoRoute::ALL.into_iter().filter(|no_route| no_route.is_permanent()) {
            let sentence = told(no_route.reason(), None);
            assert!(!sentence.contains(no_route.reason()) && sentence.ends_with('.'), "{no_route:?}: {sentence}");
        }
    }

    #[test]
    fn where_no_server_was_ever_found_none_is_spoken_of() {
        assert_eq!(told(ATTEMPTS, None), "It was not taken in any attempt.");
        let last = "It was not taken in any attempt; the last one was at mx.b.org.";
        assert_eq!(told(ATTEMPTS, Some("mx.b.org")), last);
        assert_eq!(told("smtp_550", None), "Its mail server has refused it: 550.");
    }
}
