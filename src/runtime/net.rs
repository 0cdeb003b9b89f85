//! What everything that connects to the outside shares: how a name is looked up.

pub mod resolver;
