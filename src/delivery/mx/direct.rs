//! A mail to one domain, from the look-up to the report.
//!
//! [`Direct::prepare`] finds out whether and where the mail may go now, and sends nothing. After it the outbox marks the mail;
//! then [`Prepared::send`] hands it over. What was prepared and dropped was not tried.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::dkim::{CannotSign, Keys};
use super::lookup::{Lookup, NoRoute, Servers};
use super::mta_sts::MtaSts;
use super::settings::Settings;
use super::sites::{Answer, Permit, Refusal, SiteKey, Sites, State};
use super::transmission::{Contact, Level, Mail, Protection, RecipientEnd, Report, Target, Transmitter};
use crate::model::message::{Address, Message};
use crate::model::outcome::{Outcome, Reason};
use crate::runtime::metrics::{Mx, MxWords};
use crate::runtime::net::Unusable;
use crate::runtime::net::dns::Dns;
use crate::runtime::net::guarded_client::GuardedClient;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::unix_time::UnixTime;

/// Delivers mail to the servers of its recipients' domains.
pub struct Direct {
    lookup: Lookup,
    policies: MtaSts,
    sites: Arc<Sites>,
    transmitter: Transmitter,
    level: Level,
    keys: Arc<ArcSwap<Keys>>,
    metrics: Mx,
}

/// A mail that may go now.
pub struct Prepared<'a> {
    direct: &'a Direct,
    permit: Permit,
    targets: Vec<Target>,
    level: Level,
}

/// Why a mail does not go now. Nothing was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// There is no server to try: for good, or now.
    NoRoute(NoRoute),
    /// The site takes no mail before then; this is no attempt.
    Later {
        /// Which site.
        site: SiteKey,
        /// When it may take some.
        until: Instant,
        /// Has it only no place now? It may have one sooner.
        is_full: bool,
    },
}

impl Direct {
    /// By these settings, under this node's own name. The keys that sign are those of the moment.
    pub fn new(settings: &Settings, helo: String, keys: Arc<ArcSwap<Keys>>, metrics: Mx) -> Result<Self, Unusable> {
        let dns = Arc::new(Dns::system().map_err(|_| Unusable::Names)?);
        let http = GuardedClient::new(Arc::clone(&dns), settings.allow_private).map_err(|_| Unusable::Tls)?;
        let transmitter = Transmitter::new(helo.clone(), settings.final_timeout).map_err(|_| Unusable::Tls)?;
        Ok(Self { keys, ..Self::with(settings, &helo, dns, http, transmitter, metrics) })
    }

    fn with(
        settings: &Settings,
        helo: &str,
        dns: Arc<Dns>,
        http: GuardedClient,
        transmitter: Transmitter,
        metrics: Mx,
    ) -> Self {
        metrics.expect(&MxWords {
            states: &State::ALL.map(State::as_str),
            refusals: &Refusal::WORDS,
            no_routes: &NoRoute::ALL.map(NoRoute::reason),
            answers: &Answer::ALL.map(Answer::as_str),
            protections: &Protection::ALL.map(Protection::as_str),
        });
        let Settings { hosts, port, allow_private, .. } = settings;
        let lookup = Lookup::new(Arc::clone(&dns), hosts.clone(), *port, *allow_private, helo.to_owned());
        let (policies, sites) = (MtaSts::new(dns, http), Sites::new(settings.concurrency));
        let (level, keys, transmitter) = (settings.tls, Arc::default(), transmitter.counted_by(metrics.clone()));
        Self { lookup, policies, sites, transmitter, level, keys, metrics }
    }

    /// The mail as it goes to these of its recipients.
    pub fn mail(&self, message: &Message, to: Vec<Address>) -> Result<Mail, CannotSign> {
        let mail = Mail::of(message, to, &self.keys.load())?;
        self.metrics.made(mail.is_signed());
        Ok(mail)
    }

    /// The sites, for operators.
    pub fn sites(&self) -> &Arc<Sites> {
        &self.sites
    }

    /// Finds out whether a mail to this domain, accepted then, may go now, and where to. It takes a place in the window of the
    /// site until it is sent or dropped. `draw`: a random number, the same each time for one mail.
    pub async fn prepare(&self, domain: &str, accepted: UnixTime, draw: u64) -> Result<Prepared<'_>, NotNow> {
        let begun = Instant::now();
        let count = |no_route: NoRoute| {
            let no_route = self.lookup.judged(no_route, begun);
            self.metrics.without_route(no_route.reason());
            NotNow::NoRoute(no_route)
        };
        let servers = self.lookup.servers(domain, draw).await.map_err(count)?;
        let permit = self.admit(&servers, accepted)?;
        let policy = if servers.are_static() { None } else { self.policies.enforced(domain).await };
        let targets = self.lookup.targets(&servers, policy.as_deref(), draw).await.map_err(count)?;
        let level = policy.map_or(self.level, |_| Level::Verified);
        Ok(Prepared { direct: self, permit, targets, level })
    }

    fn admit(&self, servers: &Servers, accepted: UnixTime) -> Result<Permit, NotNow> {
        let (now, site) = (Instant::now(), servers.site());
        self.sites.admit(&site, accepted, now).map_err(|refusal| {
            self.metrics.held_back(refusal.as_str());
            let is_full = matches!(refusal, Refusal::Full(_));
            NotNow::Later { site, until: refusal.again(now), is_full }
        })
    }
}

impl Prepared<'_> {
    /// The site that it goes to.
    pub fn site(&self) -> &SiteKey {
        self.permit.site()
    }

    /// Hands the mail over, and tells its site what came of it.
    pub async fn send(self, mail: &Mail, drain: &Shutdown) -> Report {
        let (transmitter, patience) = (&self.direct.transmitter, self.permit.patience());
        let report = transmitter.send(&self.targets, self.level, mail, patience, drain).await;
        if let Some(answer) = answer(&report) {
            let is_done = !report.recipients.iter().any(RecipientEnd::is_pending);
            self.direct.metrics.answered(answer.as_str());
            self.permit.end(answer, is_done, Instant::now());
        }
        report
    }
}

/// What a report says of the site, if anything.
fn answer(report: &Report) -> Option<Answer> {
    let any = |wanted: fn(&RecipientEnd) -> bool| report.recipients.iter().any(wanted);
    match report.contact {
        Contact::Untold => None,
        Contact::Failed => Some(Answer::NoConnection),
        Contact::Throttled => Some(Answer::TooMany),
        Contact::Served if any(|end| end.outcome == Outcome::Accepted) => Some(Answer::Accepted),
        Contact::Served if any(|end| end.outcome == Outcome::Unknown) => Some(Answer::NoReply),
        Contact::Served if any(RecipientEnd::is_refused) => Some(Answer::Refused),
        Contact::Served if report.recipients.iter().all(is_silence) => Some(Answer::NoReply),
        Contact::Served => Some(Answer::Deferred),
    }
}

fn is_silence(end: &RecipientEnd) -> bool {
    matches!(end.reason, Reason::Timeout | Reason::ConnectionLost)
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
