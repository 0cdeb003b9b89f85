//! P-hostile, to be
