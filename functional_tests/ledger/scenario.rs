//! One run: which faults strike at which providers, behind which circuits, for how many mails.

use super::book::Failover;
use super::dice::Dice;
use super::fault::Fault;

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

/// What the callers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Send one mail after the other.
    Load,
    /// Half of them hang up, then the others send as usual.
    HangUps,
    /// Send each mail twice at once, under one key.
    Twins,
}

/// One run.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) form: Form,
    /// Half of the mails at each faulty provider meet one of these.
    pub(crate) faults: Vec<&'static Fault>,
    /// So many of the three are faulty, from the first.
    pub(crate) faulty: usize,
    /// Of the first provider.
    pub(crate) port: Port,
    pub(crate) circuits: Circuits,
    pub(crate) failover: Failover,
    pub(crate) mails: usize,
    /// So many callers have a mail under way all the time.
    pub(crate) callers: usize,
    pub(crate) dice: Dice,
}

impl Scenario {
    /// This fault alone, at two of three providers: one well provider remains.
    pub(crate) fn alone(fault: &'static Fault, circuits: Circuits, mails: usize, dice: Dice) -> Self {
        Self::of(fault.name, vec![fault], 2, Failover::Safe, circuits, mails, dice)
    }

    /// A port that fails, in front of two well providers.
    pub(crate) fn of_port(name: &str, port: Port, circuits: Circuits, mails: usize, dice: Dice) -> Self {
        Self { port, ..Self::of(name, Vec::new(), 0, Failover::Safe, circuits, mails, dice) }
    }

    /// These faults in a random mix at so many providers.
    pub(crate) fn of(
        name: &str,
        faults: Vec<&'static Fault>,
        faulty: usize,
        failover: Failover,
        circuits: Circuits,
        mails: usize,
        dice: Dice,
    ) -> Self {
        let dice = dice.of(&format!("{name} {} {circuits:?}", failover.word()));
        let callers = mails.div_ceil(8).clamp(4, 96);
        Self {
            name: name.to_owned(),
            form: Form::Load,
            faults,
            faulty,
            port: Port::Open,
            circuits,
            failover,
            mails,
            callers,
            dice,
        }
    }

    /// Is there a provider that would take every mail, and may every mail get there?
    pub(crate) fn one_is_up(&self) -> bool {
        self.faulty < 3
    }
}
