//! Read from the source: every route is registered together with its part of a document, so none can be left out.

use crate::harness::repository::{read, root, rust_files};

/// Routes without a part of a document: the documents themselves and the page that shows one. A caller finds the calls of
/// a node in them, and they are gone with `SMSP_DOCS=false`.
const UNDOCUMENTED: [(&str, &str); 4] = [
    ("src/ingress/api/document.rs", ".route(\"/openapi.json\""),
    ("src/ingress/api/document.rs", ".route(\"/swagger.json\""),
    ("src/ingress/api/document.rs", "SwaggerUi::new(\"/swagger-ui\""),
    ("src/ingress/admin/document.rs", ".route(PATTERN"),
];

/// What registers a route, or makes a router, that no document knows.
const BARE: [&str; 11] = [
    ".route(",
    ".route_service(",
    ".nest(",
    ".nest_service(",
    ".fallback_service(",
    "SwaggerUi::new(",
    " Router::new()",
    "(Router::new()",
    "::Router::new()",
    "Router::default()",
    "MethodRouter::new()",
];

/// Files of routes, by path; not those of tests, nor what stands behind a file's own tests.
fn sources() -> Vec<(String, String)> {
    let name = |path: &std::path::Path| path.strip_prefix(root()).expect("below the root").display().to_string();
    let files = rust_files("src/ingress").into_iter().map(|path| (name(&path), read(&path)));
    let code = files.filter(|(name, _)| !name.contains("/tests")).map(|(name, text)| {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
        // Functions of ours with the name of one that registers: what serves a request, and the route of a context.
        (name, code.replace("self.route(", "").replace(".route()", ""))
    });
    code.collect()
}

/// Routes without a document, and documents without a route.
fn undocumented(files: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, text) in files {
        let own = UNDOCUMENTED.iter().filter(|(file, _)| file == name);
        let rest = own.clone().fold(text.clone(), |rest, (_, route)| rest.replacen(route, "", 1));
        // The router of a document's own routes.
        let rest = if own.count() > 0 { rest.replacen(" Router::new()", "", 1) } else { rest };
        let bare = BARE.iter().filter(|call| rest.contains(**call));
        wrong.extend(bare.map(|call| format!("{name}: {call} registers a route without its document")));
    }
    for listener in ["src/ingress/api", "src/ingress/admin", "src/ingress/compat"] {
        let of_listener = || files.iter().filter(|(name, _)| name.starts_with(listener));
        let count = |what: &str| of_listener().map(|(_, text)| text.matches(what).count()).sum::<usize>();
        let registered = of_listener().map(|(_, text)| registered(text)).sum::<usize>();
        let described = count("#[utoipa::path(");
        if registered == 0 || registered != described {
            wrong.push(format!("{listener}: {described} handlers are described, and {registered} are registered"));
        }
    }
    wrong
}

/// The handlers that this code registers, of which one `routes!` may have several.
fn registered(code: &str) -> usize {
    let lists = code.split("routes!(").skip(1).filter_map(|rest| rest.split(')').next());
    lists.map(|list| list.split(',').filter(|name| !name.trim().is_empty()).count()).sum()
}

#[test]
fn every_route_is_registered_together_with_its_part_of_a_document() {
    let (files, none) = (sources(), Vec::<String>::new());
    assert_eq!(undocumented(&files), none);
    for (name, route) in UNDOCUMENTED {
        let found = files.iter().any(|(file, text)| file == name && text.contains(route));
        assert!(found, "{name} has no {route}: it needs no exception");
    }
}

#[test]
fn a_route_without_its_document_is_found_and_so_is_a_document_without_its_route() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let sound = vec![
        file("src/ingress/api/email.rs", "#[utoipa::path(post)]"),
        file("src/ingress/api.rs", "routes!(send)"),
        file("src/ingress/admin/health.rs", "#[utoipa::path(get)]"),
        file("src/ingress/admin/routes.rs", "routes!(live)"),
        file("src/ingress/compat/send.rs", "#[utoipa::path(post)] routes!(send)"),
        file("src/ingress/admin/document.rs", "{ Router::new().route(PATTERN, serve()) }"),
    ];
    assert_eq!(undocumented(&sound), Vec::<String>::new());
    for (name, planted) in [
        ("src/ingress/api/more.rs", ".route(\"/more\", get(more))"),
        ("src/ingress/admin/more.rs", "let more = Router::new();"),
        ("src/ingress/admin/more.rs", ".route(\"/openapi.json\", get(more))"),
        ("src/ingress/admin/document.rs", ".route(\"/more\", get(more))"),
        ("src/ingress/server/more.rs", ".nest_service(\"/more\", more)"),
        ("src/ingress/admin/more.rs", "#[utoipa::path(get)]"),
        ("src/ingress/api/more.rs", "routes!(more)"),
    ] {
        let found = undocumented(&[sound.clone(), vec![file(name, planted)]].concat());
        assert_eq!(found.len(), 1, "{planted}: {found:?}");
    }
    assert_eq!(undocumented(&[]).len(), 3);
}
