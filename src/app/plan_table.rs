//! The answer of `POST /route` as a table, for people.

use serde_json::Value;

use super::columns::lines;

const BEHIND: &str = "mx: the outbox delivers to the recipients' own servers what no upstream takes";

/// The rule, a line for each upstream, and what would become of the mail.
pub(super) fn table(route: &Value) -> String {
    let plan = route["plan"].as_array().map(Vec::as_slice).unwrap_or_default();
    let head = ["upstream", "standing", "share", "why"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(plan.iter().map(row)).collect();
    let rule = route["rule"].as_str().unwrap_or("none holds, so SMSP_ROUTING decides");
    let would = match route["would"].as_str() {
        Some("accepted") => "accepted, if the upstream takes it",
        _ => "taken by no upstream",
    };
    let lines = lines(&rows, [false, false, true, false]);
    let direct = (route["mx"] == true).then(|| BEHIND.to_owned());
    [format!("rule: {rule}")]
        .into_iter()
        .chain(lines)
        .chain(direct)
        .chain([format!("would be {would}")])
        .collect::<Vec<_>>()
        .join("\n")
}

fn row(place: &Value) -> [String; 4] {
    let text = |name: &str| place[name].as_str().unwrap_or_default().to_owned();
    let share = format!("{:.1} %", 100.0 * place["share"].as_f64().unwrap_or_default());
    let detail = place["detail"].as_str().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let probe = place["next_probe_s"].as_u64().map(|seconds| format!("next probe in {seconds} s"));
    let reason = Some(format!("{}{detail}", text("reason"))).filter(|reason| !reason.is_empty());
    let why = reason.into_iter().chain(probe).collect::<Vec<_>>().join(", ");
    [text("upstream"), text("standing"), share, why]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_upstream_with_what_is_known_of_it() {
        let route = json!({"rule": "otp", "would": "accepted", "plan": [
            {"upstream": "mg", "share": 1.0, "standing": "ready"},
            {"upstream": "pm", "share": 0.0, "standing": "left_out", "reason": "circuit", "detail": "failure_rate", "next_probe_s": 4},
            {"upstream": "sg", "share": 0.0, "standing": "left_out", "reason": "not_capable", "detail": "size"},
        ]});
        let expected = "rule: otp\n\
                        upstream  standing    share  why\n\
                        mg        ready     100.0 %\n\
                        pm        left_out    0.0 %  circuit (failure_rate), next probe in 4 s\n\
                        sg        left_out    0.0 %  not_capable (size)\n\
                        would be accepted, if the upstream takes it";
        assert_eq!(table(&route), expected);
    }

    #[test]
    fn a_route_that_ends_at_mx_says_so() {
        let route = json!({"rule": "own", "would": "none", "mx": true, "plan": []});
        let expected = "rule: own\n\
                        upstream  standing  share  why\n\
                        mx: the outbox delivers to the recipients' own servers what no upstream takes\n\
                        would be taken by no upstream";
        assert_eq!(table(&route), expected);
    }

    #[test]
    fn a_mail_that_no_upstream_would_get_is_said_to_be_so() {
        let route = json!({"would": "none", "plan": []});
        let expected = "rule: none holds, so SMSP_ROUTING decides\n\
                        upstream  standing  share  why\n\
                        would be taken by no upstream";
        assert_eq!(table(&route), expected);
    }
}
