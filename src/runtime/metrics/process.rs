//! What the system knows of this process, under the names that every Prometheus client gives it. Read from `/proc` when the
//! page is asked for; on other systems there are no such metrics.
//!
//! Deliberately absent: threads and I/O, which the container's own metrics have.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rustix::param::{clock_ticks_per_second, page_size};

use super::numbers::{Real, whole};

/// The part of the metrics that the system counts.
#[derive(Default)]
pub(super) struct Process {
    cpu: Counter<f64, AtomicU64>,
    resident: Gauge,
    virtual_memory: Gauge,
    open_files: Gauge,
    max_files: Gauge,
    start: Real,
}

/// A line of `/proc/self/stat`, as far as it is shown.
#[derive(Debug, PartialEq)]
struct Stat {
    /// In clock ticks, in user and system mode.
    cpu: u64,
    /// In clock ticks from the start of the machine.
    start: u64,
    /// In bytes.
    virtual_memory: u64,
    /// In pages.
    resident: u64,
}

impl Process {
    /// The registry has no prefix.
    pub(super) fn register(&self, registry: &mut Registry) {
        let (Some(stat), Some(boot)) = (Stat::now(), boot_time()) else { return };
        self.start.set(boot as f64 + seconds(stat.start));
        registry.register(
            "process_cpu_seconds",
            "Time of processors that this process has used, in user and system mode",
            self.cpu.clone(),
        );
        registry.register(
            "process_resident_memory_bytes",
            "Memory of this process that is resident",
            self.resident.clone(),
        );
        registry.register(
            "process_virtual_memory_bytes",
            "Size of the address space of this process",
            self.virtual_memory.clone(),
        );
        registry.register("process_open_fds", "Open file descriptors", self.open_files.clone());
        registry.register("process_max_fds", "The most file descriptors that may be open", self.max_files.clone());
        registry.register(
            "process_start_time_seconds",
            "Start of this process, in seconds since 1970",
            self.start.clone(),
        );
    }

    /// Reads everything anew. What cannot be read stays as it is.
    pub(super) fn read(&self) {
        if let Some(stat) = Stat::now() {
            self.cpu.inner().store(seconds(stat.cpu).to_bits(), Ordering::Relaxed);
            self.resident.set(whole(stat.resident.saturating_mul(page_size() as u64)));
            self.virtual_memory.set(whole(stat.virtual_memory));
        }
        if let Some(files) = open_files() {
            self.open_files.set(whole(files));
        }
        if let Some(files) = fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(max_files) {
            self.max_files.set(whole(files));
        }
    }
}

impl Stat {
    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// As proc(5) describes it. The name of the program, in brackets, may hold anything.
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.rsplit_once(')')?;
        let fields: Vec<_> = rest.split_whitespace().collect();
        // The first of them is the third of all.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let cpu = field(14)?.saturating_add(field(15)?);
        Some(Self { cpu, start: field(22)?, virtual_memory: field(23)?, resident: field(24)? })
    }
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / clock_ticks_per_second() as f64
}

/// When the machine was started, in seconds since 1970.
fn boot_time() -> Option<u64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// From Linux 6.2 on the size of the directory is their number; before, they are counted.
fn open_files() -> Option<u64> {
    const FOLDER: &str = "/proc/self/fd";
    let size = fs::metadata(FOLDER).ok()?.len();
    if size > 0 { Some(size) } else { Some(fs::read_dir(FOLDER).ok()?.count() as u64) }
}

/// The soft limit; none, if there is no number.
fn max_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_program_is_called() {
        let line = "1 (a ) 7 (b) S 4 5 6 7 8 9 10 11 12 13 140 15 16 17 18 19 20 21 2200 230000 24 25\n";
        let stat = Stat { cpu: 155, start: 2200, virtual_memory: 230_000, resident: 24 };
        assert_eq!(Stat::parse(line), Some(stat));
        assert_eq!(Stat::parse("1 (smsp) S 4 5"), None);
    }

    #[test]
    fn the_soft_limit_on_open_files_is_the_one_that_holds() {
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax processes  5 6 processes\nMax open files  1024  4096  files\n";
        assert_eq!(max_files(limits), Some(1024));
        assert_eq!(max_files("Max open files  unlimited  unlimited  files"), None);
    }

    #[test]
    fn this_process_is_read_again_for_each_page() {
        let (process, mut registry) = (Process::default(), Registry::default());
        process.register(&mut registry);
        process.read();
        let before = process.open_files.get();
        assert!(before > 0 && process.max_files.get() >= before);
        assert!(process.resident.get() > 1 << 20 && process.virtual_memory.get() > process.resident.get());
        let files: Vec<_> = (0..200).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        process.read();
        assert!(process.open_files.get() > before + 100, "other tests close some meanwhile: {}", files.len());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((now - 24.0 * 3600.0..=now + 2.0).contains(&process.start.get()), "{}", process.start.get());
        assert!(process.cpu.get() > 0.0);
    }
}
