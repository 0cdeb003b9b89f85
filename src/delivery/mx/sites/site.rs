//! One site: whether it takes mail, and how much at once. Pure: the time is passed in.
//!
//! *Open*: as many mails at once as its window has places. When as many in a row as that found no server, it is *shut*, for a
//! minute, then for twice as long each time, up to an hour. After that one mail goes as its *probe*: with a server there the
//! site is open again, with a small window. Each mail that finds a server widens the window. A server that wants less halves
//! it, and from then on it widens by one place in as many mails as it has places. To want less than a window of one counts
//! as no server. What a mail says that went before the last change is not counted: the change was made for it.

use std::time::Duration;

use tokio::time::Instant;

use super::answer::{Answer, Contact};
use super::key::SiteKey;
use super::unproved::Availability;
use super::view::{State, View};
use crate::runtime::unix_time::UnixTime;

/// Mails at once to a site of which nothing is known.
const FIRST_WINDOW: u16 = 2;
/// The first time that a site is shut.
const SHUT: Duration = Duration::from_secs(60);
/// The longest.
const LONGEST_SHUT: Duration = Duration::from_secs(3600);

/// Until a mail comes by again that had no place.
const TURN: Duration = Duration::from_secs(1);
/// The longest, where many wait and none is let go.
const LONGEST_TURN: Duration = Duration::from_secs(60);

/// Why a mail may not go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An operator holds mail back.
    Paused,
    /// No server was there, so none is tried until then.
    Shut(Instant),
    /// Another mail goes as the probe.
    Probing,
    /// Enough mails are on their way; so many for each place have heard so since one was let go.
    Full(u16),
}

impl Refusal {
    /// The words for them.
    pub const WORDS: [&str; 4] = ["paused", "shut", "probing", "full"];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        let [paused, shut, probing, full] = Self::WORDS;
        match self {
            Self::Paused => paused,
            Self::Shut(_) => shut,
            Self::Probing => probing,
            Self::Full(_) => full,
        }
    }

    /// When the mail should come by again. It has not been tried, so no attempt is counted.
    pub fn again(self, now: Instant) -> Instant {
        match self {
            Self::Shut(until) => until,
            Self::Paused => now + Duration::from_secs(60),
            Self::Probing => now + Duration::from_secs(10),
            Self::Full(before) => now + TURN.saturating_mul(u32::from(before) + 1).min(LONGEST_TURN),
        }
    }
}

/// What a mail in flight knows of its admission.
#[derive(Debug)]
pub(super) struct Ticket {
    epoch: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// So many mails in a row have found no server.
    Open(u16),
    Shut(Instant),
    /// It was shut until then.
    Probing(Instant),
}

/// What is known of one site.
#[derive(Debug)]
pub(super) struct Site {
    phase: Phase,
    /// How often it was shut since a mail behind a probe has found a server.
    shuts: u8,
    /// The widest window.
    widest: u16,
    window: u16,
    /// Mails that have found a server since the window grew; `None`: each widens it.
    credit: Option<u16>,
    in_flight: u16,
    /// Mails that had no place since one was let go.
    turned_away: u16,
    /// Which change of phase or window was the last.
    epoch: u32,
    is_paused: bool,
    oldest: Option<UnixTime>,
    last_answer: Option<Answer>,
}

impl Site {
    pub(super) fn new(widest: u16) -> Self {
        let (phase, window) = (Phase::Open(0), FIRST_WINDOW.min(widest));
        Self {
            phase,
            shuts: 0,
            widest,
            window,
            credit: None,
            in_flight: 0,
            turned_away: 0,
            epoch: 0,
            is_paused: false,
            oldest: None,
            last_answer: None,
        }
    }

    /// What its last mail says of its servers.
    pub(super) fn availability(&self) -> Availability {
        match self.last_answer.map(Answer::contact) {
            None => Availability::New,
            Some(Contact::Failed) => Availability::Failed,
            Some(Contact::Made | Contact::TooMuch) => Availability::Proved,
        }
    }

    pub(super) fn may_be_forgotten(&self) -> bool {
        self.in_flight == 0 && !self.is_paused
    }

