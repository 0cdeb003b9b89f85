//! The rules that the how-to "Alerts" tells operators to write, typed in as they stand there, in `promtool`.

use std::fs;
use std::process::Command;

use crate::harness::repository::{read, root};
use crate::harness::skip;

/// What is shown in the block behind these words of the page.
fn block<'a>(page: &'a str, behind: &str) -> &'a str {
    let block = page.split_once(behind).and_then(|(_, rest)| rest.split_once("```yaml\n")?.1.split_once("```"));
    block.unwrap_or_else(|| panic!("no block behind {behind}")).0
}

fn indented(text: &str, by: usize) -> String {
    text.trim_end().lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

/// The rules, with what this makes of the expression of an alert.
fn changed(rules: &str, alert: &str, change: impl FnOnce(&str) -> String) -> String {
    let (before, rest) = rules.split_once(&format!("- alert: {alert}\n")).expect("the alert");
    let (expression, after) = rest.split_once("        for: ").expect("how long it waits");
    format!("{before}- alert: {alert}\n{}        for: {after}", change(expression))
}

/// What `promtool` says of the tests where these are the rules, and whether they hold. None, and a counted skip, without it.
fn tested(rules: &str) -> Option<(bool, String)> {
    let tool = root().join("target/check-tools/bin/promtool");
    if !tool.exists() {
        skip("promtool is not here: scripts/check installs it");
        return None;
    }
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let tests = read(&root().join("functional_tests/monitoring/examples.yaml"));
    for (name, text) in [("rules.yaml", rules), ("tests.yaml", &tests)] {
        fs::write(directory.path().join(name), text).expect("it can be written");
    }
    let output = Command::new(tool).args(["test", "rules", "tests.yaml"]).current_dir(directory.path()).output();
    let output = output.expect("promtool can be started");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Some((output.status.success(), said))
}

#[test]
fn rules_for_little_traffic_and_for_no_mail_fire_as_the_page_says() {
    let page = read(&root().join("docs/how-to/alerts.md"));
    let no_mail = indented(block(&page, "**That there should be mail.**"), 4);
    let shipped = read(&root().join("alerts/smsp.yaml")) + "  - name: page\n    rules:\n" + &no_mail;
    let appended = page.split_once("For `SmspUnknown` append\n  `").and_then(|(_, rest)| rest.split_once('`'));
    let (appended, _) = appended.expect("what is appended");
    let rules = changed(&shipped, "SmspErrorBudgetBurnsFast", |_| indented(block(&page, "**Little traffic.**"), 6));
    let rules = changed(&rules, "SmspUnknown", |expression| expression.to_owned() + &indented(appended, 10));
    let Some((hold, said)) = tested(&rules) else { return };
    assert!(hold, "{said}");
    let (hold, said) = tested(&shipped).expect("promtool is here");
    assert!(!hold && said.contains("one call of thirty fails"), "a control: {said}");
}
