//! A bounce as Python's own parser of mails reads it: the golden file is what the code writes (`delivery::mx::bounce`).

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::repository::root;
use crate::harness::skip;

const GOLDEN: &str = "src/delivery/mx/bounce/golden.eml";

/// The type of each part, and what each group of the status says.
const SCRIPT: &str = r#"
import email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
text, status, head = mail.iter_parts()
print(json.dumps({
    "type": mail.get_content_type(), "report": mail.get_param("report-type"), "to": mail["To"], "from": mail["From"],
    "automatic": mail["Auto-Submitted"], "defects": [str(defect) for part in mail.walk() for defect in part.defects],
    "parts": [part.get_content_type() for part in (text, status, head)],
    "text": text.get_content(),
    "groups": [{name.lower(): value for name, value in group.items()} for group in status.get_payload()],
    "head": dict(email.message_from_string(head.get_content(), policy=email.policy.default)),
}))
"#;

fn read() -> Option<Value> {
    let output = Command::new("python3").args(["-c", SCRIPT]).arg(root().join(GOLDEN)).output();
    let Ok(output) = output else {
        skip("python3 is not here: a bounce as its parser of mails reads it");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn python_reads_a_bounce_as_a_report_with_a_group_for_each_recipient() {
    let Some(mail) = read() else { return };
    assert_eq!((&mail["type"], &mail["report"]), (&json!("multipart/report"), &json!("delivery-status")));
    assert_eq!(mail["parts"], json!(["text/plain", "message/delivery-status", "text/rfc822-headers"]));
    assert_eq!((&mail["to"], &mail["automatic"]), (&json!("bounces@example.org"), &json!("auto-replied")));
    assert_eq!(mail["defects"], json!([]), "{mail:#}");
    let text = mail["text"].as_str().expect("a text");
    assert!(text.contains("bob@third.example\n    mx.third.example has refused it: 550 (5.1.1)."), "{text}");
    let groups = mail["groups"].as_array().expect("groups");
    let field = |group: usize, name: &str| groups[group][name].as_str().unwrap_or_default();
    assert_eq!((groups.len(), field(0, "reporting-mta")), (4, "dns; mx1.example.org"), "{mail:#}");
    assert_eq!(field(0, "arrival-date"), "Sat, 21 Nov 2026 22:05:09 +0000");
    let recipients = ["rfc822; bob@third.example", "rfc822; carol@gone.example", "utf-8; j\\x{F6}rg@slow.example"];
    let codes = ["5.1.1", "5.1.2", "4.4.7"];
    for (group, (recipient, code)) in (1..).zip(recipients.into_iter().zip(codes)) {
        let found = ["final-recipient", "action", "status"].map(|name| field(group, name));
        assert_eq!(found, [recipient, "failed", code], "{mail:#}");
    }
    assert_eq!(
        ["remote-mta", "diagnostic-code"].map(|name| field(1, name)),
        ["dns; mx.third.example", "smtp; 550 5.1.1"]
    );
    assert_eq!(
        (&mail["head"]["Subject"], &mail["head"]["From"]),
        (&json!("Gr\u{fc}\u{df}e"), &json!("Ada <ada@example.org>"))
    );
}
