//! What a mail asks of the allocator on its way through the service: a bound, so that it cannot grow unseen.
//!
//! `cargo test --bench allocations` prints it. The whole service runs in one thread of a process of its own, with a listener,
//! a key, a circuit, metrics and a log; caller and provider are over there in ours. Counted is from its start to its
//! end, with few mails and with many: the difference is theirs. A build for tests asks for a little more than a release.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the purpose")]
#![expect(clippy::expect_used, clippy::panic, reason = "a bench that cannot be set up has no figure")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::thread;

use smsp::app;
use smsp::app::config::Config;
use smsp::runtime::telemetry;
use tokio::runtime::Builder;

const MAIL: &str = include_str!("mail.json");
const FEW: u64 = 100;
const MANY: u64 = 1100;
/// The limit for one mail; measured: 133.
const MAX_ALLOCATIONS: u64 = 142;
/// The limit for one mail; measured: 46481, of which three times 8 KiB are the HTTP library's buffers.
const MAX_BYTES: u64 = 49_000;

fn main() -> ExitCode {
    match std::env::args().nth(1) {
        Some(provider) if provider.starts_with("http") => serve(&provider),
        _ => compare(),
    }
}

fn compare() -> ExitCode {
    let (few, many) = (of(FEW), of(MANY));
    let of_one = |count: fn(&(u64, u64)) -> u64| (count(&many) - count(&few)) / (MANY - FEW);
    let (allocations, bytes) = (of_one(|of| of.0), of_one(|of| of.1));
    println!("a mail: {allocations} allocations (at most {MAX_ALLOCATIONS}), {bytes} bytes (at most {MAX_BYTES})");
    if allocations > MAX_ALLOCATIONS || bytes > MAX_BYTES { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The service, until it is told to end; then what it has asked for.
fn serve(provider: &str) -> ExitCode {
    let settings = [
        ("SMSP_HOST", "127.0.0.1"),
        ("SMSP_PORT", "0"),
        ("SMSP_ADMIN_HOST", "127.0.0.1"),
        ("SMSP_ADMIN_PORT", "0"),
        ("SMSP_API_KEY", "key"),
        ("SMSP_LOG_OUTPUT_FORMAT", "JSON_ONELINE"),
        ("SMSP_POLL_MESSAGE_ADDRESS", "probes@example.org"),
        ("SMSP_DRAIN_DELAY", "0s"),
        ("SMSP_SG_API_KEY", "key"),
        ("SMSP_SG_BASE_URL", provider),
    ];
    let pairs = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(pairs.into_iter()).unwrap_or_else(|errors| panic!("{errors}"));
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().on_thread_park(telemetry::flush).build().expect("a runtime");
    let asked = allocation_counter::measure(|| runtime.block_on(app::serve(config)).expect("it serves"));
    eprintln!("{} {}", asked.count_total, asked.bytes_total);
    ExitCode::SUCCESS
}

/// What the service has asked for after so many mails.
fn of(mails: u64) -> (u64, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let provider = format!("http://{}", listener.local_addr().expect("its address"));
    thread::spawn(move || accept(&listener));
    let program = std::env::current_exe().expect("our own name");
    let mut command = Command::new(program);
    let mut service = command.arg(provider).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    let mut log = BufReader::new(service.stdout.take().expect("its log"));
    let address = address(&mut log);
    // Read on, so that it never waits for a reader.
    thread::spawn(move || log.lines().count());
    send(&address, mails);
    end(service)
}

/// The address of the API listener.
fn address(log: &mut BufReader<ChildStdout>) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).expect("a log"), 0, "it ended");
        let event: serde_json::Value = serde_json::from_str(&line).expect("an event");
        if event["listener"] == "api" {
            return event["address"].as_str().expect("an address").to_owned();
        }
    }
}

/// SendGrid, as far as a mail needs it.
fn accept(listener: &TcpListener) {
    for connection in listener.incoming() {
        let mut connection = BufReader::new(connection.expect("a connection"));
        thread::spawn(move || {
            while receive(&mut connection).is_some() {
                let answer = b"HTTP/1.1 202 Accepted\r\nx-message-id: bench\r\ncontent-length: 0\r\n\r\n";
                connection.get_mut().write_all(answer).expect("it reads");
            }
        });
    }
}

fn send(address: &str, mails: u64) {
    let mut connection = BufReader::new(TcpStream::connect(address).expect("a connection"));
    let head = "POST /email HTTP/1.1\r\nhost: bench\r\nx-api-key: key\r\ncontent-type: application/json\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{MAIL}", MAIL.len());
    for _ in 0..mails {
        connection.get_mut().write_all(request.as_bytes()).expect("it reads");
        let status = receive(&mut connection).expect("an answer");
        assert!(status.contains(" 200 "), "{status}");
    }
}

/// The first line of the next message, whose body is read too; nothing at the end of the connection.
fn receive(connection: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut first, mut length) = (String::new(), 0);
    connection.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).expect("a head");
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    Some(first)
}

/// Ends the service; what it says it has asked for.
fn end(service: Child) -> (u64, u64) {
    let told = Command::new("kill").arg(service.id().to_string()).status().expect("a signal");
    assert!(told.success(), "{told}");
    let output = service.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr);
    let mut counts = said.split_whitespace().map(|count| count.parse().unwrap_or_else(|_| panic!("it said {said}")));
    (counts.next().expect("a count"), counts.next().expect("a sum"))
}
