//! The client against a host on loopback.

use hickory_resolver::proto::rr::RecordType;

use super::super::name_server::{NameServer, Says, records};
use super::fixture::{FileServer, http};
use super::*;

const HOST: &str = "files.example.org";
const TIME: Duration = Duration::from_secs(5);

struct Setup {
    names: NameServer,
    files: FileServer,
}

/// A name that leads to this address, with what is served there.
async fn setup(address: &'static str, answer: fn(usize) -> String) -> Setup {
    let says = move |_: &str, kind| if kind == RecordType::A { records([address]) } else { Says::NoData };
    Setup { names: NameServer::start(says).await, files: FileServer::start(HOST, answer).await }
}

impl Setup {
    async fn get(&self, url: &str, allow_private: bool, time: Duration) -> Result<File, NoFile> {
        let client = self.files.client(Arc::new(self.names.dns()), allow_private);
        client.get(url.parse().unwrap(), 10, time).await
    }
}

fn url() -> String {
    format!("https://{HOST}/file")
}

#[tokio::test]
async fn a_file_comes_with_its_type() {
    let setup = setup("127.0.0.1", |_| http("200 OK", "ten bytes.")).await;
    let file = setup.get(&url(), true, TIME).await.unwrap();
    assert_eq!((file.content_type.as_str(), file.body.as_slice()), ("text/plain; charset=utf-8", &b"ten bytes."[..]));
}

#[tokio::test]
async fn a_name_with_a_private_address_is_not_connected_to() {
    let setup = setup("127.0.0.1", |_| http("200 OK", "secret")).await;
    assert_eq!(setup.get(&url(), false, TIME).await, Err(NoFile::Connection));
    assert_eq!(setup.files.requests(), 0);
}

#[tokio::test]
async fn an_address_as_host_and_a_url_without_tls_are_not_connected_to() {
    let setup = setup("127.0.0.1", |_| http("200 OK", "secret")).await;
    for url in ["https://127.0.0.1/", "https://[::1]/", "http://files.example.org/"] {
        assert_eq!(setup.get(url, true, TIME).await, Err(NoFile::Connection), "{url}");
    }
    assert_eq!(setup.files.requests(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let setup = setup("127.0.0.1", |_| http("302 Found", "")).await;
    assert_eq!(setup.get(&url(), true, TIME).await, Err(NoFile::Status));
    assert_eq!(setup.files.requests(), 1);
}

#[tokio::test]
async fn one_byte_too_many_is_no_file() {
    let setup = setup("127.0.0.1", |_| http("200 OK", "ten bytes..")).await;
    assert_eq!(setup.get(&url(), true, TIME).await, Err(NoFile::Long));
}

#[tokio::test]
async fn silence_ends_with_the_time() {
    let setup = setup("127.0.0.1", |_| String::new()).await;
    assert_eq!(setup.get(&url(), true, Duration::from_millis(300)).await, Err(NoFile::Time));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let setup = setup("127.0.0.1", |_| http("200 OK", "")).await;
    assert_eq!(setup.get("https://other.example.org/", true, TIME).await, Err(NoFile::Connection));
    assert_eq!(setup.files.requests(), 0);
}
