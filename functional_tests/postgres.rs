//! Nodes of the built binary on a real PostgreSQL: how they start, and what they say while it is killed, stopped or cut off.
//!
//! The servers are the tests' own, unprivileged, each on a socket. Where PostgreSQL is not here, the skip is counted.

mod fixture;

mod bouncer;
mod claims;
mod cut_off;
mod email;
mod faults;
mod full;
mod keys;
mod orders;
mod restored;
mod slow;
mod starting;
mod takeover;
mod tls;
