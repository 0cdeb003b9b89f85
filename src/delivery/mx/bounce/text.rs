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
    let host = recipient.host.unwrap_or("its mail server");
    let code = recipient.code.map(|code| format!(" ({code})")).unwrap_or_default();
    match recipient.reason {
        ATTEMPTS => format!("It was not taken in any attempt{code}; the last one was at {host}."),
        EXPIRED => format!("It could not be delivered before its time was over{code}."),
        "no_such_domain" => format!("Its domain does not exist{code}."),
        "null_mx" => format!("Its domain takes no mail{code}."),
        "no_mail_server" => format!("Its domain has no mail server{code}."),
        reason => match reason.strip_prefix("smtp_") {
            Some(reply) => format!("{host} has refused it: {reply}{code}."),
            None => format!("It was refused: {reason}{code}."),
        },
    }
}
