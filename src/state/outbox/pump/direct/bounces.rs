//! Makes the bounce that is due of a mail: of the recipients that it does not reach, to the envelope sender.
//!
//! A bounce is a mail of the outbox as any other, of a caller that nobody else can be, and has no sender.

use super::super::super::{Batch, DueBounce, FailedPart, State};
use super::super::contents::Contents;
use crate::delivery::mx::bounce::{self, Bounce, EXPIRED, Undelivered};
use crate::model::caller::{BOUNCES, CallerName};
use crate::model::message::{Address, Id, Message};
use crate::model::submission::{SendOptions, Submission};
use crate::runtime::ids;

/// The address of a caller, if it has one.
type AddressOf = dyn Fn(&CallerName) -> Option<Address> + Send + Sync;
/// Seals a mail, which is found by these addresses too.
type Seal = dyn Fn(Submission, &[Address]) -> Option<Batch> + Send + Sync;

/// What makes bounces.
pub struct Bounces {
    /// The name of this node.
    pub reporter: String,
    /// The bounce address of a caller, if it has one.
    pub address: Box<AddressOf>,
    /// Makes a mail of the node's own ready for the store: found by these addresses too.
    pub seal: Box<Seal>,
}

/// A bounce that the store may take.
pub(super) struct Sealed {
    pub(super) id: Id,
    pub(super) batch: Batch,
    /// How many it tells of.
    pub(super) recipients: usize,
}

impl Bounces {
    /// The bounce of this mail, whose message is known or may be there. None: nobody can be told.
    pub(super) fn make(&self, contents: &dyn Contents, due: &DueBounce, message: Option<&Message>) -> Option<Sealed> {
        let DueBounce { id, caller, content, .. } = due;
        let open = || contents.open(*id, caller, content.as_ref()?);
        let opened = if message.is_none() { open() } else { None };
        let message = message.or(opened.as_ref().map(|submission| &submission.message));
        let sender = match message {
            Some(message) => message.bounce_address().cloned(),
            None => (self.address)(caller),
        };
        let addresses = contents.recipients(*id, due.recipients.as_ref()?)?;
        let undelivered = undelivered(due, &addresses);
        let (reporter, accepted_at, recipients) = (&*self.reporter, due.accepted_at, undelivered.len());
        let told = Bounce { reporter, mail: *id, accepted_at, recipients: &undelivered, message };
        let bounce = ids::fresh().into();
        let message = bounce::message(&told, bounce, &sender?).ok()?;
        let names = names(&undelivered, told.message);
        let submission = Submission { message, caller: BOUNCES.into(), options: SendOptions::default() };
        Some(Sealed { id: bounce, batch: (self.seal)(submission, &names)?, recipients })
    }
}

/// Whom a bounce names: who does not get the mail, and who is in the head of it that is shown.
fn names(undelivered: &[Undelivered<'_>], shown: Option<&Message>) -> Vec<Address> {
    let failed = undelivered.iter().filter_map(|one| one.address.parse().ok());
    let mailboxes = shown.into_iter().flat_map(|message| message.to().iter().chain(message.cc()));
    failed.chain(mailboxes.map(|mailbox| mailbox.address().clone())).collect()
}

/// Who does not get it; of a mail that was never split that is everybody.
fn undelivered<'a>(due: &'a DueBounce, addresses: &'a [String]) -> Vec<Undelivered<'a>> {
    if due.parts.is_empty() {
        let expired =
            |address: &'a String| Undelivered { address, reason: EXPIRED, code: None, host: None, tried_at: None };
        return addresses.iter().map(expired).collect();
    }
    due.parts.iter().flat_map(|part| of_part(part, addresses)).collect()
}

fn of_part<'a>(part: &'a FailedPart, addresses: &'a [String]) -> impl Iterator<Item = Undelivered<'a>> {
    part.places.iter().filter_map(|place| {
        let last = part.verdicts.iter().find(|verdict| verdict.place == *place);
        let reason = last.map_or(EXPIRED, |last| &last.reason);
        Some(Undelivered {
            address: addresses.get(usize::try_from(*place).ok()?)?,
            reason: if part.state == State::Expired { EXPIRED } else { reason },
            code: last.and_then(|last| last.code.as_deref()),
            host: last.and_then(|last| last.host.as_deref()),
            tried_at: part.tried_at,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Draft;

    #[test]
    fn a_bounce_is_found_by_who_does_not_get_the_mail_and_by_who_is_in_the_head_that_it_shows() {
        let to = |address: &str| vec![address.parse().unwrap()];
        let (to, cc, bcc) = (to("a@example.org"), to("b@example.org"), to("c@example.org"));
        let draft = Draft { to, cc, bcc, ..Draft::default() };
        let message = Message::new(ids::fresh().into(), "s@example.org".parse().unwrap(), draft).unwrap();
        let failed = Undelivered { address: "c@example.org", reason: "", code: None, host: None, tried_at: None };
        let found = |shown| {
            let found = names(std::slice::from_ref(&failed), shown);
            found.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found(Some(&message)), ["c@example.org", "a@example.org", "b@example.org"]);
        assert_eq!(found(None), ["c@example.org"]);
    }
}
