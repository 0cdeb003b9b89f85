//! What formatters write, without the queue.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::Subscriber;
use tracing_subscriber::fmt::{FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a format writes of what `log` logs.
pub(super) fn written<F>(format: F, log: impl FnOnce()) -> String
where
    F: Copy + Send + Sync + 'static + FormatEvent<Registry, F> + for<'w> FormatFields<'w>,
{
    let written = Written::default();
    let writer = written.clone();
    let layer = fmt::layer().fmt_fields(format).event_format(format).with_writer(move || writer.clone());
    let subscriber: Box<dyn Subscriber + Send + Sync> = Box::new(tracing_subscriber::registry().with(layer));
    tracing::subscriber::with_default(subscriber, log);
    String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
}
