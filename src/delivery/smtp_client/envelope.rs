//! MAIL and RCPT: from whom a mail comes and to whom it goes, and what the far end says of each recipient.
//!
//! A mail is never split: one far end, one transaction. Recipients that are too many for it are refused one by one, as
//! any others are. Where the far end reads ahead (RFC 2920), MAIL and RCPT go ahead of the answers, or a thousand recipients
//! would take a thousand round trips. Deliberately absent: DATA ahead of answers, for a far end that takes nobody may wait for a
//! mail all the same.

use super::extensions::Extensions;
use super::failure::{Failure, expect};
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
    /// Whom a bounce goes to; none: nobody, for the mail is a bounce itself.
    pub from: Option<Address>,
    /// Who gets it.
    pub to: Vec<Address>,
    /// Octets of its lines.
    pub size: usize,
    /// Can only a far end with SMTPUTF8 take it (RFC 6531)?
    pub utf8: bool,
    /// Can only a far end with 8BITMIME take it (RFC 6152)?
    pub eight_bit: bool,
}

/// MAIL, and RCPT for each recipient: what `judge` makes of what is said of each, in their order.
///
/// The replies themselves are not kept: the far end decides how long they are. `progress` is told of every answer, for a mail may
/// have many.
pub async fn announce<T>(
    session: &mut Session,
    envelope: &Envelope,
    judge: impl Fn(&Reply) -> T,
    progress: &impl Progress,
) -> Result<Vec<T>, Failure> {
    exchange(session, &commands(session.extensions(), envelope)?, judge, progress).await
}

/// RSET, and then what [`announce`] does, for a session that has carried another mail.
pub async fn announce_next<T>(
    session: &mut Session,
    envelope: &Envelope,
    judge: impl Fn(&Reply) -> T,
    progress: &impl Progress,
) -> Result<Vec<T>, Failure> {
    let mut commands = commands(session.extensions(), envelope)?;
    commands.insert(0, (Stage::Reset, "RSET".to_owned()));
    exchange(session, &commands, judge, progress).await
}

type Command = (Stage, String);

fn commands(extensions: &Extensions, envelope: &Envelope) -> Result<Vec<Command>, Failure> {
    let parameters = parameters(extensions, envelope)?;
    let from = envelope.from.as_ref().map_or("", Address::as_str);
    let mail = (Stage::Mail, format!("MAIL FROM:<{from}>{parameters}"));
    let rcpt = |to: &Address| (Stage::Rcpt, format!("RCPT TO:<{}>", to.as_str()));
    Ok([mail].into_iter().chain(envelope.to.iter().map(rcpt)).collect())
}

async fn exchange<T>(
    session: &mut Session,
    commands: &[Command],
    judge: impl Fn(&Reply) -> T,
    progress: &impl Progress,
) -> Result<Vec<T>, Failure> {
    let (mut judged, mut rest) = (Vec::with_capacity(commands.len()), commands);
    while !rest.is_empty() {
        session.in_step()?;
        let (now, later) = rest.split_at(at_once(rest, session.extensions().pipelining));
        session.send(&now.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\r\n")).await?;
        for (stage, _) in now {
            let reply = session.reply().await?;
            progress.moved();
            match stage {
                // One that hangs up speaks of no recipient.
                Stage::Rcpt if reply.code != 421 => judged.push(judge(&reply)),
                stage => drop(expect(*stage, 250, reply)?),
            }
        }
        rest = later;
    }
    Ok(judged)
}

/// How many of these, one at least, are sent before the first answer is read.
fn at_once(commands: &[Command], pipelining: bool) -> usize {
    let sums = commands.iter().scan(0, |sum, (_, line)| {
        *sum += line.len() + 2;
        Some(*sum)
    });
    if pipelining { sums.take_while(|sum| *sum <= AHEAD).count().max(1) } else { 1 }
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
mod tests;
