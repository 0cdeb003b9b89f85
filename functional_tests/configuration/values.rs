//! Values that cannot be what their variable means.

use super::{each_fails, stub_accounts};

#[tokio::test]
async fn a_duration_without_a_unit_is_an_error() {
    each_fails(
        stub_accounts(),
        &[
            ("SMSP_POLL_INTERVAL", "5"),
            ("SMSP_POLL_INTERVAL_MAX", "300"),
            ("SMSP_PROBE_TIMEOUT", "1.5"),
            ("SMSP_CONNECT_TIMEOUT", "1 parsec"),
            ("SMSP_ATTEMPT_TIMEOUT", "-1s"),
            ("SMSP_REQUEST_DEADLINE", "s"),
            ("SMSP_DRAIN_DELAY", "soon"),
            ("SMSP_HEADER_TIMEOUT", "5"),
            ("SMSP_BODY_TIMEOUT", "0s"),
            ("SMSP_IDLE_TIMEOUT", "never"),
            ("SMSP_DRAIN_DEADLINE", "20"),
            ("SMSP_MG_ATTEMPT_TIMEOUT", "10"),
            ("SMSP_CIRCUIT_WINDOW", "10"),
            ("SMSP_CIRCUIT_SLOW_CALL", "5"),
            ("SMSP_CIRCUIT_RAMP", "30"),
            ("SMSP_MG_CIRCUIT_RAMP", "0"),
            ("SMSP_ACCOUNT_HOLD", "15"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_value_out_of_its_range_is_an_error() {
    each_fails(
        stub_accounts(),
        &[
            ("SMSP_PORT", "65536"),
            ("SMSP_ADMIN_PORT", "http"),
            ("SMSP_HOST", "not a host"),
            ("SMSP_DOCS", "maybe"),
            ("SMSP_LOG_OUTPUT_FORMAT", "XML"),
            ("SMSP_LOG_OUTPUT_DEBUG", "loud"),
            ("SMSP_LOG_LEVEL", "trace"),
            ("SMSP_MAX_BODY", "lots"),
            ("SMSP_MAX_IN_FLIGHT", "0"),
            ("SMSP_MAX_IN_FLIGHT_BYTES", "64"),
            ("SMSP_MAX_IN_FLIGHT_BYTES", "1MiB"),
            ("SMSP_MAX_CONNECTIONS", "many"),
            ("SMSP_CONCURRENCY", "0"),
            ("SMSP_MG_CONCURRENCY", "-1"),
            ("SMSP_WEIGHT", "0"),
            ("SMSP_MG_WEIGHT", "1001"),
            ("SMSP_FLOOR", "1"),
            ("SMSP_MG_FLOOR", "100%"),
            ("SMSP_ROUTING", "fastest"),
            ("SMSP_FROM_DOMAINS", "example.org,"),
            ("SMSP_MG_FROM_DOMAINS", "a@example.org"),
            ("SMSP_CALLER_RATE", "100"),
            ("SMSP_CALLER_RATE", "0/s"),
            ("SMSP_CALLER_RATE", "1/day"),
            ("SMSP_CALLER_CONCURRENCY", "0"),
            ("SMSP_CALLER_FROM_DOMAINS", "a host"),
            ("SMSP_CALLER_CALLER_FROM_DOMAINS", "a@example.org"),
            ("SMSP_CALLER_BOUNCE_ADDRESS", "example.org"),
            ("SMSP_CALLER_CALLER_BOUNCE_ADDRESS", "Bounces <a@example.org>"),
            ("SMSP_MAX_RECIPIENTS", "0"),
            ("SMSP_MAX_ATTACHMENTS", "1001"),
            ("SMSP_MAX_HEADERS", "201"),
            ("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "0"),
            ("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "4096"),
            ("SMSP_MG_CIRCUIT_CONSECUTIVE_FAILURES", "many"),
            ("SMSP_CIRCUIT_EARLY_FAILURES", "16"),
            ("SMSP_MG_CIRCUIT_EARLY_FAILURES", "-1"),
            ("SMSP_CIRCUIT_PROBES_TO_CLOSE", "0"),
            ("SMSP_CIRCUIT_FAILURE_RATE", "0"),
            ("SMSP_CIRCUIT_FAILURE_RATE", "1.1"),
            ("SMSP_CIRCUIT_FAILURE_RATE", "NaN"),
            ("SMSP_CIRCUIT_SLOW_RATE", "-0.5"),
            ("SMSP_MG_CIRCUIT_SLOW_RATE", "most"),
            ("SMSP_CIRCUIT_WINDOW", "0s"),
            ("SMSP_CIRCUIT_WINDOW", "9ms"),
            ("SMSP_CIRCUIT_MIN_CALLS", "0"),
            ("SMSP_CIRCUIT_SLOW_CALL", "0s"),
            ("SMSP_CIRCUIT_START", "open"),
            ("SMSP_ACCOUNT_HOLD", "0s"),
            ("SMSP_ALL_OPEN", "panic"),
            ("SMSP_POLL_INTERVAL_MAX", "1s"),
            ("SMSP_MOCK_EMAIL_SERVICE", "perhaps"),
            ("SMSP_POLL_MESSAGE_ADDRESS", "nobody"),
            ("SMSP_POLL_FROM_ADDRESS", "a@-b.org"),
            ("SMSP_MG_BASE_URL", "ftp://127.0.0.1"),
            ("SMSP_MG_BASE_URL", "127.0.0.1:80"),
        ],
    )
    .await;
}