    /// `has_place`: is there one among all mails to sites of its availability?
    pub(super) fn admit(&mut self, accepted: UnixTime, has_place: bool, now: Instant) -> Result<Ticket, Refusal> {
        self.oldest = Some(self.oldest.map_or(accepted, |oldest| oldest.min(accepted)));
        match self.phase {
            _ if self.is_paused => return Err(Refusal::Paused),
            Phase::Shut(until) if now < until => return Err(Refusal::Shut(until)),
            Phase::Probing(_) => return Err(Refusal::Probing),
            _ if !has_place => return Err(self.turn_away()),
            Phase::Open(_) if self.in_flight >= self.window => return Err(self.turn_away()),
            Phase::Open(_) => {}
            Phase::Shut(until) => self.change(Phase::Probing(until)),
        }
        (self.in_flight, self.turned_away) = (self.in_flight + 1, 0);
        Ok(Ticket { epoch: self.epoch })
    }

    /// Takes what a mail came to, and whether it is done with; `None`: nothing is known of it.
    pub(super) fn settle(&mut self, ticket: Ticket, answer: Option<(Answer, bool)>, now: Instant) {
        self.in_flight -= 1;
        if let Some((answer, is_done)) = answer {
            self.last_answer = Some(answer);
            // Another one may have ended elsewhere. What waits comes by again.
            self.oldest = self.oldest.filter(|_| !is_done);
        }
        if ticket.epoch != self.epoch {
            return;
        }
        match (self.phase, answer.map(|(answer, _)| answer.contact())) {
            (Phase::Probing(until), None) => self.change(Phase::Shut(until)),
            (Phase::Probing(_), Some(Contact::Made)) => self.open(),
            (Phase::Probing(_), Some(_)) => self.shut(now),
            (Phase::Open(_), Some(Contact::Made)) => self.widen(),
            (Phase::Open(_), Some(Contact::TooMuch)) if self.window > 1 => self.halve(),
            (Phase::Open(failed), Some(_)) if failed + 1 >= self.window => self.shut(now),
            (Phase::Open(failed), Some(_)) => self.phase = Phase::Open(failed + 1),
            (Phase::Open(_), None) | (Phase::Shut(_), _) => {}
        }
    }

    pub(super) fn pause(&mut self, paused: bool) {
        self.is_paused = paused;
    }

    pub(super) fn retry(&mut self, now: Instant) {
        if let Phase::Shut(until) = &mut self.phase {
            *until = now.min(*until);
        }
    }

    pub(super) fn state(&self) -> State {
        match self.phase {
            _ if self.is_paused => State::Paused,
            Phase::Open(_) => State::Open,
            Phase::Shut(_) => State::Shut,
            Phase::Probing(_) => State::Probing,
        }
    }

    pub(super) fn view(&self, key: SiteKey, now: Instant) -> View {
        let shut_for = match self.phase {
            Phase::Shut(until) => Some(until.saturating_duration_since(now)),
            Phase::Open(_) | Phase::Probing(_) => None,
        };
        let state = self.state();
        let Self { window, in_flight, oldest, last_answer, .. } = *self;
        View { key, state, shut_for, window, in_flight, oldest, last_answer }
    }

    fn turn_away(&mut self) -> Refusal {
        let before = self.turned_away / self.window.max(1);
        self.turned_away = self.turned_away.saturating_add(1);
        Refusal::Full(before)
    }

    fn open(&mut self) {
        (self.window, self.credit) = (FIRST_WINDOW.min(self.widest), None);
        self.change(Phase::Open(0));
    }

    fn shut(&mut self, now: Instant) {
        let wait = SHUT.saturating_mul(2u32.saturating_pow(self.shuts.into())).min(LONGEST_SHUT);
        self.shuts = self.shuts.saturating_add(1);
        self.change(Phase::Shut(now + wait));
    }

    fn widen(&mut self) {
        (self.phase, self.shuts) = (Phase::Open(0), 0);
        let grows = self.credit.is_none_or(|credit| credit + 1 >= self.window);
        self.credit = self.credit.map(|credit| if grows { 0 } else { credit + 1 });
        self.window = (self.window + u16::from(grows)).min(self.widest);
    }

    fn halve(&mut self) {
        (self.window, self.credit) = (self.window / 2, Some(0));
        self.change(self.phase);
    }

    fn change(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
