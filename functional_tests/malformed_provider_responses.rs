//! Providers that answer with anything but an answer: the caller hears the truth in time, and the proxy stays small.

mod oversized;
mod behaviours;
mod fixture;
mod status;

use fixture::Fixture;
use status::Status;

/// Mailgun's acceptance is in its body, so whatever breaks it leaves the mail unknown; SendGrid's is its status.
async fn counts_once_the_status_is_here(behaviour: behaviours::Behaviour) {
    Fixture::new(Status::Mailgun, behaviour).await.is_unknown().await;
    Fixture::new(Status::SendGrid, behaviour).await.is_accepted().await;
}

/// Broken before there is a status.
async fn is_unknown_everywhere(behaviour: behaviours::Behaviour) {
    Fixture::new(Status::Mailgun, behaviour).await.is_unknown().await;
    Fixture::new(Status::SendGrid, behaviour).await.is_unknown().await;
}

#[tokio::test]
async fn dripping_body() {
    counts_once_the_status_is_here(behaviours::drips_body).await;
}

#[tokio::test]
async fn a_body_that_ends_early() {
    counts_once_the_status_is_here(behaviours::closes_in_body).await;
    counts_once_the_status_is_here(behaviours::closes_after_head).await;
}

#[tokio::test]
async fn a_body_that_is_reset() {
    counts_once_the_status_is_here(behaviours::resets_in_body).await;
    counts_once_the_status_is_here(behaviours::resets_after_head).await;
}

#[tokio::test]
async fn a_body_that_is_no_json_or_nested_without_end() {
    counts_once_the_status_is_here(behaviours::writes_no_json).await;
    counts_once_the_status_is_here(behaviours::nests_deeply).await;
}

#[tokio::test]
async fn invalid_chunked_encoding() {
    counts_once_the_status_is_here(behaviours::writes_bad_chunks).await;
}

#[tokio::test]
async fn dripping_head() {
    is_unknown_everywhere(behaviours::drips_head).await;
}

#[tokio::test]
async fn a_head_that_never_ends() {
    is_unknown_everywhere(behaviours::writes_headers_for_ever).await;
    is_unknown_everywhere(behaviours::writes_one_header_for_ever).await;
}

#[tokio::test]
async fn a_flood_of_informational_answers() {
    is_unknown_everywhere(behaviours::informs_for_ever).await;
}

#[tokio::test]
async fn non_http_answer() {
    is_unknown_everywhere(behaviours::speaks_ssh).await;
    is_unknown_everywhere(behaviours::writes_zeros).await;
}

#[tokio::test]
async fn a_connection_that_is_reset_while_the_request_is_still_read() {
    for status in [Status::Mailgun, Status::SendGrid] {
        Fixture::new(status, behaviours::resets_in_request).await.large().is_unknown_or_goes_elsewhere().await;
        Fixture::new(status, behaviours::closes_in_request).await.large().is_unknown_or_goes_elsewhere().await;
    }
}
