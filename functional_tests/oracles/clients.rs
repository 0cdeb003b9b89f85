//! Clients that are generated from our document, in Python and in TypeScript: the generators have nothing to say of it,
//! and what a client has to do follows from `delivery` alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::process::Output;
use crate::harness::repository::read;
use crate::harness::settings::API_KEY;
use crate::harness::{Behaviour, Process, Proxy, Reply, Settings, StubProvider, skip};

/// They are interpreted, and every test starts some at the same time.
const START: Duration = Duration::from_secs(90);

/// What each client prints of three mails: the status, the delivery, and what to do.
const ADVICE: &str = "200 accepted done\n422 none correct it\n504 unknown look it up";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where this tool is; none, and a counted skip, if it is not here.
fn tool(name: &str) -> Option<PathBuf> {
    let path = root().join("target/check-tools").join(name);
    if !path.exists() {
        skip(&format!("{name} is not here: scripts/check installs it"));
    }
    path.exists().then_some(path)
}

async fn run(command: &mut Command) -> Output {
    Process::start(std::mem::replace(command, Command::new("true"))).output(START).await
}

/// Its mock never answers a mail with the subject `timeout`.
async fn proxy() -> Proxy {
    Proxy::start(Settings::mock().with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await
}

/// A folder with the generated package, and the tools' own Python; none, and a counted skip, if the generator is not here.
async fn python() -> Option<(TempDir, PathBuf)> {
    let generator = tool("bin/openapi-python-client")?;
    let (folder, tools) = (tempfile::tempdir().expect("a folder"), generator.parent().expect("it is in a folder"));
    // It formats what it writes by a tool beside it.
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    let mut generate = Command::new(&generator);
    generate.env("PATH", path).args(["generate", "--meta", "none", "--fail-on-warning", "--path"]);
    generate.arg(root().join("openapi/openapi.json")).arg("--output-path").arg(folder.path().join("smsp_client"));
    let generated = run(&mut generate).await;
    assert_eq!((generated.code, generated.stderr.as_str()), (Some(0), ""), "{generated:?}");
    Some((folder, tools.join("python")))
}

async fn send_with_python((folder, python): &(TempDir, PathBuf), url: &str) -> Output {
    let mut send = Command::new(python);
    send.env("PYTHONPATH", folder.path()).arg(root().join("functional_tests/oracles/send_with_python.py"));
    run(send.args([url, API_KEY])).await
}

/// In the place of smsp: an answer that is a gateway's, or none.
async fn gateway(behaviour: Behaviour) -> StubProvider {
    let stub = StubProvider::mailgun().await;
    stub.does(behaviour);
    stub
}

fn page() -> Behaviour {
    Reply::new(502, "<html>Bad Gateway</html>").with("content-type", "text/html").into()
}

#[tokio::test]
async fn a_python_client_is_generated_without_a_warning_and_branches_on_delivery() {
    let Some(client) = python().await else { return };
    let proxy = proxy().await;
    let sent = send_with_python(&client, &proxy.client.url("")).await;
    assert_eq!((sent.code, sent.stdout.as_str()), (Some(0), ADVICE), "{sent:?}");
}

#[tokio::test]
async fn a_python_client_takes_a_gateways_page_and_a_reset_for_unknown() {
    let Some(client) = python().await else { return };
    for behaviour in [page(), Behaviour::Reset] {
        let gateway = gateway(behaviour).await;
        let sent = send_with_python(&client, &gateway.url()).await;
        let advice = ["no answer from smsp: look it up"; 3].join("\n");
        assert_eq!((sent.code, sent.stdout, gateway.mails().len()), (Some(0), advice, 3));
    }
}

/// A folder with the types, the client and its packages; none, and a counted skip, if the tools are not here.
async fn typescript(client: &str) -> Option<(TempDir, PathBuf)> {
    let generator = tool("openapi-typescript/node_modules/.bin/openapi-typescript")?;
    let bin = generator.parent().expect("it is in a folder").to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file can be written");
    write("package.json", r#"{"type": "module"}"#);
    write("send.ts", client);
    let packages = bin.parent().expect("it is in a folder");
    symlink(packages, folder.path().join("node_modules")).expect("a link can be made");
    let mut generate = Command::new(&generator);
    generate.arg(root().join("openapi/openapi.json")).arg("--output").arg(folder.path().join("smsp.ts"));
    let generated = run(&mut generate).await;
    assert_eq!((generated.code, generated.stderr.as_str()), (Some(0), ""), "{generated:?}");
    Some((folder, bin))
}

async fn compile((folder, bin): &(TempDir, PathBuf)) -> Output {
    let mut compiler = Command::new(bin.join("tsc"));
    compiler.current_dir(folder).args(["--strict", "--module", "nodenext", "--target", "es2022", "send.ts"]);
    run(&mut compiler).await
}

fn typescript_client() -> String {
    let path = root().join("functional_tests/oracles/send_with_typescript.ts");
    fs::read_to_string(path).expect("the client can be read")
}

#[tokio::test]
async fn a_typescript_client_compiles_under_strict_branches_on_delivery_and_takes_a_gateways_page_for_unknown() {
    let Some(client) = typescript(&typescript_client()).await else { return };
    let (compiled, proxy) = (compile(&client).await, proxy().await);
    assert_eq!((compiled.code, compiled.stdout.as_str()), (Some(0), ""), "{compiled:?}");
    let sent = send_with_typescript(&client, &proxy.client.url("")).await;
    assert_eq!((sent.code, sent.stdout.as_str()), (Some(0), ADVICE), "{sent:?}");
    for (behaviour, advice) in
        [(page(), "502 undefined look it up"), (Behaviour::Reset, "no answer from smsp: look it up")]
    {
        let gateway = gateway(behaviour).await;
        let sent = send_with_typescript(&client, &gateway.url()).await;
        assert_eq!((sent.code, sent.stdout, gateway.mails().len()), (Some(0), [advice; 3].join("\n"), 3));
    }
}

async fn send_with_typescript(client: &(TempDir, PathBuf), url: &str) -> Output {
    run(Command::new("node").arg(client.0.path().join("send.js")).args([url, API_KEY])).await
}

#[tokio::test]
async fn a_typescript_client_that_forgets_a_word_of_delivery_does_not_compile() {
    let whole = typescript_client();
    let forgetful = whole.replace("    case \"queued\":\n      return \"wait\";\n", "");
    assert_ne!(forgetful, whole);
    let Some(client) = typescript(&forgetful).await else { return };
    let compiled = compile(&client).await;
    assert_ne!(compiled.code, Some(0), "{compiled:?}");
    assert!(compiled.stdout.contains("TS2366"), "a function without its last return: {compiled:?}");
}

#[test]
fn the_code_of_the_how_to_on_generated_clients_is_that_of_the_tested_ones() {
    let document = read(&root().join("docs/how-to/generate-a-client.md"));
    for (language, client) in [("python", "send_with_python.py"), ("typescript", "send_with_typescript.ts")] {
        let client = read(&root().join("functional_tests/oracles").join(client));
        let blocks: Vec<_> = document.split(&format!("```{language}\n")).skip(1).collect();
        assert!(!blocks.is_empty(), "no {language}");
        for block in blocks {
            let code = block.split("```").next().unwrap_or_default();
            assert!(client.contains(code), "not in the tested client:\n{code}");
        }
    }
}
