//! A headless Chromium, driven over the `WebDriver` protocol of the W3C: what a developer does with the Swagger UI.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::Process;
use super::wait::{PATIENCE, eventually};

/// The key of an element reference in every answer (`WebDriver`, section 11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser with one page.
pub(crate) struct Browser {
    session: String,
    http: reqwest::Client,
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; `None` if this machine has none.
    pub(crate) async fn start() -> Option<Self> {
        let found = |name: &str| Command::new("sh").args(["-c", &format!("command -v {name}")]).output().ok();
        let installed = |name| found(name).is_some_and(|output| output.status.success());
        if !installed("chromedriver") || !installed("chromium") {
            return None;
        }
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        let mut driver = Process::start(command);
        let port = port(&mut driver).await;
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let base = format!("http://127.0.0.1:{port}/session");
        let answer = call(&http, &base, Some(capabilities(profile.path()))).await;
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        Some(Self { session: format!("{base}/{id}"), http, _driver: driver, _profile: profile })
    }

    pub(crate) async fn open(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// Clicks the element as soon as it is there and can be clicked.
    pub(crate) async fn click(&self, css: &str) {
        self.act(css, "click", json!({})).await;
    }

    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        self.act(css, "value", json!({ "text": text })).await;
    }

    /// The element's text, as soon as it has one.
    pub(crate) async fn text(&self, css: &str) -> String {
        eventually(&format!("{css} shows a text"), async || {
            let text = self.get(&format!("element/{}/text", self.find(css).await?)).await;
            text.as_str().filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| text.to_string())
        })
        .await
    }

    /// What a script in the page returns.
    pub(crate) async fn evaluate(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// What the page has complained of in its console.
    pub(crate) async fn console_errors(&self) -> Vec<Value> {
        let log = self.post("se/log", json!({ "type": "browser" })).await;
        let log = log.as_array().unwrap_or_else(|| panic!("no log: {log}"));
        log.iter().filter(|entry| entry["level"] == "SEVERE").cloned().collect()
    }

    /// A picture of the page, for a person to look at.
    pub(crate) async fn screenshot(&self, path: &Path) {
        let png = self.get("screenshot").await;
        let png = BASE64_STANDARD.decode(png.as_str().expect("a picture")).expect("base64");
        std::fs::write(path, png).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    }

    async fn act(&self, css: &str, action: &str, body: Value) {
        eventually(&format!("{action} on {css}"), async || {
            let answer = self.post(&format!("element/{}/{action}", self.find(css).await?), body.clone()).await;
            if answer.is_null() { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }

    async fn find(&self, css: &str) -> Result<String, String> {
        let answer = self.post("element", json!({ "using": "css selector", "value": css })).await;
        answer[ELEMENT].as_str().map(str::to_owned).ok_or_else(|| answer.to_string())
    }

    async fn get(&self, path: &str) -> Value {
        call(&self.http, &format!("{}/{path}", self.session), None).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        call(&self.http, &format!("{}/{path}", self.session), Some(body)).await
    }
}

/// The driver would leave its browser behind.
impl Drop for Browser {
    fn drop(&mut self) {
        let (host, path) = self.session.trim_start_matches("http://").split_once('/').expect("a session's address");
        let request = format!("DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let closed = TcpStream::connect(host).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            stream.read(&mut [0; 512])
        });
        if let Err(error) = closed {
            eprintln!("the browser may still run: {error}");
        }
    }
}

async fn port(driver: &mut Process) -> u16 {
    eventually("chromedriver says on which port it listens", async || {
        let lines = driver.stdout();
        let port = lines
            .iter()
            .find_map(|line| line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
        port.ok_or_else(|| driver.evidence())
    })
    .await
}

/// Without the last flags it looks up its maker's hosts at every start.
fn capabilities(profile: &Path) -> Value {
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,1600",
        "--no-first-run",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        &format!("--user-data-dir={}", profile.display()),
    ];
    let options = json!({ "args": args });
    let logs = json!({ "browser": "ALL" });
    json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options, "goog:loggingPrefs": logs } } })
}

/// One command; the `value` of its answer, be it a result or an error.
async fn call(http: &reqwest::Client, url: &str, body: Option<Value>) -> Value {
    let request = body.map_or_else(|| http.get(url), |body| http.post(url).json(&body));
    let answer = request.send().await.unwrap_or_else(|e| panic!("{url}: {e}"));
    let mut answer: Value = answer.json().await.unwrap_or_else(|e| panic!("{url}: {e}"));
    answer["value"].take()
}
