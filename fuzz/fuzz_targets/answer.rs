//! Any answer to any adapter over HTTP: nothing panics, only a 2xx is an acceptance, no text of a provider's gets out, and a
//! wait is one second to one hour, the one that Retry-After names if it names one.

#![no_main]

mod said;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use smsp::model::message::{Draft, Message};
use smsp::model::outcome::{Outcome, Verdict};
use smsp::delivery::provider::{Connect, Delivery, KINDS, Mode, Provider, Values};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use said::{Answer, RetryAfter};

struct Bench {
    runtime: Runtime,
    adapters: Vec<(&'static str, Box<dyn Provider>)>,
    said: Arc<Mutex<Vec<u8>>>,
    mail: Message,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let said = Arc::default();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    runtime.spawn(provide(listener, Arc::clone(&said)));
    let over_http = KINDS.iter().filter(|kind| kind.variables.iter().any(|variable| variable.name == "BASE_URL"));
    let adapters = over_http.map(|kind| {
        let mut values = Values::default();
        for variable in kind.variables {
            values.set(variable.name, if variable.name == "BASE_URL" { url.as_str() } else { "value" }.into());
        }
        let adapter = (kind.build)(&values, Connect { timeout: Duration::from_secs(1), proxy: None });
        (kind.name, adapter.unwrap_or_else(|e| panic!("{e:?}")))
    });
    let to = ["b@example.net", "c@example.net"].map(|text| text.parse().expect("a mailbox"));
    let draft = Draft { to: to.into(), ..Draft::default() };
    let mail = Message::new(smsp::runtime::ids::fresh().into(), "a@example.org".parse().expect("a mailbox"), draft).expect("a mail");
    Bench { adapters: adapters.collect(), runtime, said, mail }
});

async fn provide(listener: TcpListener, said: Arc<Mutex<Vec<u8>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&said)));
    }
}

async fn answer(mut stream: TcpStream, said: Arc<Mutex<Vec<u8>>>) {
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
        if is_whole(&request) {
            request.clear();
            let answer = said.lock().expect("nobody panics with it").clone();
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }
}

/// Headers, and as much body as they announce.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse::<usize>().ok());
    body.len() >= length.expect("a length")
}

fuzz_target!(|answer: Answer| {
    let Bench { runtime, adapters, said, mail } = &*BENCH;
    let (kind, adapter) = &adapters[usize::from(answer.adapter) % adapters.len()];
    *said.lock().expect("nobody panics with it") = answer.written(kind);
    let mode = if answer.is_probe { Mode::Probe } else { Mode::First };
    let verdict = runtime.block_on(adapter.send(Delivery::new(mail, mode)));
    is_sound(kind, &verdict, &answer);
    shows_no_text_of_a_provider(&verdict, mail);
});

fn is_sound(kind: &str, verdict: &Verdict, answer: &Answer) {
    let accepted = verdict.outcome == Outcome::Accepted;
    // Mailjet's documentation: under a 4xx, each message still has a status of its own.
    let may_accept = (200..300).contains(&answer.status()) || kind == "mailjet";
    assert!(!accepted || may_accept, "{kind}: {verdict:?}");
    assert!(accepted || (verdict.provider_message_id.is_none() && verdict.recipients.is_empty()), "{verdict:?}");
    let (shortest, longest) = (Duration::from_secs(1), Duration::from_secs(3600));
    assert!(verdict.retry_after.is_none_or(|wait| (shortest..=longest).contains(&wait)), "{verdict:?}");
    if let (Outcome::Throttled, Some(RetryAfter::Seconds(seconds))) = (verdict.outcome, &answer.retry_after) {
        let asked = Duration::from_secs(*seconds).clamp(shortest, longest);
        assert_eq!(verdict.retry_after, Some(asked), "{verdict:?}");
    }
}

/// Ids are short and plain, recipients are the mail's.
fn shows_no_text_of_a_provider(verdict: &Verdict, mail: &Message) {
    let id = verdict.provider_message_id.as_deref();
    assert!(
        id.is_none_or(|id| (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())),
        "{id:?}"
    );
    let emails: Vec<_> = mail.recipient_mailboxes().map(|mailbox| mailbox.address().as_str()).collect();
    let named: Vec<_> = verdict.recipients.iter().map(|recipient| recipient.email.as_str()).collect();
    assert!(named.is_empty() || named == emails, "{named:?}");
}
