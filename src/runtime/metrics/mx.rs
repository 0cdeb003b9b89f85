//! What is counted of direct delivery; nothing of it is shown where that is not configured.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::numbers::whole;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tls {
    tls: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Dkim {
    dkim: &'static str,
}

impl Dkim {
    fn of(is_signed: bool) -> Self {
        Self { dkim: if is_signed { "signed" } else { "unsigned" } }
    }
}

/// The part of the metrics that is about direct delivery; clones share it.
#[derive(Clone, Default)]
pub struct Mx {
    sites: Family<State, Gauge>,
    held_back: Family<Reason, Counter>,
    without_route: Family<Reason, Counter>,
    answers: Family<Answer, Counter>,
    sessions: Family<Tls, Counter>,
    made: Family<Dkim, Counter>,
}

/// The labels that there are, each shown from the start as 0.
pub struct MxWords<'a> {
    /// Whether a site takes mail.
    pub states: &'a [&'static str],
    /// Why it does not take one now.
    pub refusals: &'a [&'static str],
    /// Why there is no server to try.
    pub no_routes: &'a [&'static str],
    /// What a mail to a site came to.
    pub answers: &'a [&'static str],
    /// What keeps a session from being read by others.
    pub protections: &'a [&'static str],
}

impl Mx {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "mx_sites",
            "Sites that this node remembers, by state: open, shut, probing, paused",
            self.sites.clone(),
        );
        registry.register(
            "mx_held_back",
            "Mails for direct delivery that their site did not take at that time, by reason: paused, shut, probing, full",
            self.held_back.clone(),
        );
        registry.register(
            "mx_without_route",
            "Mails for direct delivery that had no server to try, by reason",
            self.without_route.clone(),
        );
        registry.register(
            "mx_answers",
            "Mails that were handed over to a site, by what it came to: accepted, deferred, refused, too_many, no_connection, no_reply",
            self.answers.clone(),
        );
        registry.register(
            "mx_sessions",
            "Sessions opened with mail servers, by tls: none where the server offers no TLS, failed where it was offered and could not be begun, both in clear; unchecked and verified by the certificate",
            self.sessions.clone(),
        );
        registry.register(
            "mx_mails",
            "Mails made ready for a site, at each attempt, by dkim: signed, or unsigned because no key is of the domain of From or of one above it",
            self.made.clone(),
        );
    }

    /// Shows all of it.
    pub fn expect(&self, words: &MxWords<'_>) {
        for state in words.states {
            drop(self.sites.get_or_create(&State { state }));
        }
        for reason in words.refusals {
            drop(self.held_back.get_or_create(&Reason { reason }));
        }
        for reason in words.no_routes {
            drop(self.without_route.get_or_create(&Reason { reason }));
        }
        for answer in words.answers {
            drop(self.answers.get_or_create(&Answer { answer }));
        }
        for is_signed in [true, false] {
            drop(self.made.get_or_create(&Dkim::of(is_signed)));
        }
        for tls in words.protections {
            drop(self.sessions.get_or_create(&Tls { tls }));
        }
    }

    /// Sets how many sites are in this state.
    pub fn sites(&self, state: &'static str, sites: usize) {
        self.sites.get_or_create(&State { state }).set(whole(sites));
    }

    /// Counts a mail that its site does not take now.
    pub fn held_back(&self, reason: &'static str) {
        self.held_back.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a mail that has no server to try.
    pub fn without_route(&self, reason: &'static str) {
        self.without_route.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a mail that was made ready for a site.
    pub fn made(&self, is_signed: bool) {
        self.made.get_or_create(&Dkim::of(is_signed)).inc();
    }

    /// Counts a session that was opened.
    pub fn session(&self, tls: &'static str) {
        self.sessions.get_or_create(&Tls { tls }).inc();
    }

    /// Counts a mail that was handed over.
    pub fn answered(&self, answer: &'static str) {
        self.answers.get_or_create(&Answer { answer }).inc();
    }
}
