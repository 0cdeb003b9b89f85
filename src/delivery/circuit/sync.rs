//! The atomics of this module: the standard ones, or loom's where `--cfg smsp_loom` asks for every interleaving.

#[cfg(smsp_loom)]
pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(smsp_loom))]
pub(super) use std::sync::atomic::{AtomicU64, Ordering};
