//! New ids. The only place that makes them, because they take a clock and randomness.

use uuid::Uuid;

/// A new id: a UUID of version 7 (RFC 9562), whose order is that of time.
pub fn fresh() -> Uuid {
    Uuid::now_v7()
}
