//! A crate of the circuit alone, in which loom tries its interleavings: the rest would take two minutes to compile.
//!
//! `scripts/check` compiles it with `--cfg smsp_loom`. Without that it is empty.

#![cfg(smsp_loom)]
#![expect(dead_code, unreachable_pub, reason = "who uses the rest is not here")]

mod delivery {
    pub mod circuit;
}

mod model {
    pub mod outcome;
}
