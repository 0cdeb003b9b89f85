//! MAIL and RCPT: from whom a mail comes and to whom it goes, and what the far end says of each recipient.
//!
//! A mail is never split: one far end, one transaction. Recipients that are too many for it are refused one by one, as
//! any others are. RCPT goes ahead of the answers where the far end allows that, or a thousand of them would take a
//! thousand round trips. Deliberately absent: MAIL and DATA ahead of answers, which would save two.

use super::extensions::Extensions;
use super::failure::Failure;
use super::progress::Progress;
use super::reply::Reply;
use super::session::Session;
use super::stage::Stage;
use crate::model::message::Address;

/// Bytes of commands ahead of the answers: what the smallest window takes in, so that it never is each side's turn to read
/// (RFC 2920 3.1).
const AHEAD: usize = 4096;

/// What a far end has to know of a mail before its first line.
pub struct Envelope {
    /// Whom a bounce goes to.
    pub from: Address,
    /// Who gets it.
    pub to: Vec<Address>,
    /// Octets of its lines.
    pub size: usize,
    /// Can only a far end with SMTPUTF8 take it (RFC 6531)?
    pub utf8: bool,
    /// Can only a far end with 8BITMIME take it (RFC 6152)?
    pub eight_bit: bool,
}

/// MAIL, and RCPT for each recipient: what is said of each, in their order. `progress` is told of every answer, for a mail
/// may have many.
pub async fn announce(
    session: &mut Session,
    envelope: &Envelope,
    progress: &impl Progress,
) -> Result<Vec<Reply>, Failure> {
    let parameters = parameters(session.extensions(), envelope)?;
    let from = format!("MAIL FROM:<{}>{parameters}", envelope.from.as_str());
    session.expect(Stage::Mail, 250, &from).await?;
    progress.moved();
    let (mut replies, mut rest) = (Vec::with_capacity(envelope.to.len()), &envelope.to[..]);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(at_once(rest, session.extensions().pipelining));
        session.send(&now.iter().map(rcpt).collect::<Vec<_>>().join("\r\n")).await?;
        for _ in now {
            let reply = session.reply().await?;
            progress.moved();
            // It hangs up.
            if reply.code == 421 {
                return Err(Failure::Refused(Stage::Rcpt, reply));
            }
            replies.push(reply);
        }
        rest = later;
    }
    Ok(replies)
}

/// How many of these, one at least, are named before the first answer is read.
fn at_once(recipients: &[Address], pipelining: bool) -> usize {
    let sizes = recipients.iter().map(|to| rcpt(to).len() + 2);
    let sums = sizes.scan(0, |sum, size| {
        *sum += size;
        Some(*sum)
    });
    if pipelining { sums.take_while(|sum| *sum <= AHEAD).count().max(1) } else { 1 }
}

fn rcpt(to: &Address) -> String {
    format!("RCPT TO:<{}>", to.as_str())
}

/// What the far end wants to know beforehand (RFC 1870, RFC 6152, RFC 6531); or why it cannot take the mail.
fn parameters(extensions: &Extensions, envelope: &Envelope) -> Result<String, Failure> {
    let &Envelope { size, utf8, eight_bit, .. } = envelope;
    if extensions.max_size.is_some_and(|most| size > most) {
        return Err(Failure::TooLarge);
    }
    if utf8 && !extensions.smtputf8 {
        return Err(Failure::NoSmtputf8);
    }
    // SMTPUTF8 includes it (RFC 6531 3.1).
    if eight_bit && !(extensions.eight_bit || extensions.smtputf8) {
        return Err(Failure::NoEightBit);
    }
    let size = if extensions.size { format!(" SIZE={size}") } else { String::new() };
    let body = if eight_bit || utf8 { " BODY=8BITMIME" } else { "" };
    Ok(size + body + if utf8 { " SMTPUTF8" } else { "" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_ahead_fits_into_the_smallest_window_and_goes_on(lengths in prop::collection::vec(1..=64_usize, 1..300)) {
            let addresses: Vec<Address> =
                lengths.iter().map(|length| format!("{}@example.net", "x".repeat(*length)).parse().unwrap()).collect();
            let bytes =
                |count: usize| lengths[..count].iter().map(|length| length + "RCPT TO:<@example.net>\r\n".len()).sum::<usize>();
            let count = at_once(&addresses, true);
            prop_assert!(count >= 1 && bytes(count) <= 4096, "{}", bytes(count));
            prop_assert!(count == addresses.len() || bytes(count + 1) > 4096, "{count} of {}", addresses.len());
            prop_assert_eq!(at_once(&addresses, false), 1);
        }
    }
}
