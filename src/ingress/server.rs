//! What every HTTP listener stands on: it knows nothing of mail.

pub mod hardening;
pub mod listener;
