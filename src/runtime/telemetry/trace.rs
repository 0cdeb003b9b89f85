//! Traces (W3C Trace Context, OpenTelemetry): which trace a request belongs to, and the spans of those that are recorded.
//!
//! What is recorded is decided before anything is made, by the ids alone; the spans of a mail are made when it is over, from
//! what is known of it then. So a request whose trace is not recorded costs a look at its header. Spans go through a bounded
//! queue to one task, which posts them to a collector; what does not get there is dropped and counted. By hand, and not by
//! a layer that makes spans of what is logged: that costs some microseconds for each mail, even where no trace is recorded.
//!
//! Deliberately absent: a trace that goes on at a provider, events and links, metrics and logs by OpenTelemetry.

mod collector;
mod current;
mod exporter;
#[cfg(test)]
mod fixture;
mod id;
mod key_values;
mod otlp;
mod parent;
mod queue;
mod recording;
mod sampler;
pub mod settings;
mod span;
mod tracer;

pub use current::{current, fail, scope, set};
pub use exporter::{Exporter, start};
pub use id::{SpanId, TraceId};
pub use parent::Parent;
pub use recording::{Recording, SpanData};
pub use sampler::{Root, Sampler, Strategy};
pub use settings::Settings;
pub use span::{Attribute, Kind, Value};
pub use tracer::{Trace, Tracer};
