//! A request as a stub received it: read off the wire byte by byte, shown in full when a test fails.

use std::fmt;
use std::time::SystemTime;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;

use crate::harness::Answer;
use crate::harness::settings::POLL_ADDRESS;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) target: String,
    /// When its last byte had arrived.
    pub(crate) at: SystemTime,
    /// What the stub said about it: taken, refused, or nothing for certain.
    pub(crate) taken: Option<bool>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// One that nobody sent.
    pub(crate) fn of(target: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { target: target.to_owned(), at: SystemTime::now(), taken: None, headers, body }
    }

    /// The next one on this connection, to its last byte; `None` when the other side has ended it.
    pub(super) async fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let first = line(stream).await?;
        let target = first.strip_suffix(" HTTP/1.1")?.to_owned();
        let mut headers = Vec::new();
        loop {
            let header = line(stream).await?;
            let Some((name, value)) = header.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self { target, at: SystemTime::now(), taken: None, headers, body: Vec::new() };
        request.body = match request.header("content-length") {
            Some(length) => exactly(stream, length.parse().ok()?).await?,
            None if request.header("transfer-encoding").is_some() => chunks(stream).await?,
            None => Vec::new(),
        };
        request.at = SystemTime::now();
        Some(request)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The headers that are the adapter's own, in their order: not those of every request.
    pub(crate) fn own_headers(&self) -> Vec<&str> {
        let of_all = ["host", "content-length", "user-agent", "accept-encoding"];
        let is_own = |name: &str, value: &str| !of_all.contains(&name) && (name, value) != ("accept", "*/*");
        self.headers.iter().filter(|(name, value)| is_own(name, value)).map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; nothing that we send is anything else.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {self}"))
    }

    /// Only probes write to the poll address.
    pub(crate) fn is_probe(&self) -> bool {
        self.text().contains(POLL_ADDRESS)
    }

    /// The multipart boundary.
    pub(crate) fn boundary(&self) -> String {
        let boundary = self.header("content-type").and_then(|value| value.split_once("boundary="));
        boundary.unwrap_or_else(|| panic!("no boundary in {self}")).1.trim_matches('"').to_owned()
    }

    /// What stays the same from run to run: target, these headers, the body.
    pub(crate) fn normalised(&self, headers: &[&str], receipt: &Answer) -> String {
        let lines = headers.iter().map(|name| format!("{name}: {}\n", self.header(name).unwrap_or("(none)")));
        let body = if self.header("content-type").is_some_and(|kind| kind.starts_with("multipart/")) {
            self.text()
        } else {
            let pretty = serde_json::to_string_pretty(&self.json()).expect("JSON can be written");
            format!("{pretty}\n")
        };
        let shown = format!("{}\n{}\n{body}", self.target, lines.collect::<String>());
        let id = receipt.json["id"].as_str().expect("a receipt has an id");
        let boundary = self.header("content-type").and_then(|value| Some(value.split_once("boundary=")?.1));
        shown.replace(id, "{id}").replace(boundary.unwrap_or("{boundary}"), "{boundary}").replace("\r\n", "\n")
    }

    /// The values of a multipart field, in order.
    pub(crate) fn parts(&self, name: &str) -> Vec<String> {
        let (text, delimiter) = (self.text(), format!("--{}", self.boundary()));
        let named = format!("name=\"{name}\"");
        let parts = text.split(&delimiter).filter_map(|part| part.split_once("\r\n\r\n"));
        let wanted = parts.filter(|(head, _)| head.contains(&named));
        wanted.map(|(_, value)| value.strip_suffix("\r\n").unwrap_or(value).to_owned()).collect()
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.target)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))?;
        writeln!(f, "\n{}", self.text())
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    (count > 0).then(|| line.trim_end().to_owned())
}

async fn exactly(stream: &mut BufReader<TcpStream>, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn chunks(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(stream).await?, 16).ok()?;
        body.extend(exactly(stream, length).await?);
        line(stream).await?;
        if length == 0 {
            return Some(body);
        }
    }
}
