//! The two formats that a page of metrics is written in, which all that reads metrics knows at least one of.

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The text format 0.0.4 of Prometheus.
    Plain,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// Its media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::OpenMetrics => "application/openmetrics-text",
        }
    }

    /// The parameter `version` of its media type.
    pub fn version(self) -> &'static str {
        match self {
            Self::Plain => "0.0.4",
            Self::OpenMetrics => "1.0.0",
        }
    }

    /// Its media type with all parameters.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_is_the_media_type_with_its_version() {
        for format in [Format::Plain, Format::OpenMetrics] {
            let expected = format!("{}; version={}; charset=utf-8", format.media_type(), format.version());
            assert_eq!(format.content_type(), expected);
        }
    }
}
