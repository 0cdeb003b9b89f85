//! One run: which faults strike at which providers, behind which circuits, for how many mails.

use std::time::Duration;

use super::fault::{Fault, Kind};
use super::random::SeededRng;
use super::record::Failover;
use super::routing::{Facts, Routing};
use super::way::Ways;
use crate::harness::database::Database;
use crate::harness::outbox::Store;

/// How long the port of a provider is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// It listens all the time.
    Open,
    /// It refuses every connection.
    Refusing,
    /// It swallows every packet.
    Swallowing,
    /// It comes and goes, and takes its connections with it.
    Flapping,
}

/// Whether circuits may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circuits {
    /// As they are: they open and recover, and mails find them open.
    Free,
    /// An operator forces them closed, so that every mail meets its fault.
    Held,
}

/// What providers do with a mail that no fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// Take it.
    Takes,
    /// Take it for some recipients, and not for others.
    TakesInPart,
    /// Refuse every second one for its sender, a recipient, its content or its size.
    RefusesHalf,
    /// Refuse every one for that.
    RefusesAll,
}

/// What the callers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Send one mail after the other.
    Load,
    /// Half of them hang up, then the others send as usual.
    HangUps,
    /// Send each mail twice at once, under one key.
    ConcurrentRepeats,
    /// Write their bodies slowly, all at once.
    Slow,
}

/// One run.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) kinds: [Kind; 3],
    /// Half of the mails at each faulty provider meet one of these.
    pub(crate) faults: Vec<&'static Fault>,
    /// So many of the three are faulty, from the first.
    pub(crate) faulty: usize,
    pub(crate) acceptance: Acceptance,
    /// The first provider's port.
    pub(crate) port: Port,
    pub(crate) circuits: Circuits,
    pub(crate) failover: Failover,
    pub(crate) mails: usize,
    /// Each goes to so many.
    pub(crate) recipients: usize,
    /// The length of every mail's text, if they are not to differ.
    pub(crate) size: Option<usize>,
    /// So many callers have a mail under way all the time.
    pub(crate) callers: usize,
    pub(crate) rng: SeededRng,
    /// When every answer is due.
    pub(crate) deadline: Duration,
    /// Its rules, sender maps and rates, if it has any.
    pub(crate) routing: Option<Routing>,
    /// Settings of its own.
    pub(crate) own: Vec<(&'static str, &'static str)>,
    /// Where its node keeps an outbox, if it has one.
    pub(crate) outbox: Option<Store>,
}

/// Far behind the time that a mail takes along all three, so that no busy machine loses a mail.
const FAR: Duration = Duration::from_secs(10);

/// The last provider, where a mail ends that nobody else took, has the time that a busy machine may need.
const WELL: [(&str, &str); 1] = [("SMSP_C_ATTEMPT_TIMEOUT", "8s")];

/// So long that no answer comes too late for being held back by a test.
const PATIENT: [(&str, &str); 2] = [("SMSP_ATTEMPT_TIMEOUT", "20s"), ("SMSP_C_ATTEMPT_TIMEOUT", "20s")];

impl Scenario {
    /// This fault alone, at two of three providers: one well provider remains.
    pub(crate) fn alone(fault: &'static Fault, circuits: Circuits, mails: usize, rng: SeededRng) -> Self {
        Self::of(fault.name, vec![fault], 2, Failover::Safe, circuits, mails, rng)
    }

    /// A port that fails, in front of two well providers.
    pub(crate) fn of_port(name: &str, port: Port, circuits: Circuits, mails: usize, rng: SeededRng) -> Self {
        Self { port, ..Self::of(name, Vec::new(), 0, Failover::Safe, circuits, mails, rng) }
    }

    /// These faults in a random mix at so many providers.
    pub(crate) fn of(
        name: &str,
        faults: Vec<&'static Fault>,
        faulty: usize,
        failover: Failover,
        circuits: Circuits,
        mails: usize,
        rng: SeededRng,
    ) -> Self {
        let rng = rng.of(&format!("{name} {} {circuits:?}", failover.word()));
        let callers = mails.div_ceil(8).clamp(4, 96);
        Self {
            name: name.to_owned(),
            form: Form::Load,
            kinds: [Kind::Mailgun, Kind::SendGrid, Kind::Mailgun],
            faults,
            faulty,
            acceptance: Acceptance::Takes,
            port: Port::Open,
            circuits,
            failover,
            mails,
            recipients: 1,
            size: None,
            callers,
            rng,
            deadline: FAR,
            routing: None,
            own: if faulty < 3 { WELL.to_vec() } else { Vec::new() },
            outbox: None,
        }
    }

    /// With callers who do something else, while providers hold their answers back.
    pub(crate) fn with_callers(self, form: Form) -> Self {
        Self { form, deadline: FAR * 6, own: PATIENT.to_vec(), ..self }
    }

    /// Behind providers that each meet some of the mails, and treat them so.
    pub(crate) fn with_acceptance(self, acceptance: Acceptance, kinds: [Kind; 3]) -> Self {
        let own = self.own.iter().copied().chain([("SMSP_ROUTING", "round_robin")]).collect();
        Self { acceptance, kinds, own, ..self }
    }

    /// With these settings too.
    pub(crate) fn with_settings(mut self, settings: &[(&'static str, &'static str)]) -> Self {
        self.own.extend(settings);
        self
    }

    /// With an outbox in this database.
    pub(crate) fn with_outbox(self, database: &Database) -> Self {
        let name = format!("{} on {}", self.name, database.kind());
        Self { name, outbox: Some(database.store()), ..self }
    }

    /// With rules, sender maps and rates, and mails that differ in what these look at.
    pub(crate) fn with_random_routing(self) -> Self {
        Self { routing: Some(Routing::random(self.rng)), ..self }
    }

    /// Do providers do nothing but take mails and refuse them as such?
    pub(crate) fn refuses_mails_alone(&self) -> bool {
        self.faults.is_empty() && matches!(self.acceptance, Acceptance::RefusesHalf | Acceptance::RefusesAll)
    }

    /// Where each of its mails may go.
    pub(crate) fn ways(&self) -> Ways {
        let way = |number| Some((number, self.routing.as_ref()?.way(&Facts::of(self.rng, number))));
        (0..self.mails).filter_map(way).collect()
    }

    /// Is there a provider that would take every mail?
    pub(crate) fn one_is_up(&self) -> bool {
        self.faulty < 3 && !self.refuses_mails_alone()
    }
}
