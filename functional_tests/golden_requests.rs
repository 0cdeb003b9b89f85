//! The exact request that each provider gets for a mail with everything in it, compared whole with `golden/`.

mod ses;

use futures_util::future::join_all;
use serde_json::{Value, json};
use smsp::delivery::provider::{Inline, Kind};

use crate::harness::{Answer, Proxy, Request, Settings, StubProvider, documents, golden, kinds};

/// A kind of upstream before a stub that accepts.
pub(crate) struct Row(&'static Kind);

impl Row {
    /// The kind of this name.
    pub(crate) fn of(kind: &str) -> Self {
        Self(kinds::over_http().find(|known| known.name == kind).unwrap_or_else(|| panic!("no kind is called {kind}")))
    }

    /// As in `SMSP_PROVIDERS`.
    pub(crate) fn kind(&self) -> &'static str {
        self.0.name
    }

    /// The golden mail, as far as this one can carry it.
    pub(crate) fn mail(&self) -> Value {
        let (mut mail, can) = (golden::json("mail.json"), &self.0.capabilities);
        let list = |mail: &mut Value, field: &str, most: usize| mail[field].as_array_mut().expect(field).truncate(most);
        list(&mut mail, "tags", can.tags.max_count);
        list(&mut mail, "reply_to", can.reply_to);
        let headers = mail["headers"].as_object_mut().expect("headers");
        headers.retain(|name, _| !can.dropped_headers.contains(&name.to_ascii_lowercase().as_str()));
        if can.files.inline == Inline::No {
            mail["attachments"][1].as_object_mut().expect("a file").remove("content_id");
        }
        mail
    }

    /// A server in front of this one alone, whose API stands at `url`.
    pub(crate) fn settings(&self, url: &str) -> Settings {
        let values = [("API_KEY", "account-key"), ("API_SECRET", "account-secret"), ("DOMAIN", "mg.example.com")];
        let needed = self.0.variables.iter().map(|variable| variable.name);
        let set = needed.filter_map(|name| values.iter().find(|(known, _)| *known == name));
        set.fold(kinds::alone(self.0, url), |all, (name, value)| all.with(&(kinds::prefix(self.0) + name), value))
    }

    /// What it gets for its mail, and what the caller gets.
    pub(crate) async fn request(&self) -> (Request, Answer) {
        self.request_for(&self.mail()).await
    }

    async fn request_for(&self, mail: &Value) -> (Request, Answer) {
        let (stub, kind) = (StubProvider::sendgrid().await, self.0.name);
        stub.follows(move |request| documents::acceptance(kind, request).into());
        let proxy = Proxy::start(self.settings(&stub.url())).await;
        let receipt = proxy.client.send(mail).await.expect(200);
        (stub.only_mail(), receipt)
    }

    async fn is_golden(&self) {
        let (request, receipt) = self.request().await;
        golden::check(&format!("{}.txt", self.0.name), &request.normalised(&request.own_headers(), &receipt));
        let accepted = format!("{}:accepted", self.0.upstream);
        let id = documents::id(self.0);
        assert_eq!(
            (receipt.attempts(), &receipt.json["provider_message_id"]),
            (vec![accepted], &id.into()),
            "{receipt}"
        );
    }
}

/// SES has a file of its own: time and signature are in its headers.
fn unsigned() -> impl Iterator<Item = Row> {
    kinds::over_http().filter(|kind| kind.name != "ses").map(Row)
}

#[tokio::test]
async fn every_kind_gets_its_golden_request() {
    join_all(unsigned().map(async |row| row.is_golden().await)).await;
}

/// Nothing but what every mail has; a name that is both beyond ASCII and in need of quotes.
fn smallest() -> Value {
    json!({"from": "\"Müller, Anna\" <anna@example.com>", "to": "\"Müller, Jo\" <jo@example.net>"})
}

#[tokio::test]
async fn the_smallest_mail_is_golden_everywhere() {
    let check = async |row: Row| {
        let (request, receipt) = row.request_for(&smallest()).await;
        golden::check(&format!("{}-smallest.txt", row.0.name), &request.normalised(&[], &receipt));
    };
    join_all(unsigned().map(check)).await;
}
