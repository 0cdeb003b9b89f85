//! Black-box tests of the built binary, one file for each subject: what a caller, a provider and an operator can see.
//!
//! `conformance` holds the scenarios that need no stub; they also run against a server that is already running, named by
//! `SMSP_HOST_PORT`, `SMSP_PROTOCOL` and `SMSP_API_KEY`. `UPDATE_GOLDEN=1` rewrites `golden/`,
//! `openapi/answers.json` and `openapi/admin-answers.json`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, with its evidence"
)]

mod harness;

// The original's scenarios, also against a server that is already running.
mod conformance;
mod external_server;

// Requests: reading, validation, limits, framing.
mod request_parsing;
mod request_limits;
mod recipient_limit;
mod injection;
mod framing;
mod client_timeouts;
mod documented_routes;
mod undocumented_requests;
mod api_keys;
mod callers;
mod mounted_keys;

// What a caller is told.
mod golden_answers;
mod receipts;
mod problem_precedence;
mod unknown_delivery;
mod non_retryable;
mod partial_acceptance;
mod panics;

// What a provider is sent.
mod request_rendering;
mod golden_requests;
mod stub_rules;
mod adding_a_provider;
mod ses_oracles;
mod oracles;
mod maildir;
mod mail_round_trip;
mod visible_recipients;
mod slow_uplink;
mod capabilities;

// SMTP.
mod smtp;
mod smtp_circuit_isolation;

// Routing, failover and repeats.
mod failover;
mod failover_always;
mod failover_header;
mod fallback;
mod direct_delivery;
mod round_robin;
mod weights_and_floors;
mod adaptive_routing;
mod routes;
mod route_reload;
mod explain;
mod route_command;
mod idempotency;
mod held_answers;
mod provider_idempotency;
mod coalescing;
mod sender_holds;
mod sender_map;
mod rates;
mod deadlines;
mod duplicates;

// Circuits.
mod circuit_early;
mod circuit_opening;
mod circuit_recovery;
mod probes;
mod circuit_holds;
mod circuit_ramp;
mod circuit_overrides;
mod shared_orders;
mod circuit_observability;
mod circuits_command;
mod all_open;

// Faults and load.
mod ledger;
mod faults_under_load;
mod black_hole;
mod transport;
mod egress;
mod malformed_provider_responses;
mod load_shedding;
mod client_disconnect;
mod edge;
mod outbox;

// Operation: start, stop, logs, metrics.
mod configuration;
mod commands;
mod dkim;
mod admin_listener;
mod admin_access;
mod admin_document;
mod audit;
mod metrics_callers;
mod metrics_page;
mod metrics_totals;
mod skip_reasons;
mod monitoring;
mod upstream_shares;
mod logging;
mod stalled_log;
mod traces;
mod shutdown;
mod postgres;
mod store;
mod outbox_http;
mod minimailgun;
mod bounces;
mod restore_drill;
mod store_backup;
mod store_restore;
mod store_status;

// Documents and code.
mod openapi_document;
mod swagger_ui;
mod compose;
mod kubernetes;
mod client_examples;
mod lookup_recipes;
mod documents;
mod conventions;
mod architecture;
mod banned_words;
