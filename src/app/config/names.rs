//! How the names of variables begin, and which are not ours.

/// How the names of all our variables begin.
pub(super) const PREFIX: &str = "SMSP_";
/// How the names of those begin that OpenTelemetry has given their names.
pub(super) const OTEL: &str = "OTEL_";
/// Read by the tests in `functional_tests/conformance`, which may share an environment with the server.
pub(super) const OF_TEST_CLIENTS: [&str; 2] = ["SMSP_HOST_PORT", "SMSP_PROTOCOL"];
