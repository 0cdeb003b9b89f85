//! Any bytes as the body of `POST /email`, through the whole router: nothing panics, no answer is an internal error, and a mail
//! that is taken holds what the JSON says as another reader has it: no field that is unknown or duplicate, nothing left out.

#![no_main]

mod json;

use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use smsp::app::config::{CallersConfig, Config};
use smsp::delivery::dispatch::Dispatcher;
use smsp::access::callers::Callers;
use smsp::access::admission::Admission;
use smsp::ingress::api::{self, ApiState};
use smsp::ingress::server::service::Service;
use smsp::model::message::Message;
use smsp::runtime::metrics::Metrics;
use smsp::model::outcome::{Reason, Verdict};
use smsp::delivery::provider::{Call, Delivery, Provider};
use smsp::runtime::shutdown::Shutdown;
use smsp::delivery::upstream::Upstream;
use smsp::delivery::upstream::history::Events;
use smsp::service::submit::Submit;
use smsp::state::answers::Answers;
use tokio::runtime::{Builder, Runtime};

use json::Json;

const KEY: &str = "key";
const FIELDS: [&str; 15] = [
    "from",
    "fromaddress",
    "to",
    "toaddress",
    "cc",
    "bcc",
    "reply_to",
    "subject",
    "text",
    "plaintextbody",
    "html",
    "attachments",
    "headers",
    "tags",
    "metadata",
];

/// Takes every mail, and keeps it.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Message>>>);

impl Provider for Recorder {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        self.0.lock().expect("nobody panics with it").push(delivery.message.clone());
        Box::pin(async { Verdict::accepted(Reason::Mock, None) })
    }
}

struct Bench {
    runtime: Runtime,
    service: Service,
    recorder: Recorder,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let recorder = Recorder::default();
    let pairs = [("SMSP_API_KEY", KEY), ("SMSP_MOCK_EMAIL_SERVICE", "true")];
    let config = Config::load(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter());
    let config = config.unwrap_or_else(|errors| panic!("{errors}"));
    let (metrics, shutdown) = (Arc::new(Metrics::default()), Shutdown::default());
    let settings = config.upstreams[0].settings.clone();
    let provider = Box::new(recorder.clone());
    let upstream = Upstream::new("k".to_owned(), "mock", provider, settings, &metrics, Events::new(1));
    let dispatcher = Dispatcher::new(vec![Arc::new(upstream)], config.dispatch, config.routes.rules, shutdown.clone(), Arc::clone(&metrics));
    let CallersConfig { keys, by_name, common, .. } = config.callers;
    let answers = Answers::new(config.answers.held_answers, None, Arc::clone(&metrics));
    let submit = Arc::new(Submit::new(Arc::clone(&dispatcher), answers, None, Arc::clone(&metrics)));
    let state = ApiState {
        submit,
        outbox: None,
        store: None,
        dispatcher,
        callers: Arc::new(Callers::new(keys, by_name, common)),
        admission: Arc::new(Admission::new(config.admission, Arc::clone(&metrics))),
        settings: Arc::new(config.http),
        shutdown,
        metrics,
    };
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    Bench { runtime, service: api::service(state), recorder }
});

fn post(body: &[u8]) -> StatusCode {
    let request = Request::post("/email").header("x-api-key", KEY).header("content-type", "application/json");
    let request = request.body(Body::from(body.to_vec())).expect("a request");
    let peer = ([127, 0, 0, 1], 1).into();
    BENCH.runtime.block_on(BENCH.service.answer(request, peer, false)).status()
}

fuzz_target!(|body: &[u8]| {
    let status = post(body);
    let taken = std::mem::take(&mut *BENCH.recorder.0.lock().expect("nobody panics with it"));
    match (status.as_u16(), &taken[..]) {
        (200, [message]) => says_the_same(message, &Json::read(body).expect("JSON")),
        (400 | 422, []) => {}
        _ => panic!("{status} and {} mails", taken.len()),
    }
});

fn says_the_same(message: &Message, json: &Json) {
    let names = json.names();
    assert!(names.iter().all(|name| FIELDS.contains(name)), "{names:?}");
    assert!((1..=50).contains(&message.recipients()), "{json:?}");
    let either = |name, alias| json.only(&[name, alias]);
    assert!(either("from", "fromaddress").is_some(), "{json:?}");
    let text = |field: Option<&Json>| field.map(|text| text.text().expect("a text").to_owned());
    assert_eq!(message.subject(), text(json.only(&["subject"])).unwrap_or_default());
    assert_eq!(message.text().map(str::to_owned), text(either("text", "plaintextbody")));
    assert_eq!(message.html().map(str::to_owned), text(json.only(&["html"])));
    let mailboxes = ["from", "fromaddress", "to", "toaddress", "cc", "bcc", "reply_to"];
    mailboxes.iter().filter_map(|name| json.only(&[name])).for_each(is_of_mailboxes);
    let files = json.only(&["attachments"]).map_or(&[][..], Json::items);
    assert_eq!(message.attachments().len(), files.len());
    for (file, said) in message.attachments().iter().zip(files) {
        said.has_only(&["filename", "content_type", "content", "content_id"]);
        let filename = said.only(&["filename"]).and_then(Json::text).map(|name| name.replace(['/', '\\'], "_"));
        assert_eq!(Some(file.filename.as_str()), filename.as_deref());
        let content_id = said.only(&["content_id"]).and_then(Json::text).map(|id| id.trim_matches(['<', '>']));
        assert_eq!(file.content_id.as_ref().map(|id| id.as_str()), content_id);
    }
    let headers = message.headers().iter().map(|header| (header.name(), header.value()));
    assert_eq!(headers.collect::<Vec<_>>(), pairs(json, "headers", str::to_ascii_lowercase));
    let metadata = message.metadata().iter().map(|pair| (pair.name(), pair.value()));
    assert_eq!(metadata.collect::<Vec<_>>(), pairs(json, "metadata", str::to_owned));
    let tags: Vec<_> = message.tags().iter().map(|tag| tag.as_str()).collect();
    let said = json.only(&["tags"]).map_or(&[][..], Json::items);
    assert!(said.iter().all(|tag| tags.contains(&tag.text().expect("a text"))) && tags.len() <= said.len());
}

fn is_of_mailboxes(json: &Json) {
    match json {
        Json::List(items) => items.iter().for_each(is_of_mailboxes),
        Json::Object(_) => json.has_only(&["email", "name"]),
        Json::Text(_) => {}
        Json::Literal(_) | Json::Null => panic!("a mailbox that is none"),
    }
}

/// In the order in which a mail has them.
fn pairs<'a>(json: &'a Json, field: &str, key: fn(&str) -> String) -> Vec<(&'a str, &'a str)> {
    let object = json.only(&[field]);
    let members = object.iter().flat_map(|object| object.members());
    let mut pairs: Vec<_> = members.filter(|(_, value)| !matches!(value, Json::Null)).collect();
    pairs.sort_by_key(|(name, _)| key(name));
    pairs.iter().map(|(name, value)| (name.as_str(), value.written().expect("a text or a literal"))).collect()
}
