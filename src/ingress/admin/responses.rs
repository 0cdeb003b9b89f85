//! The refusals that several calls of the admin listener share, as they stand in the document.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::ingress::server::document::problems;

/// A call is refused by the head of its request, whatever its path is.
pub(super) struct OfHead;

/// A call is refused because of its rights.
pub(super) struct OfRights;

/// An order cannot be carried out.
pub(super) struct OfOrder;

/// A mail is not explained.
pub(super) struct OfRoute;

/// A body of an order for the outbox is wrong.
pub(super) struct OfOutboxOrder;

/// A call has no query.
pub(super) struct OfQuery;

/// A query is wrong.
pub(super) struct OfParameters;

/// An order on many mails cannot be carried out.
pub(super) struct OfMany;
/// A page of a list cannot be shown.
pub(super) struct OfPages;

/// An order for one mail cannot be carried out.
pub(super) struct OfMail;

/// A site is not there.
pub(super) struct OfSite;

/// The store does not answer.
pub(super) struct OfStore;

/// The store does not say that it has done what was ordered.
pub(super) struct OfWriting;

impl IntoResponses for OfHead {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not plain JSON"),
        ])
    }
}

impl IntoResponses for OfRights {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::UNAUTHORIZED, "The admin key is missing or wrong"),
            (
                StatusCode::FORBIDDEN,
                "The key does not have the needed role; or no admin keys are set, and the call is not from this machine",
            ),
            (StatusCode::TOO_MANY_REQUESTS, "Too many calls with wrong keys wait for their answers"),
        ])
    }
}

impl IntoResponses for OfOrder {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::BAD_REQUEST, "The body is not JSON, or the query has a parameter"),
            (StatusCode::NOT_FOUND, "There is no upstream of this name"),
            (StatusCode::REQUEST_TIMEOUT, "The body did not arrive within 16 s"),
            (StatusCode::UNPROCESSABLE_ENTITY, "The order is invalid"),
        ])
    }
}

impl IntoResponses for OfRoute {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::BAD_REQUEST, "The body is not JSON, the query does not name a caller, or a header is wrong"),
            (
                StatusCode::FORBIDDEN,
                "The key does not have the needed role; or no admin keys are set, and the call is not from this machine; or \
                 the caller may not send from that domain",
            ),
            (StatusCode::NOT_FOUND, "There is no caller of this name"),
            (StatusCode::REQUEST_TIMEOUT, "The body did not arrive within 16 s"),
            (StatusCode::UNPROCESSABLE_ENTITY, "The message is invalid"),
            (StatusCode::SERVICE_UNAVAILABLE, "This node has no room for the body"),
        ])
    }
}

impl IntoResponses for OfOutboxOrder {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::BAD_REQUEST, "The body is not JSON, or the query has a parameter"),
            (StatusCode::REQUEST_TIMEOUT, "The body did not arrive within 16 s"),
            (StatusCode::UNPROCESSABLE_ENTITY, "The order is invalid"),
        ])
    }
}

impl IntoResponses for OfQuery {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(StatusCode::BAD_REQUEST, "The query has a parameter")])
    }
}

impl IntoResponses for OfParameters {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(StatusCode::BAD_REQUEST, "A query parameter is wrong")])
    }
}

impl IntoResponses for OfMany {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(
            StatusCode::CONFLICT,
            "There is more mail than the order names, or too much to be counted in time",
        )])
    }
}

impl IntoResponses for OfPages {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::BAD_REQUEST, "A parameter of the query is wrong"),
            (StatusCode::SERVICE_UNAVAILABLE, "The store cannot be used now, and the page before was from there"),
        ])
    }
}

impl IntoResponses for OfMail {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::NOT_FOUND, "There is no mail of this id"),
            (StatusCode::CONFLICT, "The mail is not where that is possible, its content is gone, or its time is over"),
        ])
    }
}

impl IntoResponses for OfSite {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(StatusCode::NOT_FOUND, "This node knows no site of this key")])
    }
}

impl IntoResponses for OfStore {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(StatusCode::SERVICE_UNAVAILABLE, "The store cannot be used now")])
    }
}

impl IntoResponses for OfWriting {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let unclear = (StatusCode::GATEWAY_TIMEOUT, "The store did not say whether it has carried out the order");
        OfStore::responses().into_iter().chain(problems(&[unclear])).collect()
    }
}
