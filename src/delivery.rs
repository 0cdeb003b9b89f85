//! From a message to a provider that has accepted it, or to the proof that none has.

pub mod dispatch;
pub mod routing;
pub mod supervisor;
pub mod upstream;
pub mod circuit;
pub mod mx;
pub mod provider;
pub mod smtp_client;
mod mime;
mod render;
