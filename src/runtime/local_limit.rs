//! The limits of this process and this machine, told apart from the faults of a provider.

use std::io::{self, ErrorKind};

/// Does the error say that no file descriptor, port or memory is left here? That is no provider's fault.
pub fn is_local_limit(error: &io::Error) -> bool {
    /// `ENFILE` and `EMFILE`, on Linux, the BSDs and macOS.
    const NO_FILES: [i32; 2] = [23, 24];
    let by_kind = matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::OutOfMemory);
    by_kind || error.raw_os_error().is_some_and(|code| NO_FILES.contains(&code))
}
