//! Lines for people: coloured at a real terminal that shows colours, plain everywhere else.

use super::*;
use crate::harness::terminal::AT_A_TERMINAL;
use crate::harness::tool;

/// The line `listening` of the API listener.
async fn line(program: &[&str], settings: &Settings) -> String {
    let process = Process::smsp_behind(program, &["serve"], settings);
    eventually("the API listener is logged", async || {
        let lines = process.stdout();
        lines.iter().find(|line| line.contains("listening")).cloned().ok_or_else(|| process.evidence())
    })
    .await
}

fn for_people() -> Settings {
    Settings::mock().without("SMSP_LOG_OUTPUT_FORMAT").with("TERM", "xterm")
}

#[tokio::test]
async fn terminal_shows_colours_unless_it_cannot_or_may_not() {
    if !tool::is_here("python3", "python3") {
        return;
    }
    let coloured = line(&AT_A_TERMINAL, &for_people()).await;
    assert!(
        coloured.contains("\u{1b}[32m INFO\u{1b}[0m") && coloured.contains("\u{1b}[2maddress=\u{1b}[0m"),
        "{coloured:?}"
    );
    for plain in [for_people().with("NO_COLOR", "1"), for_people().with("TERM", "dumb")] {
        let line = line(&AT_A_TERMINAL, &plain).await;
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
    let json = line(&AT_A_TERMINAL, &Settings::mock().with("TERM", "xterm")).await;
    assert!(json.starts_with('{') && !json.contains('\u{1b}'), "{json:?}");
}

#[tokio::test]
async fn pipe_gets_no_colours_and_the_first_fact_soon() {
    let line = line(&[], &for_people()).await;
    assert!(!line.contains('\u{1b}'), "{line:?}");
    assert!(line[27..].starts_with("  INFO listening listener=api address=127.0.0.1:"), "{line:?}");
}

#[tokio::test]
async fn text_line_of_an_attempt_begins_with_its_facts_and_quotes_in_one_way() {
    let settings = for_people().with("SMSP_API_KEY", KEY);
    let process = Process::smsp(&["serve"], &settings);
    let client = Client::new(&format!("http://{}", api_of(&process).await), KEY);
    let id = [("x-request-id", "r-1")];
    let answer = client.post_raw(mails::with_subject("fail").to_string(), &id).await.expect(502);
    let line = eventually("the attempt is in the log", async || {
        let lines = process.stdout();
        lines.iter().find(|line| line.contains(" attempt ")).cloned().ok_or_else(|| process.evidence())
    })
    .await;
    let mail = answer.json["id"].as_str().unwrap_or_default();
    let (before, after) = line[27..].split_once(" duration_ms=").unwrap_or_else(|| panic!("{line}"));
    assert_eq!(before, "  WARN attempt upstream=mock outcome=unavailable reason=mock");
    let ids = format!(" id={mail} request_id=r-1 caller=caller");
    assert!(after.ends_with(&ids), "{line}");
}
