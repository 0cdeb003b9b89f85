//! Recipes that ask a provider over HTTP, against a stub that answers as the section says.

use smsp::delivery::provider::{KINDS, Kind};

use super::described::{document, parameters_in_json, parameters_in_yaml, parts};
use super::section::{Section, account, named};
use crate::harness::{Behaviour, Proxy, Reply, Request, StubProvider, golden, kinds, mails, tool};

/// The kind whose section says that nothing can be found by its field.
const COMPARED_BY_PEOPLE: &str = "brevo";

/// What every recipe needs; a skip is counted.
fn tools_are_here() -> bool {
    tool::is_here("curl", "curl") && tool::is_here("jq", "jq")
}

/// Runs the recipe of a kind against a provider that gives these answers, one for each call.
async fn look(kind: &Kind, answers: &[String], variables: &[(&str, &str)]) -> (String, Vec<Request>) {
    let stub = StubProvider::mailgun().await;
    stub.is_lenient();
    let (answers, mut calls) = (answers.to_vec(), 0..);
    stub.follows(move |_| {
        let answer = calls.next().and_then(|call: usize| answers.get(call));
        Reply::new(200, answer.map_or("{}", String::as_str)).into()
    });
    let output = named(kind.name).run(&stub.url(), &account(kind), variables).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{}: {output:?}", kind.name);
    (output.stdout, stub.mails())
}

/// The answers of a section's provider that has the mail, and of one that has not.
fn answers(section: &Section) -> (Vec<String>, Vec<String>) {
    let mut found = section.blocks("json");
    let missing = found.pop().expect("an answer without the mail");
    (found, vec![missing])
}

#[tokio::test]
async fn recipe_prints_a_mail_that_its_provider_has_and_nothing_of_one_that_it_has_not() {
    if !tools_are_here() {
        return;
    }
    for kind in kinds::over_http() {
        let section = named(kind.name);
        let (found, missing) = answers(&section);
        let shown = section.blocks("text").concat();
        assert_eq!(format!("{}\n", look(kind, &found, &[]).await.0), shown, "{}", kind.name);
        assert_eq!(look(kind, &missing, &[]).await.0, "", "{}", kind.name);
    }
}

#[tokio::test]
async fn recipe_asks_for_its_value_or_compares_it() {
    if !tools_are_here() {
        return;
    }
    for kind in kinds::over_http().filter(|kind| kind.name != COMPARED_BY_PEOPLE) {
        let (found, _) = answers(&named(kind.name));
        let (stdout, calls) = look(kind, &found, &[("VALUE", "another-mark")]).await;
        let is_asked = calls.iter().any(|call| call.to_string().contains("another-mark"));
        assert!(is_asked || stdout.is_empty(), "{} takes any mail for ours: {stdout}", kind.name);
    }
}

/// What Brevo answers to a key that it knows.
const DUPLICATE: &str = r#"{"code": "duplicate_parameter", "message": "idempotencyKey is already used"}"#;

#[tokio::test]
async fn repeat_at_the_same_node_resolves_an_unknown_where_the_section_says_to_repeat_first() {
    let says_so: Vec<_> = KINDS.iter().filter(|kind| named(kind.name).says("**repeat the call first**")).collect();
    assert_eq!(says_so.iter().map(|kind| kind.name).collect::<Vec<_>>(), ["resend", "brevo"]);
    for kind in says_so {
        let stub = StubProvider::mailgun().await;
        stub.does(Behaviour::Close);
        // An open circuit would leave it at the earlier answer.
        let proxy = Proxy::start(kinds::alone(kind, &stub.url()).patient_circuits()).await;
        let call = async || proxy.client.post_raw(mails::plain().to_string(), &[("idempotency-key", "order-17")]).await;
        call().await.expect_problem(504, "unknown", false);
        let brevo = Reply::new(400, DUPLICATE);
        stub.follows(move |_| if kind.name == "brevo" { brevo.clone() } else { Reply::resend_accepts() }.into());
        call().await.expect(200);
        assert_eq!(stub.mails().len(), 3, "{}", kind.name);
    }
}

/// A call as it went over the wire, but for what differs from run to run.
fn normalised(call: &Request) -> String {
    let names = ["accept", "api-key", "authorization", "content-type", "x-amz-target", "x-postmark-server-token"];
    let shown = |name: &&str| {
        let value = call.header(name)?;
        let unsigned = value.split("/20").next().unwrap_or_default();
        let scope = value.find("/logs/").map_or("", |at| value[at..].split(", Signature").next().unwrap_or_default());
        Some(format!("{name}: {}{scope}\n", if scope.is_empty() { value } else { unsigned }))
    };
    let headers: String = names.iter().filter_map(shown).collect();
    // Older versions of curl write escapes in lower case.
    format!("{}\n{headers}{}\n", call.target.replace("%3a", "%3A"), call.text())
}

#[tokio::test]
async fn recipe_makes_the_calls_that_it_is_known_to_make() {
    if !tools_are_here() {
        return;
    }
    let mut text = String::new();
    for kind in kinds::over_http() {
        let (_, calls) = look(kind, &answers(&named(kind.name)).0, &[]).await;
        text.push_str(&format!("# {}\n{}", kind.name, calls.iter().map(normalised).collect::<String>()));
    }
    golden::check("lookup_recipes.txt", &text);
}

/// Is it this path, with something in the place of each name in braces?
fn fits(path: &str, template: &str) -> bool {
    let (path, template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len()
        && path.iter().zip(template).all(|(is, wanted)| wanted.starts_with('{') || *is == wanted)
}

/// Demands that every call is one of the document, which gives the names of its parameters by path and method.
async fn are_described(kind: &str, paths: &[&str], parameters: impl Fn(&str, &str) -> Option<Vec<String>>) {
    let kind = KINDS.iter().find(|known| known.name == kind).expect("a kind");
    let (_, calls) = look(kind, &answers(&named(kind.name)).0, &[]).await;
    assert_eq!(calls.len(), paths.len(), "{calls:#?}");
    for (call, template) in calls.iter().zip(paths) {
        let (method, path, query) = parts(call);
        assert!(fits(&path, template), "{path} is no {template}");
        let known = parameters(template, &method).unwrap_or_else(|| panic!("no {method} {template} in the document"));
        assert!(query.iter().all(|name| known.contains(name)), "{query:?} are not all of {known:?}");
    }
}

#[tokio::test]
async fn mailguns_document_describes_the_calls_of_its_recipe() {
    let Some(document) = document("mailgun.yaml").filter(|_| tools_are_here()) else { return };
    let parameters = |path: &str, method: &str| parameters_in_yaml(&document, path, method);
    are_described("mailgun", &["/v3/{domain_name}/events"], parameters).await;
}

#[tokio::test]
async fn resends_document_describes_the_calls_of_its_recipe() {
    let Some(document) = document("resend.json").filter(|_| tools_are_here()) else { return };
    let parameters = |path: &str, method: &str| parameters_in_json(&document, path, method);
    are_described("resend", &["/logs", "/logs/{log_id}"], parameters).await;
}
