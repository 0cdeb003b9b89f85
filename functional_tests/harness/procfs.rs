//! What the kernel knows of a running process: its memory, its open files and connections, the processor time that it
//! took.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use super::process::Process;

/// The unit of the times in `stat`; Linux has shown no other to programs for decades.
const TICKS_A_SECOND: u64 = 100;
const ESTABLISHED: &str = "01";
const LISTENING: &str = "0A";

/// The unread bytes of each established connection to this address of ours, accepted or waiting.
pub(crate) fn unsent_to_callers_of(address: SocketAddrV4) -> Vec<usize> {
    let table = fs::read_to_string("/proc/net/tcp").expect("a kernel that knows TCP");
    let local = format!("{:08X}:{:04X}", u32::from_le_bytes(address.ip().octets()), address.port());
    let unsent = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let established = words.next() == Some(&local) && words.nth(1) == Some(ESTABLISHED);
        let unsent = words.next().and_then(|queues| usize::from_str_radix(queues.split(':').next()?, 16).ok());
        unsent.filter(|_| established)
    };
    table.lines().filter_map(unsent).collect()
}

impl Process {
    /// The most memory that it ever had: `VmHWM` of proc(5).
    pub(crate) fn peak_kib(&self) -> u64 {
        self.kib("VmHWM:")
    }

    /// What a bound on its data would count: `VmData` of proc(5).
    pub(crate) fn data_kib(&self) -> u64 {
        self.kib("VmData:")
    }

    fn kib(&self, name: &str) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"));
        line.and_then(|size| size.trim().parse().ok()).unwrap_or_else(|| panic!("no {name} in {status}"))
    }

    /// Are all its threads stopped by a signal? The state in `stat` is then `T`, behind the name.
    pub(crate) fn is_stopped(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id())).expect("it runs").filter_map(Result::ok);
        let stats = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
        stats.into_iter().all(|stat| stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T')))
    }

    /// How many files it has open, connections among them.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.id())).expect("it runs").count()
    }

    /// Where it listens, over IPv4: its open files are sockets of the table, by their inodes.
    pub(crate) fn listens_on(&self) -> Vec<SocketAddrV4> {
        let files = fs::read_dir(format!("/proc/{}/fd", self.id())).into_iter().flatten().filter_map(Result::ok);
        let links: Vec<_> = files.filter_map(|file| fs::read_link(file.path()).ok()).collect();
        let table = fs::read_to_string("/proc/net/tcp").expect("a kernel that knows TCP");
        let listens = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            let socket = format!("socket:[{}]", words.get(9)?);
            let is_ours = words.get(3) == Some(&LISTENING) && links.iter().any(|link| link.as_os_str() == &*socket);
            let (address, port) = words.get(1)?.split_once(':')?;
            let address = Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?.to_le_bytes());
            Some(SocketAddrV4::new(address, u16::from_str_radix(port, 16).ok()?)).filter(|_| is_ours)
        };
        table.lines().filter_map(listens).collect()
    }

    /// What it has taken so far, for itself and in the kernel: `utime` and `stime`, the 14th and 15th field.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        let (_, behind_the_name) = stat.rsplit_once(')').unwrap_or_else(|| panic!("no name in {stat}"));
        let ticks = behind_the_name.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(ticks * 1000 / TICKS_A_SECOND)
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.id())).expect("it runs")
    }
}
