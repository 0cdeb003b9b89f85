//! Faults of a mail server, by the stage of the dialogue at which they strike.

use super::fault::Act::{Close, Cut, Say, Silence, Slow};
use super::fault::Stage::{Content, Data, Dot, Ehlo, Greeting, Handshake, Mail, Rcpt, Starttls};

/// What is answered, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Greeting,
    Ehlo,
    Starttls,
    Handshake,
    Mail,
    /// Each recipient by itself.
    Rcpt,
    Data,
    /// In the middle of a mail.
    Content,
    /// The end of a mail.
    Dot,
}

/// What is done instead of the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Say(&'static str),
    Close,
    /// Until the client hangs up, or a time that the run sets is over.
    Silence,
    /// Half an answer, and then the end.
    Cut,
    /// The usual, a moment later.
    Slow,
}

/// One thing that goes wrong.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) stage: Stage,
    pub(super) act: Act,
    /// At the end of a mail: does the server have it by then?
    pub(super) takes: bool,
}

const fn at(stage: Stage, act: Act) -> Fault {
    Fault { stage, act, takes: false }
}

const fn taken(act: Act) -> Fault {
    Fault { stage: Dot, act, takes: true }
}

const SSH: &str = "SSH-2.0-OpenSSH_9.9";

/// All that no server lies in.
pub(super) static FAULTS: [Fault; 60] = [
    at(Greeting, Say("421 4.3.2 later")),
    at(Greeting, Say("450 4.3.2 later")),
    at(Greeting, Say("554 5.7.1 no")),
    at(Greeting, Say(SSH)),
    at(Greeting, Close),
    at(Greeting, Cut),
    at(Greeting, Silence),
    at(Greeting, Slow),
    at(Ehlo, Say("421 4.3.2 later")),
    at(Ehlo, Say("451 4.3.0 later")),
    at(Ehlo, Say("502 5.5.1 what")),
    at(Ehlo, Say("554 5.7.1 no")),
    at(Ehlo, Close),
    at(Ehlo, Cut),
    at(Ehlo, Silence),
    at(Starttls, Say("421 4.3.2 later")),
    at(Starttls, Say("454 4.7.0 no TLS now")),
    at(Starttls, Say("501 5.5.4 no")),
    at(Starttls, Close),
    at(Starttls, Silence),
    at(Handshake, Say(SSH)),
    at(Handshake, Close),
    at(Handshake, Silence),
    at(Mail, Say("421 4.3.2 later")),
    at(Mail, Say("451 4.3.0 later")),
    at(Mail, Say("452 4.3.1 full")),
    at(Mail, Say("553 5.1.8 no")),
    at(Mail, Say("550 5.7.1 no")),
    at(Mail, Say(SSH)),
    at(Mail, Close),
    at(Mail, Cut),
    at(Mail, Silence),
    at(Rcpt, Say("421 4.3.2 later")),
    at(Rcpt, Say("450 4.2.1 later")),
    at(Rcpt, Say("452 4.5.3 too many")),
    at(Rcpt, Say("550 5.1.1 no such user")),
    at(Rcpt, Say("552 5.2.2 full")),
    at(Rcpt, Close),
    at(Rcpt, Cut),
    at(Rcpt, Silence),
    at(Data, Say("421 4.3.2 later")),
    at(Data, Say("451 4.3.0 later")),
    at(Data, Say("554 5.7.1 no")),
    at(Data, Say("250 2.0.0 what")),
    at(Data, Close),
    at(Data, Silence),
    at(Content, Close),
    at(Dot, Say("421 4.3.2 later")),
    at(Dot, Say("451 4.3.0 later")),
    at(Dot, Say("452 4.3.1 full")),
    at(Dot, Say("554 5.6.0 no")),
    at(Dot, Say("354 what")),
    at(Dot, Close),
    at(Dot, Silence),
    taken(Say(SSH)),
    taken(Say("354 what")),
    taken(Close),
    taken(Cut),
    taken(Silence),
    taken(Slow),
];

/// Says yes and forgets the mail: no client can see that.
pub(super) static FORGETS: Fault = at(Dot, Say("250 2.0.0 ok"));
/// Says no for good and keeps it.
pub(super) static KEEPS: Fault = taken(Say("554 5.6.0 no"));
/// Says later and keeps it.
pub(super) static KEEPS_FOR_LATER: Fault = taken(Say("451 4.3.0 later"));

impl Fault {
    /// In words, as `SMSP_LEDGER_FAULT` may have a part of them.
    pub(super) fn name(&self) -> String {
        let takes = if self.takes { "taken, " } else { "" };
        format!("{takes}{:?} {:?}", self.stage, self.act).to_lowercase()
    }

    /// Does it strike before any mail?
    pub(super) fn is_of_the_connection(&self) -> bool {
        self.stage < Mail
    }

    pub(super) fn is_silence(&self) -> bool {
        self.act == Silence
    }
}
