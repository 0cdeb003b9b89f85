//! Any environment: nothing panics, every mistake names a variable and none repeats a secret, and what a good start says
//! is in force would start in the same way once more.

#![no_main]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use smsp::app::config::{Config, Errors};
use smsp::delivery::provider::{KINDS, Kind};

#[derive(Arbitrary, Debug)]
struct Environment<'a> {
    /// The indices of providers that are configured soundly.
    sound: [u8; 2],
    changes: Vec<(Name<'a>, Value<'a>)>,
}

#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Known(u8),
    /// Where its secret would be in a file.
    File(u8),
    Any(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Word(u8),
    Any(&'a str),
}

const WORDS: [&str; 31] = [
    "",
    "0",
    "1",
    "0.5",
    "4095",
    "65535",
    "0s",
    "1ms",
    "2s",
    "24h",
    "1B",
    "1GiB",
    "18446744073709551615h",
    "17179869184GiB",
    "true",
    "false",
    "closed",
    "probe",
    "message",
    "always",
    "round_robin",
    "exit",
    "none",
    "127.0.0.1",
    "::1",
    "a@example.org",
    "A <a@example.org>",
    "mock",
    "mg,sg-eu=sendgrid,mock",
    "https://api.example.org",
    "http://user:password@proxy.example.org:3128",
];
/// No others: a file of the fuzzer's choice could have no end.
const FILES: [&str; 4] = ["/dev/null", "/nowhere", "/", "/proc/version"];
/// Stands around whatever may be a secret.
const CANARY: &str = "canary";

/// What is required, and what makes a secret that may be missing show itself as one.
fn sound(kind: &Kind) -> Vec<(String, String)> {
    let needed = kind.variables.iter().filter(|variable| variable.default.is_none() || variable.secret);
    let value = |name: &str| if name == "DIR" { "/nowhere" } else { "value" };
    let name = |name: &str| format!("SMSP_{}_{name}", kind.upstream.to_uppercase());
    needed.map(|variable| (name(variable.name), value(variable.name).to_owned())).collect()
}

fn load(pairs: &BTreeMap<String, String>) -> Result<Config, Errors> {
    Config::load(pairs.iter().map(|(name, value)| (name.clone(), value.clone())))
}

/// Every variable, and whether it is a secret.
static KNOWN: LazyLock<Vec<(String, bool)>> = LazyLock::new(|| {
    let mut pairs: BTreeMap<_, _> = KINDS.iter().flat_map(sound).collect();
    let providers: Vec<_> = KINDS.iter().map(|kind| kind.upstream).collect();
    let further = [
        ("API_KEY", "value"),
        ("API_KEYS", "name:another"),
        ("PROVIDERS", &providers.join(",")),
        ("SMTP_USERNAME", "value"),
    ];
    pairs.extend(further.map(|(name, value)| (format!("SMSP_{name}"), value.to_owned())));
    pairs.insert("SMSP_POLL_MESSAGE_ADDRESS".to_owned(), "p@example.org".to_owned());
    let all = load(&pairs).unwrap_or_else(|errors| panic!("{errors}")).effective;
    all.into_iter().map(|setting| (setting.name, setting.value == "<redacted>")).collect()
});

impl Environment<'_> {
    fn pairs(&self) -> BTreeMap<String, String> {
        let mut pairs: BTreeMap<_, _> =
            self.sound.iter().flat_map(|kind| sound(&KINDS[usize::from(*kind) % KINDS.len()])).collect();
        pairs.insert("SMSP_API_KEY".to_owned(), "value".to_owned());
        pairs.insert("SMSP_POLL_MESSAGE_ADDRESS".to_owned(), "p@example.org".to_owned());
        pairs.extend(self.changes.iter().map(|(name, value)| pair(name, value)));
        pairs
    }
}

fn pair(name: &Name, value: &Value) -> (String, String) {
    let known = |index: &u8| &KNOWN[usize::from(*index) % KNOWN.len()];
    let text = match value {
        Value::Word(index) => WORDS[usize::from(*index) % WORDS.len()],
        Value::Any(text) => text,
    };
    let hidden = if text.is_empty() { String::new() } else { format!("{CANARY}{text}{CANARY}") };
    match name {
        Name::Known(index) if !known(index).1 => (known(index).0.clone(), text.to_owned()),
        Name::Known(index) => (known(index).0.clone(), hidden),
        Name::File(index) => (format!("{}_FILE", known(index).0), FILES[text.len() % FILES.len()].to_owned()),
        Name::Any(name) if name.ends_with("_FILE") => (format!("SMSP_{name}"), FILES[0].to_owned()),
        Name::Any(name) => (format!("SMSP_{name}"), hidden),
    }
}

/// Without the names of callers, which are no secrets and stand in backticks.
fn unnamed(error: &str) -> String {
    error.split('`').step_by(2).collect()
}

/// Trusts one certificate instead of the system's: to read them all for every client would take nearly all of the time.
fn trust_one_certificate() {
    let Some(all) = std::env::var("SSL_CERT_FILE").ok().and_then(|path| std::fs::read_to_string(path).ok()) else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/one-certificate");
    let end = "-----END CERTIFICATE-----\n";
    let one = all.split_inclusive(end).next().unwrap_or_default();
    std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(folder.join("it.pem"), one)).expect("a file");
    // SAFETY: no other thread is there yet.
    unsafe {
        std::env::set_var("SSL_CERT_FILE", folder.join("it.pem"));
        std::env::set_var("SSL_CERT_DIR", &folder);
    }
}

fuzz_target!(init: trust_one_certificate(), |environment: Environment| {
    let pairs = environment.pairs();
    match load(&pairs) {
        Ok(config) => {
            let shown = format!("{:?}", config.effective);
            assert!(!shown.contains(CANARY), "{shown}");
            // What stands for keys in the listing names no callers.
            if pairs.contains_key("SMSP_API_KEYS") || pairs.contains_key("SMSP_API_KEYS_FILE") {
                return;
            }
            let values = |config: &Config| -> BTreeMap<_, _> {
                config.effective.iter().map(|setting| (setting.name.clone(), setting.value.clone())).collect()
            };
            let again = load(&values(&config)).unwrap_or_else(|e| panic!("{shown}: {e}"));
            assert_eq!(values(&again), values(&config));
        }
        Err(Errors(errors)) => {
            assert!(!errors.is_empty());
            for error in errors {
                let name = error.split_once(": ").map(|(name, _)| name.to_owned());
                let shown = if name.as_ref().is_some_and(|name| name.starts_with("SMSP_API_KEYS")) { unnamed(&error) } else { error };
                assert!(name.is_some_and(|name| name.starts_with("SMSP_") && !shown.contains(CANARY)), "{shown:?}");
            }
        }
    }
});
