//! The OpenAPI document of the admin listener, made from its routes; `openapi/admin.json` is its checked-in copy.
//!
//! It is open as health is: it tells nothing of this node. Deliberately absent: a page that shows it.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;

use super::routes::{self, Parts};
use super::state::AdminState;
use crate::ingress::server::document::{add_key, add_problem, examples, serve};

const ANSWERS: &str = include_str!("../../../openapi/admin-answers.json");

/// Given in a process of its own over a store that a test scripts: no other gives all of them.
pub(super) const OUTBOX_ANSWERS: &str = include_str!("../../../openapi/admin-outbox-answers.json");

/// Given in the same way, where mail may go to its recipients' own servers.
pub(super) const SITES_ANSWERS: &str = include_str!("../../../openapi/admin-sites-answers.json");

/// The tag of what there is only where the outbox is on.
const OUTBOX: &str = "outbox";
/// The tag of what there is only where mail may go to its recipients' own servers.
const SITES: &str = "sites";

const ABOUT: &str = "\
Health, metrics and circuits of one node, and orders for its circuits. The node serves it on `SMSP_ADMIN_PORT`, apart from \
the API.

`/livez`, `/readyz` and `/metrics` are open. The other calls need an admin key whose role is the one that they name, or a \
higher one: `viewer` may look, `operator` may also give orders. Where no `SMSP_ADMIN_KEYS` are set, a process on the same \
machine may make every call without a key, and no other may.

Any call may also be answered 404, 405 or 500, with a problem.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Send Mail Service Proxy: admin listener", version = "1", description = ABOUT),
    servers((url = "/", description = "This node")),
    tags(
        (name = "health", description = "For orchestrators and Prometheus"),
        (name = "circuits", description = "Circuits of the upstreams, and orders for them"),
        (name = "routing", description = "Where mail goes"),
        (name = "outbox", description = "Mail that is sent later, and orders for it (`SMSP_OUTBOX=on`)"),
        (name = "sites", description = "The servers of the recipients, where mail may go there (`mx`), and orders for them")
    ),
    modifiers(&Shared)
)]
struct Head;

struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut OpenApi) {
        add_key(document, "X-ADMIN-KEY", "An admin key, one of `SMSP_ADMIN_KEYS`. Its role is `viewer` or `operator`.");
        add_problem(document);
    }
}

/// The whole document, made from the routes.
pub fn document() -> OpenApi {
    part(Parts::ALL)
}

/// What a node serves that has these.
fn part(parts: Parts) -> OpenApi {
    let mut document = OpenApiRouter::with_openapi(Head::openapi()).merge(routes::routes(parts)).to_openapi();
    let is_there = |tag: &str| (tag != OUTBOX || parts.outbox) && (tag != SITES || parts.sites);
    document.tags.iter_mut().for_each(|tags| tags.retain(|tag| is_there(&tag.name)));
    examples::add_answers(&mut document, ANSWERS);
    examples::add_answers(&mut document, OUTBOX_ANSWERS);
    examples::add_answers(&mut document, SITES_ANSWERS);
    document
}

/// The pattern of [`routes()`].
pub(super) const PATTERN: &str = "/openapi.json";

/// Where the document is served.
pub(super) fn routes(parts: Parts) -> Router<AdminState> {
    Router::new().route(PATTERN, serve(&part(parts)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::ingress::server::document::checks::{unnamed, without_true_example};

    fn whole() -> Value {
        serde_json::to_value(document()).expect("a document is JSON")
    }

    #[test]
    fn every_object_of_the_document_is_a_component_with_one_name() {
        assert_eq!(unnamed(&whole()), [""; 0]);
    }

    #[test]
    fn every_answer_of_the_document_has_an_example_of_its_own_status() {
        assert_eq!(without_true_example(&whole()), [""; 0]);
    }

    #[test]
    fn a_call_is_open_or_names_the_role_that_it_needs() {
        let (document, mut needed) = (whole(), BTreeSet::new());
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let role = operation["security"][0]["X-ADMIN-KEY"][0].as_str().unwrap_or("open").to_owned();
                let alone = if role == "open" { json!([{}]) } else { json!([{"X-ADMIN-KEY": [role]}, {}]) };
                assert_eq!(operation["security"], alone, "{method} {path}");
                needed.insert(format!("{method} {path} {role}"));
            }
        }
        let expected = [
            "get /audit viewer",
            "get /circuits viewer",
            "get /livez open",
            "get /metrics open",
            "get /outbox viewer",
            "get /outbox/count viewer",
            "get /outbox/mails viewer",
            "get /readyz open",
            "get /sites viewer",
            "post /outbox/erase operator",
            "post /outbox/find operator",
            "post /outbox/orders operator",
            "post /outbox/release operator",
            "post /outbox/{id}/cancel operator",
            "post /outbox/{id}/retry operator",
            "post /outbox/{id}/settle operator",
            "post /route viewer",
            "put /circuits/{name} operator",
            "put /outbox operator",
            "put /sites/{key} operator",
        ];
        assert_eq!(needed, BTreeSet::from(expected.map(str::to_owned)));
    }
}
