//! The tests' own tools: they start the built binary, stand in for providers, and speak in the words of the domain.
//!
//! Whatever a test leaves behind ends with it: processes are killed and ports are closed on drop. A failing test
//! prints its evidence: the proxy's log and what its stubs received.

pub(crate) mod admin;
pub(crate) mod answer;
pub(crate) mod bouncer;
pub(crate) mod certificate_authority;
pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod cutting_proxy;
pub(crate) mod database;
#[path = "../src/delivery/provider/tests/document.rs"]
pub(crate) mod document;
pub(crate) mod documents;
pub(crate) mod egress_proxy;
pub(crate) mod fake_clock;
pub(crate) mod golden;
pub(crate) mod greylister;
pub(crate) mod http2_provider;
pub(crate) mod kinds;
pub(crate) mod lag;
pub(crate) mod lock;
pub(crate) mod mails;
pub(crate) mod metrics;
pub(crate) mod moto;
pub(crate) mod mx_host;
pub(crate) mod name_server;
pub(crate) mod opensmtpd;
pub(crate) mod oracle;
pub(crate) mod outbox;
pub(crate) mod policy_host;
pub(crate) mod postfix;
pub(crate) mod postmaster;
pub(crate) mod process;
pub(crate) mod processes;
pub(crate) mod procfs;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod raw_provider;
pub(crate) mod read_bounce;
pub(crate) mod relay;
pub(crate) mod report;
pub(crate) mod repository;
pub(crate) mod sections;
pub(crate) mod seed;
pub(crate) mod settings;
pub(crate) mod skip;
pub(crate) mod stalling_reader;
pub(crate) mod strace;
pub(crate) mod stub_provider;
pub(crate) mod stub_relay;
pub(crate) mod target;
pub(crate) mod terminal;
pub(crate) mod tls_listener;
pub(crate) mod tool;
pub(crate) mod trap;
pub(crate) mod trapping_proxy;
pub(crate) mod two_accounts;
pub(crate) mod wait;

pub(crate) use answer::Answer;
pub(crate) use certificate_authority::Authority;
pub(crate) use client::Client;
pub(crate) use moto::Moto;
pub(crate) use oracle::Oracle;
pub(crate) use process::{Process, run};
pub(crate) use proxy::Proxy;
pub(crate) use raw_provider::{Conversation, RawProvider};
pub(crate) use relay::Relay;
pub(crate) use report::report;
pub(crate) use settings::Settings;
pub(crate) use skip::skip;
pub(crate) use stub_provider::{Behaviour, BlackHole, Gate, RefusingPort, Reply, Request, StubProvider};
pub(crate) use target::Target;
pub(crate) use tls_listener::TlsListener;
pub(crate) use two_accounts::TwoAccounts;
pub(crate) use wait::eventually;
