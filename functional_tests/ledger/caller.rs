//! A caller on one kept connection, byte by byte: it sees whether there is exactly one answer, and it costs little.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::Answer;
use crate::harness::wait::PATIENCE;

/// One connection to a proxy, made when it is needed.
pub(crate) struct Caller {
    api: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// A whole request of the caller that holds this key; its id is returned in the answer.
pub(crate) fn request(key: &str, id: usize, body: &str, headers: &[(&str, &str)]) -> String {
    request_to("/email", key, id, body, headers)
}

/// A whole request to this path.
pub(crate) fn request_to(path: &str, key: &str, id: usize, body: &str, headers: &[(&str, &str)]) -> String {
    let further: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "POST {path} HTTP/1.1\r\nhost: smsp\r\ncontent-type: application/json\r\nx-api-key: {key}\r\n\
         x-request-id: {id}\r\n{further}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Caller {
    pub(crate) fn new(api: SocketAddr) -> Self {
        Self { api, stream: None }
    }

    /// The answer, or why there is none.
    pub(crate) async fn call(&mut self, id: usize, request: &str) -> Result<Answer, String> {
        // As the deadline of a mail, which grows by a second for every 256 KiB.
        let patience = PATIENCE + Duration::from_secs(request.len() as u64 >> 18);
        let answer = timeout(patience, self.try_call(request)).await;
        let answer =
            answer.map_err(|_| format!("no answer within {patience:?}"))?.map_err(|error| error.to_string())?;
        match answer.header("x-request-id") == Some(id.to_string().as_str()) {
            true => Ok(answer),
            false => Err(format!("the answer to another request: {answer}")),
        }
    }

    async fn try_call(&mut self, request: &str) -> std::io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(self.api).await?),
        };
        stream.write_all(request.as_bytes()).await?;
        let answer = read(&mut stream).await?;
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// What comes after the last answer, which should be nothing.
    pub(crate) async fn surplus(self) -> Vec<u8> {
        let mut rest = Vec::new();
        if let Some(mut stream) = self.stream {
            // A proxy that resets a connection which is done with has nothing more to say.
            let _ = stream.shutdown().await;
            let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        }
        rest
    }
}

/// One answer.
pub(super) async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Answer> {
    let first = line(stream).await?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| strange(&first))?;
    let mut headers = HeaderMap::new();
    loop {
        let line = line(stream).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| strange(&line))?;
        headers.insert(name, HeaderValue::from_str(value.trim()).map_err(|_| strange(&line))?);
    }
    let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = vec![0; length.ok_or_else(|| strange("no content-length"))?];
    stream.read_exact(&mut body).await?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_str(&text).unwrap_or_default();
    Ok(Answer { status, headers, text, json })
}

async fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

fn strange(what: &str) -> std::io::Error {
    std::io::Error::other(format!("not an answer: {what}"))
}
