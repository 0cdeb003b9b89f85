//! A bounce as Python's own parser of mails reads it: the golden file is what the code writes (`delivery::mx::bounce`).

use serde_json::json;

use crate::harness::read_bounce::read_bounce;
use crate::harness::repository::read;

const GOLDEN: &str = "src/delivery/mx/bounce/golden.eml";

#[test]
fn python_reads_a_bounce_as_a_report_with_a_group_for_each_recipient() {
    let Some(mail) = read_bounce(&read(&crate::harness::repository::root().join(GOLDEN))) else { return };
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
