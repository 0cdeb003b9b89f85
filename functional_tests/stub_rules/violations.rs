//! What breaks each rule of each provider: places of the golden request, what stands there instead, and the rule.

use serde_json::{Value, json};

/// Changes, and a part of the rule that they break.
pub(super) type Break = (Vec<(&'static str, Value)>, &'static str);

/// One change.
fn one(place: &'static str, value: Value, rule: &'static str) -> Break {
    (vec![(place, value)], rule)
}

fn x(count: usize) -> Value {
    json!("x".repeat(count))
}

/// By kind; Mailgun's form is apart.
pub(super) fn all() -> [(&'static str, Vec<Break>); 8] {
    [
        ("sendgrid", sendgrid()),
        ("mailjet", mailjet()),
        ("brevo", brevo()),
        ("ses", ses()),
        ("mandrill", mandrill()),
        ("sparkpost", sparkpost()),
        ("resend", resend()),
        ("postmark", postmark()),
    ]
}

fn sendgrid() -> Vec<Break> {
    let html_first = json!([{"type": "text/html", "value": "h"}, {"type": "text/plain", "value": "t"}]);
    let answers = json!([{"email": "r@example.com"}, {"email": "r@example.com"}]);
    vec![
        one("/from", Value::Null, "mail.from: required"),
        one("/colour", json!("red"), "not a field"),
        one("/subject", json!(17), "not of the expected type"),
        one("/subject", json!(""), "mail.subject"),
        one("/content", json!([]), "mail.content"),
        one("/content/0/value", json!(""), "content.0.value"),
        one("/content/0/type", json!("text/plain; charset=utf-8"), "content.0.type"),
        one("/content", html_first, "text/plain needs to be first"),
        one("/personalizations/0/to", json!([]), "0 items"),
        one("/personalizations/0/to/0/email", json!("jane@mailhost"), "to.0.email"),
        one("/personalizations/0/to/0/email", json!("jäne@example.net"), "to.0.email"),
        one("/personalizations/0/to/0/email", json!(format!("{}@example.net", "x".repeat(320))), "to.0.email"),
        one("/personalizations/0/cc/0/email", json!("JANE@example.net"), "only be included once"),
        one("/personalizations/0/custom_args/shop", json!(17), "custom_args.shop"),
        one("/personalizations/0/custom_args/shop", x(10_000), "10,000 bytes"),
        one("/personalizations/0/custom_args", json!({}), "cannot be empty"),
        one("/reply_to_list", answers, "unique items"),
        one("/reply_to", json!({"email": "r@example.com"}), "not both"),
        one("/categories", json!(["a", "a"]), "unique list"),
        one("/categories", json!(["ä"]), "categories.0"),
        one("/categories/0", x(256), "categories.0"),
        one("/categories", json!((0..11).map(|n| n.to_string()).collect::<Vec<_>>()), "11 items"),
        one("/headers/Reply-To", json!("r@example.com"), "reserved keys"),
        one("/headers/X-Ä", json!("1"), "ASCII without spaces"),
        one("/attachments/0/content", json!(""), "at least one character"),
        one("/attachments/0/content", json!("JVBERi0x\r\nLjQK"), "attachments.0.content"),
        one("/attachments/0/filename", json!("a;b.pdf"), "attachments.0.filename"),
        one("/attachments/0/type", json!("text/plain; charset=utf-8"), "attachments.0.type"),
        one("/attachments/1/content_id", json!("a,b"), "attachments.1.content_id"),
    ]
}

fn mailjet() -> Vec<Break> {
    let many: Vec<_> = (0..49).map(|n| json!({"Email": format!("r{n}@example.net")})).collect();
    let headers: serde_json::Map<_, _> = (0..51).map(|n| (format!("X-{n}"), json!("1"))).collect();
    let no_html = ("/Messages/0/HTMLPart", Value::Null);
    vec![
        one("/Messages/0/To", json!([]), "0 items"),
        one("/Messages/0/To", json!(many), "[send-0015]"),
        one("/Messages/0/To/0/Email", json!("nobody"), "To.0.Email"),
        (vec![no_html.clone(), ("/Messages/0/TextPart", json!(""))], "[send-0003]"),
        (vec![no_html.clone(), ("/Messages/0/TrackClicks", Value::Null)], "TrackOpens can only be used"),
        (vec![no_html, ("/Messages/0/TrackOpens", Value::Null)], "TrackClicks can only be specified"),
        one("/Messages/0/Subject", x(256), "[mj-0006]"),
        one("/Messages/0/Headers/Message-Id", json!("<a@b>"), "[send-0011]"),
        one("/Messages/0/Headers", Value::Object(headers), "[mj-0008]"),
        one("/Messages/0/Attachments/0/Base64Content", json!(""), "[mj-0012]"),
        one("/Messages/0/Attachments/0/Filename", json!(""), "Filename"),
        one("/Messages/0/Attachments/0/ContentType", json!("text/plain; charset=utf-8"), "ContentType"),
        one("/Messages/0/ReplyTo", json!([]), "ReplyTo"),
        one("/Messages/0/TrackOpens", json!("no"), "TrackOpens"),
    ]
}

fn brevo() -> Vec<Break> {
    let many: Vec<_> = (0..98).map(|n| json!({"email": format!("r{n}@example.net")})).collect();
    vec![
        one("/to", Value::Null, "mail.to: required"),
        one("/to", json!(many), "99 recipients"),
        one("/to/0/name", x(71), "to.0.name"),
        one("/to/0/email", json!(format!("{}@example.net", "x".repeat(65))), "to.0.email"),
        one("/htmlContent", json!(""), "htmlContent"),
        one("/subject", json!(""), "subject"),
        one("/replyTo", json!([]), "replyTo"),
        one("/headers/X-Order", json!("ü"), "headers.X-Order"),
        one("/headers/Message-ID", json!("<a@b>"), "standard email headers"),
        one("/headers/X-Order", x(4000), "want: less than 4096 chars"),
        one("/attachment/0/name", json!("a.exe"), "Unsupported file format"),
        one("/attachment/0/content_type", json!("application/pdf"), "not a field"),
    ]
}

fn ses() -> Vec<Break> {
    let header = |name: &str, value: Value| json!([{"Name": name, "Value": value}]);
    let headers = "/Content/Simple/Headers";
    vec![
        one("/Destination", json!({}), "1 to 50 recipients"),
        one("/Destination/ToAddresses", json!(vec!["a@example.org"; 50]), "1 to 50 recipients"),
        one("/Destination/ToAddresses/0", json!("ü@example.org"), "ToAddresses.0"),
        one(headers, json!(vec![json!({"Name": "X-A", "Value": "1"}); 16]), "16 items"),
        one(headers, header("X A", json!("1")), "Headers.0.Name"),
        one(headers, header("X-A", json!("ü")), "Headers.0.Value"),
        one(headers, header("X-A", json!("")), "Headers.0.Value"),
        one(headers, header("X-A", x(994)), "exceed 996"),
        one(headers, header("Message-ID", json!("<a@b>")), "disallowed"),
        one("/Content/Simple/Attachments/0/FileName", json!("a.exe"), "not supported"),
        one("/Content/Simple/Attachments/0/FileName", x(256), "FileName"),
        one("/Content/Simple/Attachments/0/ContentType", x(79), "ContentType"),
        one("/Content/Simple/Attachments/1/ContentId", x(79), "ContentId"),
        one("/EmailTags/0/Value", json!("a b"), "EmailTags.0.Value"),
        one("/EmailTags/1/Name", json!("tag"), "occurs twice"),
        one("/Content/Simple/Body", json!({}), "the body is empty"),
        one("/Content/Raw", json!({"Data": ""}), "either Simple or Raw"),
        one("/Content", json!({"Raw": {"Data": raw("From: a@example.org\nBcc: b@example.org\n\nt")}}), "Bcc header"),
        one("/Content", json!({"Raw": {"Data": raw("To: a@example.org\n\nt")}}), "required header fields"),
        one("/Content", json!({"Raw": {"Data": raw("From: a@example.org\n\nü")}}), "7-bit ASCII"),
        one("/Content", json!({"Raw": {"Data": raw(&format!("From: a@example.org\n\n{}", "x".repeat(999)))}}), "1,000"),
        one(
            "/Content",
            json!({"Raw": {"Data": raw("From: a@example.org\nSubject: a\nSubject: b\n\nt")}}),
            "more than once",
        ),
    ]
}

fn raw(text: &str) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    BASE64_STANDARD.encode(text.replace('\n', "\r\n"))
}

fn mandrill() -> Vec<Break> {
    vec![
        one("/message/to", json!([]), "0 items"),
        one("/message/to", json!([{"email": "c@example.net", "type": "cc"}]), "nobody stands in To"),
        one("/message/to/0/email", json!("nobody"), "to.0.email"),
        one("/message/tags/0", x(51), "tags.0"),
        one("/message/tags/0", json!("_own"), "tags.0"),
        one("/message/metadata/shop", x(150), "200 bytes"),
        one("/message/metadata/_own", json!("1"), "letters and digits"),
        one("/message/images/0/type", json!("application/pdf"), "images.0.type"),
        (vec![("/message/text", Value::Null), ("/message/html", json!(""))], "neither text nor html"),
    ]
}

fn sparkpost() -> Vec<Break> {
    let image = json!({"name": "logo", "type": "image/png", "data": ""});
    vec![
        one("/recipients", json!([]), "0 items"),
        one("/recipients/0/address/email", json!("nobody"), "address.email"),
        one("/content/subject", json!(""), "content.subject"),
        (vec![("/content/text", Value::Null), ("/content/html", json!(""))], "[1400]"),
        one("/content/reply_to", json!("nobody"), "reply_to"),
        one("/campaign_id", json!("ü".repeat(33)), "campaign_id"),
        one("/metadata/shop", x(10_000), "10 KB"),
        one("/content/headers/List-Unsubscribe", json!("<a>"), "not allowed, or ignored"),
        one("/content/headers/X-Order", json!("{{a}}"), "[3000]"),
        one("/content/subject", json!("{{a}}"), "[3000]"),
        one("/content/inline_images/-", image, "unique"),
        one("/content/attachments/0/name", json!(format!("{}.pdf", "ü".repeat(126))), "attachments.0.name"),
        one("/content/attachments/0/name", json!("a.EXE"), "bat and exe"),
    ]
}

fn resend() -> Vec<Break> {
    vec![
        one("/to", json!([]), "0 items"),
        one("/to/0", json!("ü@example.org"), "to.0"),
        one("/to", json!(vec!["a@example.org"; 49]), "50 recipients"),
        one("/subject", Value::Null, "subject: required"),
        (vec![("/text", Value::Null), ("/html", Value::Null)], "missing `html` or `text`"),
        one("/text", json!(""), "mail.text"),
        one("/tags/0/name", json!("a b"), "tags.0.name"),
        one("/tags/0/value", x(257), "tags.0.value"),
        one("/tags/1/name", json!("welcome"), "occurs twice"),
        one("/headers/message-id", json!("<a@b>"), "Message-ID is replaced"),
        one("/attachments/0/filename", json!("a.exe"), "not supported"),
        one("/attachments/0/filename", json!("a.txt"), "does not fit its type"),
    ]
}

fn postmark() -> Vec<Break> {
    let name = |units: usize| json!(format!("{} <a@example.org>", "😀".repeat(units / 2)));
    let pairs: serde_json::Map<_, _> = (0..11).map(|n| (format!("n{n}"), json!("1"))).collect();
    vec![
        one("/To", Value::Null, "To: required"),
        one("/To", json!("nobody"), "mail.To"),
        one("/To", json!(["a@example.org"; 49].join(", ")), "50 recipients"),
        one("/From", name(240), "255 UTF-16 units"),
        one("/Subject", json!("😀".repeat(1001)), "2000 UTF-16 units"),
        (vec![("/TextBody", Value::Null), ("/HtmlBody", Value::Null)], "HtmlBody or TextBody"),
        one("/TextBody", json!(""), "TextBody"),
        one("/Tag", x(1001), "mail.Tag"),
        one("/Metadata", Value::Object(pairs), "more than 10 fields"),
        one("/Metadata/name_of_21_characters", json!("1"), "more than 20 characters"),
        one("/Metadata/shop", x(81), "Metadata.shop"),
        one("/Metadata/SHOP", json!("1"), "whatever its case"),
        one("/Headers/-", json!({"Name": "Content-Type", "Value": "text/plain"}), "not allowed"),
        one("/Headers/-", json!({"Name": "Message-ID", "Value": "<a@b>"}), "X-PM-KeepID"),
        one("/Attachments/0/Name", json!("a.exe"), "[411]"),
        one("/Attachments/1/ContentID", json!("logo"), "ContentID"),
    ]
}
