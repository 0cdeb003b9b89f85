//! What stands in the file, read back by an independent parser; and what a disk that fails comes to.

use mail_parser::{Address, MessageParser};

use super::*;
use crate::model::message::{Body, Draft, Mailbox};

fn mailboxes(list: &[&str]) -> Vec<Mailbox> {
    list.iter().map(|text| text.parse().unwrap()).collect()
}

fn body(text: &str) -> Option<Body> {
    Some(text.parse().unwrap())
}

fn message(draft: Draft) -> Message {
    Message::new(crate::runtime::ids::fresh().into(), r#""Jürgen \"J\" Groß" <a@example.org>"#.parse().unwrap(), draft)
        .unwrap()
}

fn maildir(dir: &Path) -> Maildir {
    Maildir { dir: dir.to_owned(), metadata_headers: MetadataHeaders::None, writers: Arc::new(Semaphore::new(1)) }
}

fn files(dir: &Path, folder: &str) -> Vec<PathBuf> {
    fs::read_dir(dir.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn emails(address: Option<&Address>) -> Vec<String> {
    address.map_or(vec![], |list| list.iter().map(|a| a.address().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn an_independent_parser_reads_back_what_was_asked_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let message = message(Draft {
        to: mailboxes(&["\"Doe, J.\" <b@example.net>", "c@example.net"]),
        cc: mailboxes(&["d@example.net"]),
        bcc: mailboxes(&["hidden@example.net"]),
        reply_to: mailboxes(&["r@example.org"]),
        subject: "Grüße: 100 % 😀 and a subject that is long enough to be folded over several lines".parse().unwrap(),
        text: body("line one\r\nline two\r.\n.\nünï\n"),
        html: body("<b>h</b>"),
        ..Draft::default()
    });
    let maildir = maildir(dir.path());

    let verdict = maildir.send(Delivery::new(&message, Mode::First)).await;

    assert_eq!(verdict, Verdict::accepted(Reason::Disk, Some(message.message_id())));
    let [path] = &files(dir.path(), "new")[..] else { panic!("one mail") };
    let raw = fs::read(path).unwrap();
    let text = String::from_utf8(raw.clone()).unwrap();
    assert!(!text.contains("hidden@example.net"), "{text}");
    assert!(text.replace("\r\n", "").bytes().all(|b| b != b'\r' && b != b'\n'), "bare CR or LF: {text:?}");
    let read = MessageParser::default().parse(&raw).unwrap();
    let names: Vec<_> = read.headers().iter().map(|header| header.name().to_owned()).collect();
    let expected = ["Message-ID", "Date", "From", "Subject", "To", "Cc", "Reply-To", "MIME-Version", "Content-Type"];
    assert_eq!(names, expected, "{text}");
    assert_eq!(read.message_id(), Some(message.message_id().as_str()));
    assert_eq!(read.from().unwrap().first().unwrap().name(), Some("Jürgen \"J\" Groß"));
    assert_eq!(emails(read.to()), ["b@example.net", "c@example.net"]);
    assert_eq!(read.to().unwrap().first().unwrap().name(), Some("Doe, J."));
    assert_eq!(emails(read.cc()), ["d@example.net"]);
    assert_eq!(emails(read.reply_to()), ["r@example.org"]);
    assert_eq!(read.subject(), Some(message.subject()));
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), "line one\nline two\n.\n.\nünï\n");
    assert_eq!(read.body_html(0).unwrap().trim_end(), "<b>h</b>");
}

#[test]
fn a_switch_that_is_neither_on_nor_off_names_its_variable() {
    let build_with = |switch: &str| {
        let mut values = Values::default();
        KIND.variables
            .iter()
            .zip(["/tmp/maildir", switch])
            .for_each(|(variable, value)| values.set(variable.name, value.into()));
        build(&values, Connect { timeout: std::time::Duration::from_secs(1), proxy: None })
            .err()
            .map(|fault| fault.variable)
    };
    for (switch, fault) in [("true", None), ("false", None), ("yes", Some("METADATA_HEADERS"))] {
        assert_eq!(build_with(switch), fault, "{switch}");
    }
}

#[tokio::test]
async fn probe_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let maildir = maildir(dir.path());
    let probe = message(Draft { to: mailboxes(&["b@example.net"]), ..Draft::default() });
    assert_eq!(maildir.send(Delivery::new(&probe, Mode::Probe)).await.outcome, Outcome::Accepted);
    assert_eq!((files(dir.path(), "tmp"), files(dir.path(), "new")), (vec![], vec![]));
}

#[tokio::test]
async fn a_disk_that_refuses_is_unavailable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let maildir = maildir(file.path());
    let mail = message(Draft { to: mailboxes(&["b@example.net"]), ..Draft::default() });
    assert_eq!(maildir.send(Delivery::new(&mail, Mode::First)).await, Verdict::new(Outcome::Unavailable, Reason::Disk));
    assert_eq!(maildir.send(Delivery::new(&mail, Mode::Probe)).await, Verdict::new(Outcome::Unavailable, Reason::Disk));
}

#[tokio::test]
async fn undeliverable_mail_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    create_folders(dir.path()).unwrap();
    fs::remove_dir(dir.path().join("new")).unwrap();
    let mail = message(Draft { to: mailboxes(&["b@example.net"]), ..Draft::default() });
    let maildir = maildir(dir.path());
    assert_eq!(maildir.send(Delivery::new(&mail, Mode::First)).await, Verdict::new(Outcome::Unavailable, Reason::Disk));
    assert_eq!(files(dir.path(), "tmp"), Vec::<PathBuf>::new());
}

/// Time is over while it waits for a writer that a stalled disk holds, or before its name is made.
#[tokio::test]
async fn revoked_mail_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (maildir, mail) =
        (maildir(dir.path()), message(Draft { to: mailboxes(&["b@example.net"]), ..Draft::default() }));
    let held = Arc::clone(&maildir.writers).acquire_owned().await.unwrap();
    let delivery = Delivery::new(&mail, Mode::First);
    let hand_over = Arc::clone(&delivery.hand_over);
    let mut sending = maildir.send(delivery);
    assert!(futures_util::poll!(&mut sending).is_pending(), "it waits for a writer");
    assert!(hand_over.revoke(), "nobody has it");
    drop(held);
    assert_eq!(sending.await, Verdict::new(Outcome::Unavailable, Reason::Disk));
    assert_eq!((files(dir.path(), "tmp"), files(dir.path(), "new")), (vec![], vec![]));
}
