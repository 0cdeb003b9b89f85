//! Black-box tests of the built binary, one file per theme: what a caller, a provider and an operator can see.
//!
//! `any_server` holds the scenarios that need no stub; they also run against a server that is already running, named by
//! `SMSP_HOST_PORT`, `SMSP_PROTOCOL` and `SMSP_API_KEY`. `UPDATE_GOLDEN=1` rewrites `golden/` and
//! `openapi/answers.json`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, with its evidence"
)]

mod harness;

mod any_server;
mod running_server;

mod sending;
mod golden_requests;
mod stub_rules;
mod ses_oracles;
mod oracles;
mod maildir;
mod read_back;
mod slow_uplink;
mod smtp;
mod smtp_blame;
mod injection;
mod failover;
mod at_least_once;
mod failover_header;
mod idempotency;
mod coalescing;
mod held_senders;
mod capabilities;
mod turns;
mod readme;
mod receipts;
mod sums;
mod caller_errors;
mod answers;
mod unknown;
mod clarity;
mod breaking;
mod recovery;
mod dummies;
mod holding;
mod ramping;
mod orders;
mod telling;
mod all_open;
mod ledger;
mod faults;
mod black_hole;
mod edge;
mod transport;
mod egress;
mod hostile;
mod deadlines;
mod framing;
mod patience;
mod callers;
mod shedding;
mod surface;
mod panics;
mod limits;
mod long_lists;
mod reading;
mod visible_recipients;
mod final_answers;
mod auth;
mod hang_up;
mod shutdown;
mod health;
mod configuration;
mod commands;
mod logging;
mod stalled_log;
mod document;
mod swagger_ui;
mod house_rules;
