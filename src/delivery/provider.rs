//! The outside world that takes mail: one adapter per provider, all behind [`Provider`].
//!
//! To add one: a file beside [`mailgun`] with a `KIND`, and a line in [`KINDS`]. An adapter renders the message
//! afresh for every call, hands it over at most once, and judges the answer by the provider's own code first, the
//! status second, text last. It never lets a provider's text out. Deliberately absent: retries, but for an SMTP
//! connection that was kept too long and failed before the mail; and time limits. Whoever calls an adapter bounds the
//! call: when the time is over it revokes the [`HandOver`] and drops the call.

mod api;
mod brevo;
mod capabilities;
mod client;
mod codes;
mod egress_proxy;
mod hand_over;
mod maildir;
mod mailgun;
mod mailjet;
mod mandrill;
mod mime;
mod mock;
mod postmark;
mod render;
mod resend;
mod resolver;
mod sendgrid;
mod ses;
mod smtp;
mod sparkpost;
mod transcript;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use capabilities::{Capabilities, Files, Inline, Longest, Lookup, Parameters, Words, table};
pub use client::Unsent;
pub use egress_proxy::EgressProxy;
pub use hand_over::HandOver;
use mime::Labels;
use secrecy::{ExposeSecret, SecretString};
pub use transcript::recording;

use crate::model::message::Message;
use crate::model::outcome::Verdict;

/// What a call to a provider will come to.
pub type Call<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// An email service we hand mail to.
pub trait Provider: Send + Sync {
    /// Hands over one mail. Once the call is dropped, the hand-over tells whether the provider may have taken it.
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a>;
}

/// One mail for one provider.
pub struct Delivery<'a> {
    /// The mail.
    pub message: &'a Message,
    /// What for.
    pub mode: Mode,
    /// How far it has come.
    pub hand_over: Arc<HandOver>,
}

impl<'a> Delivery<'a> {
    /// Begins now.
    pub fn new(message: &'a Message, mode: Mode) -> Self {
        Self { message, mode, hand_over: Arc::new(HandOver::begin(message.size(), None)) }
    }
}

/// What a mail is handed over for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be sent.
    First,
    /// To be sent, after an attempt at this provider under the same id whose end is not known.
    Repeat,
    /// To see whether the provider takes mail, along the path that real mail takes: a test message, sent to nobody where
    /// the provider has a way for that.
    Probe,
}

/// Every kind of provider, in the order in which configured ones are used by default.
pub static KINDS: [Kind; 12] = [
    mailgun::KIND,
    sendgrid::KIND,
    mandrill::KIND,
    postmark::KIND,
    sparkpost::KIND,
    resend::KIND,
    brevo::KIND,
    mailjet::KIND,
    ses::KIND,
    smtp::KIND,
    maildir::KIND,
    mock::KIND,
];

/// A kind of provider: what it is called, what it wants to know, how it is built.
pub struct Kind {
    /// As in `SMSP_PROVIDERS=name=kind`.
    pub name: &'static str,
    /// The upstream's name where the operator gives none; its variables start with `SMSP_<NAME>_`.
    pub upstream: &'static str,
    /// Is it on this machine, so that its dummies go nowhere?
    pub local: bool,
    /// What it can carry.
    pub capabilities: Capabilities,
    /// What a dummy is there, and what it costs.
    pub dummy: &'static str,
    /// What it reads from the environment.
    pub variables: &'static [Variable],
    /// Makes the adapter.
    pub build: Build,
}

impl Kind {
    /// Is it called over HTTP, and so through a proxy if there is one?
    pub fn is_over_http(&self) -> bool {
        self.variables.iter().any(|variable| variable.name == client::BASE_URL)
    }
}

/// Makes an adapter from its variables.
pub type Build = fn(&Values, Connect) -> Result<Box<dyn Provider>, Invalid>;

/// A variable of an adapter, without the upstream's prefix.
pub struct Variable {
    /// For example `API_KEY`.
    pub name: &'static str,
    /// Never shown; may also come from a file.
    pub secret: bool,
    /// Taken where it is not set; without one it is required.
    pub default: Option<&'static str>,
    /// What holds instead of what was written, if something does: it may depend on other variables. Never of a secret.
    pub in_force: Option<InForce>,
}

/// What holds of one variable beside these values.
pub type InForce = fn(&Values) -> Option<String>;

impl Variable {
    const fn required(name: &'static str) -> Self {
        Self { name, secret: false, default: None, in_force: None }
    }

    const fn secret(name: &'static str) -> Self {
        Self { name, secret: true, default: None, in_force: None }
    }

    /// Empty if it is not set.
    const fn optional(name: &'static str) -> Self {
        Self::with_default(name, "")
    }

    /// Empty if it is not set.
    const fn optional_secret(name: &'static str) -> Self {
        Self { name, secret: true, default: Some(""), in_force: None }
    }

    const fn with_default(name: &'static str, default: &'static str) -> Self {
        Self { name, secret: false, default: Some(default), in_force: None }
    }

    const fn listed_as(self, in_force: InForce) -> Self {
        Self { in_force: Some(in_force), ..self }
    }
}

/// The switch of kinds that make a file: shall it show tags and metadata to every recipient?
const METADATA_HEADERS: &str = "METADATA_HEADERS";

/// The values of an adapter's variables: each that it declares is here.
#[derive(Default)]
pub struct Values(BTreeMap<&'static str, SecretString>);

impl Values {
    /// Sets the value of a declared variable.
    pub fn set(&mut self, variable: &Variable, value: SecretString) {
        self.0.insert(variable.name, value);
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", ExposeSecret::expose_secret)
    }

    /// Of a switch: on or off, and off if it is not set.
    fn is_on(&self, variable: &'static str) -> Result<bool, Invalid> {
        match self.get(variable) {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            _ => Err(Invalid { variable, problem: "must be one of: true, false" }),
        }
    }

    /// Are tags and metadata shown in the head of a file?
    fn labels(&self) -> Result<Labels, Invalid> {
        Ok(if self.is_on(METADATA_HEADERS)? { Labels::Shown } else { Labels::Hidden })
    }
}

/// How an adapter connects.
#[derive(Clone, Debug)]
pub struct Connect {
    /// For DNS, TCP, a proxy's tunnel and TLS together; well below the time of an attempt, else a connection that was never
    /// made could not be told from silence.
    pub timeout: Duration,
    /// For HTTP alone.
    pub proxy: Option<EgressProxy>,
}

/// Does it say that this process or machine has no file descriptor, port or memory left? That is no provider's fault.
fn is_local_limit(error: &io::Error) -> bool {
    /// The same on Linux, the BSDs and macOS: `ENFILE` and `EMFILE`.
    const NO_FILES: [i32; 2] = [23, 24];
    let by_kind = matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::OutOfMemory);
    by_kind || error.raw_os_error().is_some_and(|code| NO_FILES.contains(&code))
}

/// A value that an adapter cannot work with.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The variable, without the upstream's prefix.
    pub variable: &'static str,
    /// What is wrong and what to write instead; never quotes the value.
    pub problem: &'static str,
}

/// Looks a kind up by its name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests;
