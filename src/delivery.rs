//! From a message to a provider that has taken it, or to the knowledge that none has.

pub mod dispatch;
pub mod routing;
pub mod supervisor;
pub mod upstream;
pub mod circuit;
pub mod provider;
