//! The kinds of problems, and what is the same for every problem of a kind.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ingress::api::delivery::Delivery;
use crate::ingress::server::problem;

/// The kind of a problem, as a URN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemType)]
pub(in crate::ingress::api) enum Kind {
    #[serde(rename = "urn:smsp:problem:malformed")]
    Malformed,
    #[serde(rename = "urn:smsp:problem:unauthorized")]
    Unauthorized,
    #[serde(rename = "urn:smsp:problem:sender-not-allowed")]
    SenderNotAllowed,
    #[serde(rename = "urn:smsp:problem:rate-limited")]
    RateLimited,
    #[serde(rename = "urn:smsp:problem:not-found")]
    NotFound,
    #[serde(rename = "urn:smsp:problem:method-not-allowed")]
    MethodNotAllowed,
    #[serde(rename = "urn:smsp:problem:body-timeout")]
    BodyTimeout,
    #[serde(rename = "urn:smsp:problem:too-large")]
    TooLarge,
    #[serde(rename = "urn:smsp:problem:unsupported-media-type")]
    UnsupportedMediaType,
    #[serde(rename = "urn:smsp:problem:invalid-message")]
    InvalidMessage,
    #[serde(rename = "urn:smsp:problem:idempotency-key-reused")]
    IdempotencyKeyReused,
    #[serde(rename = "urn:smsp:problem:idempotency-key-in-flight")]
    IdempotencyKeyInFlight,
    #[serde(rename = "urn:smsp:problem:not-capable")]
    NotCapable,
    #[serde(rename = "urn:smsp:problem:message-rejected")]
    MessageRejected,
    #[serde(rename = "urn:smsp:problem:sender-rejected")]
    SenderRejected,
    #[serde(rename = "urn:smsp:problem:no-such-mail")]
    NoSuchMail,
    #[serde(rename = "urn:smsp:problem:outbox-conflict")]
    OutboxConflict,
    #[serde(rename = "urn:smsp:problem:outbox-full")]
    OutboxFull,
    #[serde(rename = "urn:smsp:problem:outbox-unavailable")]
    OutboxUnavailable,
    #[serde(rename = "urn:smsp:problem:outbox-unknown")]
    OutboxUnknown,
    #[serde(rename = "urn:smsp:problem:outbox-alone")]
    OutboxAlone,
    #[serde(rename = "urn:smsp:problem:store-unavailable")]
    StoreUnavailable,
    #[serde(rename = "urn:smsp:problem:internal-error")]
    InternalError,
    #[serde(rename = "urn:smsp:problem:refused")]
    Refused,
    #[serde(rename = "urn:smsp:problem:temporarily-unavailable")]
    TemporarilyUnavailable,
    #[serde(rename = "urn:smsp:problem:overloaded")]
    Overloaded,
    #[serde(rename = "urn:smsp:problem:draining")]
    Draining,
    #[serde(rename = "urn:smsp:problem:unknown")]
    Unknown,
}

impl Kind {
    /// What stands behind `urn:smsp:problem:`.
    pub(super) fn name(self) -> String {
        let urn = serde_json::to_value(self).ok();
        let name = urn.as_ref().and_then(|urn| urn.as_str()?.strip_prefix(problem::URN));
        name.unwrap_or_default().to_owned()
    }

    /// Status and title.
    pub(super) fn describe(self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "The call is malformed"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "The API key is missing or wrong"),
            Self::SenderNotAllowed => (StatusCode::FORBIDDEN, "This key may not send from that domain"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "This caller is over its rate"),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such path"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "This path has no such method"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not plain JSON"),
            Self::InvalidMessage => (StatusCode::UNPROCESSABLE_ENTITY, "The message is invalid"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "The key is in use for another message"),
            Self::IdempotencyKeyInFlight => (StatusCode::CONFLICT, "Another call under the key is in flight"),
            Self::NotCapable => (StatusCode::UNPROCESSABLE_ENTITY, "No provider can carry the message"),
            Self::MessageRejected => (StatusCode::UNPROCESSABLE_ENTITY, "A provider refused the message"),
            Self::SenderRejected => (StatusCode::UNPROCESSABLE_ENTITY, "No provider may send for this sender"),
            Self::NoSuchMail => (StatusCode::NOT_FOUND, "There is no such mail of this caller"),
            Self::OutboxConflict => (StatusCode::CONFLICT, "The mail is no longer where that is possible"),
            Self::OutboxFull => (StatusCode::SERVICE_UNAVAILABLE, "The outbox has no room"),
            Self::OutboxUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "The store cannot be used now"),
            Self::OutboxUnknown => (StatusCode::GATEWAY_TIMEOUT, "The outbox may have the mail"),
            Self::OutboxAlone => (StatusCode::SERVICE_UNAVAILABLE, "The outbox alone delivers this mail"),
            Self::StoreUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "The store cannot be asked now"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
            Self::Refused => (StatusCode::BAD_GATEWAY, "No provider took the mail"),
            Self::TemporarilyUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "No provider can take the mail now"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "This node is overloaded"),
            Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, "This node is shutting down"),
            Self::Unknown => (StatusCode::GATEWAY_TIMEOUT, "A provider may have the mail"),
        }
    }

    pub(super) fn delivery(self) -> Delivery {
        match self {
            Self::Unknown | Self::OutboxUnknown | Self::InternalError => Delivery::Unknown,
            _ => Delivery::None,
        }
    }

    /// May the very same call succeed later, without the danger of a second mail?
    pub(super) fn retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::BodyTimeout
                | Self::IdempotencyKeyInFlight
                | Self::StoreUnavailable
                | Self::OutboxFull
                | Self::OutboxUnavailable
                | Self::TemporarilyUnavailable
                | Self::Overloaded
                | Self::Draining
        )
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn the_type_of_every_kind_is_a_urn_of_ours_with_a_name_behind_it() {
        let schema = serde_json::to_value(Kind::schema()).expect("a schema is JSON");
        let types = schema["enum"].as_array().expect("a list of types");
        assert!(types.contains(&serde_json::json!("urn:smsp:problem:unknown")), "{schema}");
        for urn in types {
            let name = urn.as_str().and_then(|urn| urn.strip_prefix(problem::URN)).unwrap_or_default();
            assert!(!name.is_empty(), "{urn} has no name that Kind::name could tell");
        }
        assert_eq!(Kind::BodyTimeout.name(), "body-timeout");
    }

    #[test]
    fn nothing_that_may_have_been_sent_is_called_retryable() {
        for kind in [Kind::Unknown, Kind::OutboxUnknown, Kind::InternalError] {
            assert_eq!((kind.delivery(), kind.retryable()), (Delivery::Unknown, false), "{kind:?}");
        }
    }
}
