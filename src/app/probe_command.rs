//! `smsp probe`: is every account able to send?

use std::sync::Arc;

use super::upstreams::{events, upstreams};
use crate::app::config::Config;
use crate::model::outcome::Outcome;
use crate::runtime::metrics::Metrics;
use crate::runtime::transcript::recording;

/// Sends one test message along every upstream, open or closed, and prints a line each; with `show_answer` also what the
/// provider said, word for word. Were all of them taken?
pub async fn probe(config: Config, show_answer: bool, mut print: impl FnMut(String)) -> bool {
    let mut all_taken = true;
    for upstream in upstreams(config.upstreams, &Arc::new(Metrics::default()), &events()) {
        let (verdict, answers) = recording(upstream.probe(&config.supervisor.test_message())).await;
        all_taken &= verdict.outcome == Outcome::Accepted;
        let code = verdict.code.map(|code| format!(", {code}")).unwrap_or_default();
        print(format!("{}: {} ({}{code})", upstream.name(), verdict.outcome.as_str(), verdict.reason));
        let lines = answers.iter().filter(|_| show_answer).flat_map(|answer| answer.lines());
        lines.for_each(|line| print(format!("  {}", printable(line))));
    }
    all_taken
}

/// Without control characters: a terminal would obey them.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
