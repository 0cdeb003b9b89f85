//! Time-outs at random moments of a hand-over, over real connections: `none` is told only where it is
//! true. The provider counts the requests that it has read whole.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinSet, yield_now};

use super::super::call::Mode;
use super::super::hand_over::HandOver;
use super::*;
use crate::model::message::Message;

const MAILS: u64 = 5_000;
const CALLERS: usize = 16;
/// Bytes of a mail: most are one frame; a quarter is more than the buffers between us hold.
const SMALL: usize = 60_000;
const LARGE: usize = 2_000_000;
/// The provider's side of a connection.
const BUFFER: u32 = 64 * 1024;
/// A caller looks at most 2^9 times before its time is over.
const LOOKS: std::ops::Range<u32> = 0..10;

type Ids = Arc<Mutex<BTreeSet<u64>>>;

/// The requests that came whole over HTTP/1.1.
async fn read_http_1(stream: TcpStream, whole: Ids) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut id, mut length, mut line) = (0, 0, String::new());
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let (name, value) = line.split_once(": ").unwrap_or_default();
            assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "chunks have no length");
            match name {
                "x-id" => id = value.trim().parse().ok()?,
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        whole.lock().unwrap().insert(id);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
    }
}

/// The requests that came whole over HTTP/2.
async fn read_http_2(stream: TcpStream, whole: Ids) -> Option<()> {
    let mut connection = h2::server::handshake(stream).await.ok()?;
    let mut streams = JoinSet::new();
    while let Some(request) = connection.accept().await {
        let (request, mut answer) = request.ok()?;
        let whole = Arc::clone(&whole);
        streams.spawn(async move {
            let id = request.headers()["x-id"].to_str().ok()?.parse().ok()?;
            let mut body = request.into_body();
            while let Some(data) = body.data().await {
                body.flow_control().release_capacity(data.ok()?.len()).ok()?;
            }
            whole.lock().unwrap().insert(id);
            answer.send_response(hyper::Response::new(()), true).ok()
        });
    }
    None
}

/// How mails ended: told `none`, and read whole by the provider.
struct Run {
    told_none: BTreeSet<u64>,
    whole: BTreeSet<u64>,
}

async fn run(http_2: bool, is_none: fn(&HandOver) -> bool) -> Run {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(BUFFER).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1024).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (whole, told_none, next) = (Ids::default(), Ids::default(), Arc::new(AtomicU64::new(0)));
    let seen = Arc::clone(&whole);
    let serving = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            connections.spawn(async move {
                if http_2 { read_http_2(stream, seen).await } else { read_http_1(stream, seen).await }
            });
        }
    });
    let client = reqwest::Client::builder().retry(retry::never());
    let http = if http_2 { client.http2_prior_knowledge() } else { client }.build().unwrap();
    let client = Arc::new(Client {
        http,
        resolver: Arc::new(Resolver::system(Duration::from_secs(1)).unwrap()),
        proxy: None,
        connections: OnceLock::new(),
    });
    let url: Url = url.parse().unwrap();
    let bytes = Bytes::from(vec![b'x'; LARGE]);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, url, bytes) = (Arc::clone(&client), url.clone(), bytes.clone());
        let (next, told_none) = (Arc::clone(&next), Arc::clone(&told_none));
        callers.spawn(async move {
            let mail = Message::probe(
                crate::runtime::ids::fresh().into(),
                "a@example.org".parse().unwrap(),
                "b@example.org".parse().unwrap(),
            );
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= MAILS {
                    return;
                }
                let size = fastrand::usize(1..if fastrand::u8(..4) == 0 { LARGE } else { SMALL });
                let delivery = Delivery::new(&mail, Mode::First);
                let hand_over = Arc::clone(&delivery.hand_over);
                let request = client.post(url.clone()).header("x-id", id);
                let calling = call(request, [bytes.slice(..size)], &delivery);
                let over = async {
                    // Early time-outs come more often: a small mail is given at once.
                    for _ in 0..1_u32 << fastrand::u32(LOOKS) {
                        yield_now().await;
                    }
                };
                tokio::select! {
                    _ = calling => {}
                    () = over => if is_none(&hand_over) {
                        told_none.lock().unwrap().insert(id);
                    },
                }
            }
        });
    }
    callers.join_all().await;
    drop(client);
    // What is still on its way arrives: connections end when their clients have gone.
    tokio::time::sleep(Duration::from_millis(300)).await;
    serving.abort();
    let taken = |ids: &Ids| ids.lock().unwrap().clone();
    Run { told_none: taken(&told_none), whole: taken(&whole) }
}

fn on_two_workers(http_2: bool, is_none: fn(&HandOver) -> bool) -> Run {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(http_2, is_none))
}

#[test]
fn revoked_mail_was_never_read_whole() {
    for http_2 in [false, true] {
        let Run { told_none, whole } = on_two_workers(http_2, HandOver::revoke);
        let (none, taken) = (told_none.len(), whole.len());
        println!("HTTP/2 {http_2}: {MAILS} mails, {none} told none, {taken} read whole");
        assert!(none > 100 && taken > 100, "time-outs must come at every moment: {none} none, {taken} whole");
        assert_eq!(told_none.intersection(&whole).collect::<Vec<_>>(), Vec::<&u64>::new(), "HTTP/2 {http_2}");
    }
}

#[test]
fn a_time_out_that_is_told_as_none_without_revoking_is_found() {
    for http_2 in [false, true] {
        let Run { told_none, whole } = on_two_workers(http_2, |_| true);
        assert!(told_none.intersection(&whole).next().is_some(), "HTTP/2 {http_2}: {} none", told_none.len());
    }
}
