//! From any bytes to a message to a file, read back by an independent parser: the headers are those that were asked for, the
//! recipients too, no line end stands alone, nothing panics. What is refused on the way is fine.

#![no_main]

use std::path::Path;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mail_parser::{Address, MessageParser, MimeHeaders};
use smsp::model::message::{Attachment, Draft, Header, Mailbox, Message, Metadata};
use smsp::model::outcome::Outcome;
use smsp::delivery::provider::{self, RESERVED_HEADERS, Connect, Delivery, Mode, Provider, Values};

#[derive(Arbitrary, Debug)]
struct Asked<'a> {
    from: &'a str,
    to: Vec<&'a str>,
    cc: Vec<&'a str>,
    name: &'a str,
    subject: &'a str,
    text: Option<&'a str>,
    html: Option<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    tags: Vec<&'a str>,
    metadata: Vec<(&'a str, &'a str)>,
    files: Vec<(&'a str, &'a str, &'a [u8], Option<&'a str>)>,
}

fn message(asked: &Asked) -> Option<Message> {
    let from = asked.from.parse().or_else(|_| "a@example.org".parse()).ok()?;
    let mut draft = Draft {
        to: asked.to.iter().filter_map(|text| text.parse().ok()).collect(),
        cc: asked.cc.iter().filter_map(|text| text.parse().ok()).collect(),
        subject: asked.subject.parse().unwrap_or_default(),
        text: asked.text.and_then(|text| text.parse().ok()),
        html: asked.html.and_then(|text| text.parse().ok()),
        tags: asked.tags.iter().filter_map(|text| text.parse().ok()).collect(),
        metadata: asked.metadata.iter().filter_map(|(name, value)| Metadata::new(name, value).ok()).collect(),
        attachments: asked.files.iter().filter_map(file).collect(),
        ..Draft::default()
    };
    draft.to.push(Mailbox::new(Some(asked.name), "b@example.net".parse().ok()?).ok()?);
    // A caller's object has no name twice.
    for header in asked.headers.iter().filter_map(|(name, value)| Header::new(name, value, RESERVED_HEADERS).ok()) {
        if draft.headers.iter().all(|known| !known.name().eq_ignore_ascii_case(header.name())) {
            draft.headers.push(header);
        }
    }
    Message::new(smsp::runtime::ids::fresh().into(), from, draft).ok()
}

fn file(asked: &(&str, &str, &[u8], Option<&str>)) -> Option<Attachment> {
    let (filename, content_type, content, content_id) = asked;
    Some(Attachment {
        filename: filename.parse().ok()?,
        content_type: content_type.parse().or_else(|_| "application/octet-stream".parse()).ok()?,
        content: content.to_vec().into(),
        content_id: content_id.and_then(|text| text.parse().ok()),
    })
}

/// A Maildir, whose only file is the message.
fn written(message: &Message, dir: &Path) -> Vec<u8> {
    let kind = provider::kind("maildir").expect("a kind");
    let mut values = Values::default();
    values.set(kind.variables[0].name, dir.display().to_string().into());
    values.set(kind.variables[1].name, "true".into());
    let maildir: Box<dyn Provider> = (kind.build)(&values, Connect { timeout: Duration::from_secs(1), proxy: None })
        .unwrap_or_else(|e| panic!("{e:?}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let verdict = runtime.block_on(maildir.send(Delivery::new(message, Mode::First)));
    assert_eq!(verdict.outcome, Outcome::Accepted, "{verdict:?}");
    let mut files = std::fs::read_dir(dir.join("new")).expect("a Maildir");
    std::fs::read(files.next().expect("a mail").expect("an entry").path()).expect("a file")
}

fn emails(address: Option<&Address>) -> Vec<String> {
    address.map_or(vec![], |list| list.iter().filter_map(|one| Some(one.address()?.to_owned())).collect())
}

fn asked_emails(mailboxes: &[Mailbox]) -> Vec<String> {
    mailboxes.iter().map(|mailbox| mailbox.address().as_str().to_owned()).collect()
}

fuzz_target!(|asked: Asked| {
    let Some(message) = message(&asked) else { return };
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let raw = written(&message, dir.path());
    let shown = String::from_utf8_lossy(&raw);
    assert!(!shown.replace("\r\n", "").contains(['\r', '\n', '\0']), "a line end stands alone: {shown:?}");
    let read = MessageParser::default().parse(&raw).expect("a mail");
    assert_eq!(
        (emails(read.to()), emails(read.cc())),
        (asked_emails(message.to()), asked_emails(message.cc())),
        "{shown}"
    );
    let mut expected = vec!["Message-ID", "Date", "From", "Subject"];
    expected.extend(message.sender().map(|_| "Sender"));
    expected.push("To");
    expected.extend((!message.cc().is_empty()).then_some("Cc"));
    expected.extend((!message.reply_to().is_empty()).then_some("Reply-To"));
    expected.extend(message.headers().iter().map(Header::name));
    expected.extend((!message.tags().is_empty()).then_some("X-Tags"));
    expected.extend((!message.metadata().is_empty()).then_some("X-Metadata"));
    expected.push("MIME-Version");
    let seen: Vec<_> = read.headers().iter().map(|header| header.name().to_owned()).collect();
    let of_the_body = ["Content-Type", "Content-Transfer-Encoding"];
    let of_the_caller: Vec<_> = seen.iter().filter(|name| !of_the_body.contains(&name.as_str())).collect();
    assert_eq!(of_the_caller, expected.iter().collect::<Vec<_>>(), "{shown}");
    assert_eq!(read.attachments().count(), message.attachments().len(), "{shown}");
    for file in message.attachments() {
        // An attached mail is lines of text, each of which ends in CRLF on its way.
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n").trim_end().to_owned();
        let is_it = |seen: &[u8]| match file.content_type.as_str().starts_with("message/") {
            true => lines(seen) == lines(&file.content),
            false => seen == &file.content[..],
        };
        assert!(read.attachments().any(|seen| is_it(seen.contents())), "{shown}");
    }
    for part in read.attachments() {
        assert!(part.content_type().is_some(), "{shown}");
    }
});
