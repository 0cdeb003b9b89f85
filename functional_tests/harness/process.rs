//! A child process in a clean environment: every line it writes is kept, and it never outlives its test.

use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::settings::Settings;
use super::stalling_reader::{Reading, Stalling, Switch};
use super::wait::{PATIENCE, eventually_within};

/// The built binary under test, or the one that `scripts/ledger` names.
pub(crate) fn binary() -> String {
    std::env::var("SMSP_LEDGER_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_smsp").to_owned())
}

/// Lines of one stream, while they come.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn follow(&self, stream: impl Read + Send + 'static) -> JoinHandle<()> {
        let lines = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        })
    }

    fn read(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running command.
pub(crate) struct Process {
    command: String,
    child: Child,
    stdout: Lines,
    stderr: Lines,
    switch: Switch,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts our binary with exactly these settings as its environment.
    pub(crate) fn smsp(args: &[&str], settings: &Settings) -> Self {
        Self::smsp_behind(&[], args, settings)
    }

    /// Starts the binary through a program that prepares something, and then becomes it.
    pub(crate) fn smsp_behind(program: &[&str], args: &[&str], settings: &Settings) -> Self {
        let binary = binary();
        let words = [program, &[binary.as_str()], args].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().envs(settings.pairs());
        Self::start(command)
    }

    pub(crate) fn start(command: Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    pub(crate) fn start_with(mut command: Command, stdin: Stdio) -> Self {
        let shown = format!("{command:?}");
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("cannot start {shown}: {e}"));
        let (stdout, stderr, switch) = (Lines::default(), Lines::default(), Switch::default());
        let stream = child.stdout.take().expect("stdout is piped");
        let readers = vec![
            stdout.follow(Stalling { stream, switch: switch.clone() }),
            stderr.follow(child.stderr.take().expect("stderr is piped")),
        ];
        Self { command: shown, child, stdout, stderr, switch, readers }
    }

    /// Sends a signal by name; the shell's own `kill` is on every machine.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().expect("sh starts");
        assert!(status.success(), "{kill}: {status}");
        // A thread in the kernel stops a little later.
        let sent = tokio::time::Instant::now();
        while name == "STOP" && !self.is_stopped() {
            assert!(sent.elapsed() < std::time::Duration::from_secs(10), "it does not stop: {}", self.evidence());
            std::thread::yield_now();
        }
    }

    /// How its stdout is read from now on. A read that has begun may still take what comes next.
    pub(crate) fn read_stdout(&self, reading: Reading) {
        self.switch.set(reading);
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stdout(&self) -> Vec<String> {
        self.stdout.read()
    }

    /// Everything it wrote, for people.
    pub(crate) fn evidence(&self) -> String {
        let (out, err) = (self.stdout.read().join("\n"), self.stderr.read().join("\n"));
        format!("--- {}\n--- stdout\n{out}\n--- stderr\n{err}\n---", self.command)
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child can be waited for")
    }

    /// Waits for its end and for the last of its lines.
    pub(crate) async fn output(mut self, within: Duration) -> Output {
        let status =
            eventually_within(within, "the process ends", async || self.ended().ok_or_else(|| self.evidence())).await;
        self.join_readers();
        Output { code: status.code(), stdout: self.stdout.read().join("\n"), stderr: self.stderr.read().join("\n") }
    }

    fn join_readers(&mut self) {
        self.switch.set(Reading::On);
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader of lines does not panic");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.join_readers();
        if thread::panicking() {
            eprintln!("{}", self.evidence());
        }
    }
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Output {
    /// A process that a signal ended has none.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command of our binary to its end.
pub(crate) async fn run(args: &[&str], settings: &Settings) -> Output {
    Process::smsp(args, settings).output(PATIENCE).await
}

/// Runs a command of our binary to its end, with this text as its stdin.
pub(crate) async fn run_with(args: &[&str], settings: &Settings, input: &str) -> Output {
    let mut file = tempfile::tempfile().expect("a temporary file can be made");
    file.write_all(input.as_bytes()).and_then(|()| file.rewind()).expect("a temporary file can be written");
    let mut command = Command::new(binary());
    command.args(args).env_clear().envs(settings.pairs());
    Process::start_with(command, file.into()).output(PATIENCE).await
}
