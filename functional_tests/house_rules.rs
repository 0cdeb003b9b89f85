//! The rules of the house, held by reading `src/` and the README: arrows, module docs, nothing that no module declares.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Settings, run};

/// Which modules each one may name besides itself. `main` knows the library from outside.
const ARROWS: [(&str, &[&str]); 15] = [
    ("message", &[]),
    ("outcome", &[]),
    ("metrics", &[]),
    ("secret", &[]),
    ("telemetry", &[]),
    ("shutdown", &[]),
    ("circuit", &["outcome"]),
    ("provider", &["message", "outcome", "secret", "metrics"]),
    ("upstream", &["message", "outcome", "circuit", "provider", "metrics"]),
    ("dispatch", &["message", "outcome", "circuit", "provider", "upstream", "metrics", "shutdown"]),
    ("supervisor", &["message", "outcome", "circuit", "provider", "upstream", "metrics", "shutdown"]),
    ("http", &["dispatch", "message", "outcome", "metrics", "secret", "shutdown", "telemetry"]),
    ("ops", &["circuit", "upstream", "outcome", "metrics", "shutdown"]),
    (
        "config",
        &[
            "http",
            "dispatch",
            "supervisor",
            "upstream",
            "circuit",
            "provider",
            "message",
            "telemetry",
            "shutdown",
            "secret",
        ],
    ),
    (
        "app",
        &[
            "config",
            "circuit",
            "http",
            "ops",
            "dispatch",
            "supervisor",
            "upstream",
            "provider",
            "outcome",
            "metrics",
            "telemetry",
            "shutdown",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The top module that a file of `src/` belongs to.
fn module(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).expect("below src");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The top modules that a text names as `crate::name`, alone or in braces.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|group| group.split('}').next());
        for name in group.unwrap_or(rest).split(',').take(if group.is_some() { usize::MAX } else { 1 }) {
            let name = name.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next();
            names.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    names
}

/// The names in `text` that `module` may not name.
fn backward_arrows(module: &str, text: &str) -> Vec<String> {
    let allowed = ARROWS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{module} has no arrows")).1;
    named(text).into_iter().filter(|name| name != module && !allowed.contains(&name.as_str())).collect()
}

#[test]
fn arrows_point_inwards() {
    let mut wrong = Vec::new();
    for path in sources("src").into_iter().filter(|path| !matches!(module(path).as_str(), "lib" | "main")) {
        // Tests of a room may put a bench together from its neighbours.
        if path.ends_with("tests.rs") {
            continue;
        }
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for name in backward_arrows(&module(&path), text) {
            wrong.push(format!("{} names {name}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_planted_backward_arrow_is_found() {
    for planted in ["use crate::http::Door;", "use crate::{outcome::Blame, http};", "fn f() { crate::http::f() }"] {
        assert_eq!(backward_arrows("circuit", planted), ["http"], "{planted}");
    }
    assert_eq!(backward_arrows("circuit", "// crate::http\nuse crate::outcome::Blame;"), Vec::<String>::new());
}

#[test]
fn every_file_says_first_what_it_is_and_why() {
    for path in sources("src").iter().chain(&sources("functional_tests")) {
        let text = read(path);
        assert!(
            text.starts_with("//! ") && text.lines().next().is_some_and(|line| line.len() > 10),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_file_is_declared_and_none_is_called_mod() {
    for folder in ["src", "functional_tests"] {
        let files = sources(folder);
        let declared: BTreeSet<String> = files.iter().flat_map(|path| declared_modules(&read(path))).collect();
        for path in &files {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            assert_ne!(name, "mod", "{}", path.display());
            let known = ["lib", "main"].contains(&name.as_str()) || declared.contains(&name);
            assert!(known, "no module declares {}", path.display());
        }
    }
}

fn declared_modules(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod "));
    names
        .filter(|(before, _)| matches!(*before, "" | "pub " | "pub(crate) "))
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[test]
fn the_circuit_has_no_clock_no_task_and_no_lock() {
    for path in sources("src").iter().filter(|path| module(path) == "circuit" && !path.ends_with("tests.rs")) {
        let text = read(path);
        for absent in ["Instant", "SystemTime", "tokio", "Mutex", "RwLock", "async"] {
            assert!(!text.contains(absent), "{} names {absent}", path.display());
        }
    }
}

#[test]
fn handlers_are_registered_together_with_their_document() {
    let text = read(&root().join("src/http.rs"));
    assert!(
        text.contains("routes!(") && !text.contains(".route("),
        "src/http.rs registers a route without its document"
    );
}

#[test]
fn every_script_that_the_readme_names_exists_and_every_script_is_named() {
    let readme = read(&root().join("README.md"));
    let named: BTreeSet<_> = readme
        .split("scripts/")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let scripts = fs::read_dir(root().join("scripts")).expect("scripts/");
    let existing: BTreeSet<_> =
        scripts.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(named, existing);
}

/// The variable of each row of the README's table, and its default where that is a value rather than words.
fn documented() -> Vec<(String, Option<String>)> {
    let readme = read(&root().join("README.md"));
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `SMSP_"));
    rows.map(|row| {
        let (name, rest) = row.split_once('`').expect("a closing backtick");
        let cell = rest.split('|').nth(1).unwrap_or_default().trim();
        let default = cell.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        (format!("SMSP_{name}"), default.map(str::to_owned))
    })
    .collect()
}

/// Every variable there is, with its default, as the binary itself lists them.
async fn effective() -> Vec<(String, String)> {
    let settings = Settings::empty()
        .with("SMSP_API_KEY", "k")
        .with("SMSP_PROVIDERS", "mg,sg,md,pm,sp,rs,bv,mj,ses,smtp,maildir,mock")
        .with("SMSP_MG_DOMAIN", "mg.example.org")
        .with("SMSP_MG_API_KEY", "k")
        .with("SMSP_SG_API_KEY", "k")
        .with("SMSP_MD_API_KEY", "k")
        .with("SMSP_PM_API_KEY", "k")
        .with("SMSP_SP_API_KEY", "k")
        .with("SMSP_RS_API_KEY", "k")
        .with("SMSP_BV_API_KEY", "k")
        .with("SMSP_MJ_API_KEY", "k")
        .with("SMSP_MJ_API_SECRET", "k")
        .with("SMSP_SES_REGION", "eu-west-1")
        .with("SMSP_SES_ACCESS_KEY_ID", "k")
        .with("SMSP_SES_SECRET_ACCESS_KEY", "k")
        .with("SMSP_SMTP_HOST", "smtp.example.org")
        .with("SMSP_MAILDIR_DIR", "/tmp/maildir")
        .with("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let pairs = output.stdout.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn the_readmes_table_names_every_variable_and_no_other() {
    let own = |name: &str| {
        let names = ["MG", "SG", "MD", "PM", "SP", "RS", "BV", "MJ", "SES", "SMTP", "MAILDIR", "MOCK"]
            .map(|upstream| format!("SMSP_{upstream}_"));
        if let Some(rest) = name.strip_prefix("SMSP_CALLER_CALLER_") {
            return format!("SMSP_CALLER_<NAME>_{rest}");
        }
        let is_limit = |rest: &&str| ["ATTEMPT_TIMEOUT", "CONCURRENCY"].contains(rest) || rest.starts_with("CIRCUIT_");
        let rest = names.iter().find_map(|prefix| name.strip_prefix(prefix.as_str()));
        rest.filter(is_limit).map_or_else(|| name.to_owned(), |rest| format!("SMSP_<NAME>_{rest}"))
    };
    let real: BTreeSet<_> = effective().await.iter().map(|(name, _)| own(name)).collect();
    let documented: BTreeSet<_> = documented().into_iter().map(|(name, _)| name).collect();
    assert_eq!(documented, real);
}

#[tokio::test]
async fn every_default_in_the_readmes_table_is_the_real_one() {
    let real = effective().await;
    for (name, default) in documented() {
        let Some(default) = default else { continue };
        let found = real.iter().find(|(real, _)| *real == name).unwrap_or_else(|| panic!("{name} is not a variable"));
        assert_eq!(found.1, default, "{name}");
    }
}

/// The chapter's text speaks of a default as `NAME` (value), perhaps with more words behind the value.
#[tokio::test]
async fn every_default_in_the_chapter_on_limits_is_the_real_one() {
    let (readme, real) = (read(&root().join("README.md")), effective().await);
    let chapter = readme.split("## Limits and threats").nth(1).and_then(|rest| rest.split("\n## ").next());
    let mut seen = 0;
    for mention in chapter.expect("the chapter on limits").split("`SMSP_").skip(1) {
        let Some((name, rest)) = mention.split_once("` (") else { continue };
        let value = rest.split([')', ',']).next().unwrap_or_default().replace(' ', "");
        let name = format!("SMSP_{name}");
        if let Some((_, default)) = real.iter().find(|(real, _)| *real == name) {
            assert_eq!(*default, value, "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen} defaults were found");
}

/// The rows of a Markdown table whose head starts like this.
fn table(text: &str, head: &str) -> String {
    let rows: Vec<_> =
        text.lines().skip_while(|line| !line.starts_with(head)).take_while(|line| line.starts_with('|')).collect();
    rows.join("\n")
}

#[tokio::test]
async fn the_readmes_table_of_providers_is_the_one_of_the_document() {
    let output = run(&["openapi"], &Settings::empty()).await;
    let document: serde_json::Value = serde_json::from_str(&output.stdout).expect("the document is JSON");
    let about = document["info"]["description"].as_str().expect("a description");
    let (path, readme) = (root().join("README.md"), read(&root().join("README.md")));
    let (real, shown) = (table(about, "| kind |"), table(&readme, "| kind |"));
    assert!(!real.is_empty(), "no table in {about}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, readme.replace(&shown, &real)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    } else {
        assert_eq!(shown, real, "UPDATE_GOLDEN=1 writes it anew");
    }
}
