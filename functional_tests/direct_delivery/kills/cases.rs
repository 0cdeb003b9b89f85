//! The cases of Mini-MailGun's end-to-end tests in which mail is under way, with several recipients, domains and servers each.
//!
//! Deliberately absent: a caller without a key, of whom nothing is under way. That other callers see nothing, each run asks.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::mx_host::Act;

/// One case.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The recipients of each mail, and whether they get it if no node is killed.
    pub(super) mails: &'static [&'static [(&'static str, bool)]],
    /// The servers of each domain, in order.
    pub(super) domains: &'static [(&'static str, &'static [Server])],
    /// What server of this number does when it hears a line.
    pub(super) script: fn(&Memory, usize, &str) -> Act,
    /// Mails that are still under way when all others have ended.
    pub(super) stalled: usize,
}

/// A server of a domain.
pub(super) enum Server {
    Running(usize),
    /// Nobody listens there.
    Dead,
    /// Its name does not exist.
    Nameless,
}

/// What the servers of one run know.
#[derive(Default)]
pub(super) struct Memory {
    has_put_off: AtomicBool,
    /// Was the node killed? Then nobody stalls any more.
    pub(super) is_over: AtomicBool,
}

/// Servers that listen.
pub(super) const SERVERS: usize = 2;

use Server::{Dead, Nameless, Running};

/// All of them.
pub(super) static CASES: [Case; 8] = [
    Case {
        name: "single",
        mails: &[&[("x@a.example", true)]],
        domains: &[("a.example", &[Running(0)])],
        script: |_, _, _| Act::Usual,
        stalled: 0,
    },
    Case {
        name: "two servers",
        mails: &[&[("x@a.example", true), ("y@b.example", true), ("z@a.example", true)], &[("y@b.example", true)]],
        domains: &[("a.example", &[Running(0)]), ("b.example", &[Running(1)])],
        script: |_, _, _| Act::Usual,
        stalled: 0,
    },
    Case {
        name: "beside a domain without a server",
        mails: &[&[("x@a.example", true), ("y@c.example", false), ("z@a.example", true)]],
        domains: &[("a.example", &[Running(0)]), ("c.example", &[Nameless])],
        script: |_, _, _| Act::Usual,
        stalled: 0,
    },
    Case {
        name: "put off and accepted",
        mails: &[&[("x@a.example", true), ("z@a.example", true), ("y@b.example", true)]],
        domains: &[("a.example", &[Running(0)]), ("b.example", &[Running(1)])],
        script: |memory, server, line| {
            let is_first = line == "." && server == 0 && !memory.has_put_off.swap(true, Ordering::SeqCst);
            if is_first { Act::Say("451 4.3.0 later") } else { Act::Usual }
        },
        stalled: 0,
    },
    Case {
        name: "attempts limited",
        mails: &[&[("x@a.example", false), ("z@a.example", false), ("y@b.example", true)]],
        domains: &[("a.example", &[Running(0)]), ("b.example", &[Running(1)])],
        script: |_, server, line| {
            if line == "." && server == 0 { Act::Say("451 4.3.0 later") } else { Act::Usual }
        },
        stalled: 0,
    },
    Case {
        name: "a server stalls",
        mails: &[&[("x@a.example", true), ("z@a.example", true)], &[("y@b.example", true), ("w@b.example", true)]],
        domains: &[("a.example", &[Running(0)]), ("b.example", &[Running(1)])],
        script: |memory, server, line| {
            let stalls = server == 0 && line.starts_with("MAIL") && !memory.is_over.load(Ordering::SeqCst);
            if stalls { Act::Stall } else { Act::Usual }
        },
        stalled: 1,
    },
    Case {
        name: "through the servers",
        mails: &[&[("x@a.example", true), ("z@a.example", true)]],
        domains: &[("a.example", &[Running(0), Dead, Running(1)])],
        script: |_, server, line| {
            if server == 0 && line.starts_with("RCPT") { Act::Say("450 4.2.1 later") } else { Act::Usual }
        },
        stalled: 0,
    },
    Case {
        name: "sender refused",
        mails: &[&[("x@a.example", false), ("y@b.example", true), ("z@a.example", false)]],
        domains: &[("a.example", &[Running(0)]), ("b.example", &[Running(1)])],
        script: |_, server, line| {
            if server == 0 && line.starts_with("MAIL") { Act::Say("553 5.1.8 no") } else { Act::Usual }
        },
        stalled: 0,
    },
];
