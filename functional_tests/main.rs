//! Black-box tests of the built binary, one file per theme: what a caller, a provider and an operator can see.
//!
//! `any_server` holds the scenarios that need no stub; they also run against a server that is already running, named by
//! `SMSP_HOST_PORT`, `SMSP_PROTOCOL` and `SMSP_API_KEY`. `UPDATE_GOLDEN=1` rewrites `golden/`.

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
mod maildir;
mod smtp;
mod injection;
mod failover;
mod caller_errors;
mod problems;
mod unknown;
mod clarity;
mod breaking;
mod recovery;
mod holding;
mod ramping;
mod orders;
mod telling;
mod all_open;
mod faults;
mod black_hole;
mod limits;
mod auth;
mod hang_up;
mod shutdown;
mod health;
mod configuration;
mod commands;
mod logging;
mod document;
mod swagger_ui;
mod house_rules;
