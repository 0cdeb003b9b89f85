//! `POST /route?caller=NAME`: where a mail of this caller would go. What explains it is given to this listener, which does
//! not read the mail itself.

use axum::Json;
use axum::extract::{Request, State};

use super::access::Viewer;
use super::refusal::one_caller;
use super::responses::{OfHead, OfRights, OfRoute};
use super::state::AdminState;
use crate::ingress::plan::RouteBody;
use crate::ingress::server::problem::Problem;
use crate::model::caller::is_name;

/// Where the mail is sent that is to be explained.
pub(super) const PATH: &str = "/route";

/// Explain where a message would go
///
/// Needs the role `viewer`. As `POST /route` of the API, for a message of the caller that the query names; the call does
/// not count against the rate of that caller. Nothing is sent.
#[utoipa::path(
    post,
    path = "/route",
    operation_id = "explainRoute",
    tag = "routing",
    params(
        ("caller" = String, Query, description = "The name of a caller", example = "billing"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "The answer is the plan of a mail with this key", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = Option<String>, Header, nullable = false, description = "As for `POST /email` of the API: `never` or `safe`. It does not change the plan", pattern = "^(never|safe)$"),
    ),
    request_body(content = serde_json::Value, description = "The message, as `POST /email` of the API takes it", content_type = "application/json",
        example = json!({"from": "ada@example.org", "to": "charles@example.com", "subject": "Note G", "text": "Hello."})),
    responses((status = 200, description = "Where the message would go", body = RouteBody), OfRights, OfHead, OfRoute),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(super) async fn explain(
    _: Viewer,
    State(state): State<AdminState>,
    request: Request,
) -> Result<Json<RouteBody>, Problem> {
    let caller = caller(request.uri().query().unwrap_or_default()).ok_or_else(one_caller)?.to_owned();
    (state.explain)(caller, request).await.map(Json)
}

/// The name in `caller=NAME`, if that is the whole query. A name has no letter that would be escaped.
fn caller(query: &str) -> Option<&str> {
    let name = query.strip_prefix("caller=")?;
    is_name(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_names_one_caller_and_nothing_else() {
        assert_eq!(caller("caller=billing-2"), Some("billing-2"));
        for query in [
            "",
            "caller",
            "caller=",
            "caller=a&caller=b",
            "caller=a&x",
            "x&caller=a",
            "caller=A",
            "caller=2a",
            "caller=%61",
        ] {
            assert_eq!(caller(query), None, "{query}");
        }
    }
}
