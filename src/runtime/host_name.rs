//! The name of the machine, or of the pod, that this process runs on: for people who look at what several nodes have done.

use std::fs;

/// Where the kernel tells it.
const FILE: &str = "/proc/sys/kernel/hostname";

/// The name; `unknown` where the kernel does not tell it.
pub fn host_name() -> String {
    let name = fs::read_to_string(FILE).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_one_word() {
        let name = host_name();
        assert!(!name.is_empty() && !name.contains(char::is_whitespace), "{name:?}");
    }
}
