//! The text format 0.0.4 of Prometheus, made from a page of OpenMetrics, which is all that the library writes.
//!
//! The series stay as they are, so who changes from one format to the other goes on with the same series. What differs: a
//! family is described by the name of its series (`smsp_panics_total`, `smsp_build_info`), there is no type `info` or
//! `unknown`, and neither units nor an end mark. Deliberately absent: exemplars and timestamps, which no metric here has,
//! and quotes in a text, which the two formats escape differently.

/// The page in the format 0.0.4.
pub(super) fn plain(open_metrics: &str) -> String {
    let (mut page, mut help) = (String::with_capacity(open_metrics.len()), None);
    for line in open_metrics.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            write(&mut page, &[line]);
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            // Its name depends on the type, which the next line tells.
            (Some("HELP"), Some(_), text) => help = text,
            (Some("TYPE"), Some(family), Some(of_family)) => {
                let (suffix, r#type) = described(of_family);
                if let Some(text) = help.take() {
                    write(&mut page, &["# HELP ", family, suffix, " ", text]);
                }
                write(&mut page, &["# TYPE ", family, suffix, " ", r#type]);
            }
            _ => {}
        }
    }
    page
}

/// What a family of this type has behind its name in this format, and the type that it has here.
fn described(of_family: &str) -> (&'static str, &str) {
    match of_family {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        "unknown" => ("", "untyped"),
        other => ("", other),
    }
}

fn write(page: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| page.push_str(part));
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_METRICS: &str = "\
# HELP smsp_panics Panics.
# TYPE smsp_panics counter
smsp_panics_total 3
# HELP smsp_build Version of this process.
# TYPE smsp_build info
smsp_build_info{version=\"1 # 2\"} 1
# HELP smsp_odd Nobody knows.
# TYPE smsp_odd unknown
smsp_odd 7
# HELP smsp_wait_seconds Time.
# TYPE smsp_wait_seconds histogram
# UNIT smsp_wait_seconds seconds
smsp_wait_seconds_sum 0.5
smsp_wait_seconds_count 1
smsp_wait_seconds_bucket{le=\"1.0\"} 1
smsp_wait_seconds_bucket{le=\"+Inf\"} 1
# HELP smsp_in_flight Mails.
# TYPE smsp_in_flight gauge
smsp_in_flight 0
# TYPE smsp_silent gauge
smsp_silent 0
# EOF
";

    const PLAIN: &str = "\
# HELP smsp_panics_total Panics.
# TYPE smsp_panics_total counter
smsp_panics_total 3
# HELP smsp_build_info Version of this process.
# TYPE smsp_build_info gauge
smsp_build_info{version=\"1 # 2\"} 1
# HELP smsp_odd Nobody knows.
# TYPE smsp_odd untyped
smsp_odd 7
# HELP smsp_wait_seconds Time.
# TYPE smsp_wait_seconds histogram
smsp_wait_seconds_sum 0.5
smsp_wait_seconds_count 1
smsp_wait_seconds_bucket{le=\"1.0\"} 1
smsp_wait_seconds_bucket{le=\"+Inf\"} 1
# HELP smsp_in_flight Mails.
# TYPE smsp_in_flight gauge
smsp_in_flight 0
# TYPE smsp_silent gauge
smsp_silent 0
";

    #[test]
    fn families_are_described_by_the_name_and_type_that_they_have_in_the_plain_format() {
        assert_eq!(plain(OPEN_METRICS), PLAIN);
    }
}
