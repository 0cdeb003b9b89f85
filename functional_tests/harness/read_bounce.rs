//! A bounce as Python's own parser of mails reads it.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::skip;

/// The type of each part, and what each group of the status says.
const SCRIPT: &str = r#"
import email, email.policy, json, sys
mail = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
parts = list(mail.iter_parts())
print(json.dumps({
    "type": mail.get_content_type(), "report": mail.get_param("report-type"), "to": mail["To"], "from": mail["From"],
    "automatic": mail["Auto-Submitted"], "defects": [str(defect) for part in mail.walk() for defect in part.defects],
    "parts": [part.get_content_type() for part in parts],
    "text": parts[0].get_content(),
    "groups": [{name.lower(): value for name, value in group.items()} for group in parts[1].get_payload()],
    "head": dict(email.message_from_string(parts[2].get_content(), policy=email.policy.default)) if parts[2:] else None,
}))
"#;

/// None: there is no Python.
pub(crate) fn read_bounce(file: &str) -> Option<Value> {
    let command = Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = command else {
        skip("python3 is not here: a bounce as its parser of mails reads it");
        return None;
    };
    child.stdin.take().expect("a pipe").write_all(file.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{file}");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}
