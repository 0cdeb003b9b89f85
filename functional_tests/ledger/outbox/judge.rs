//! What must hold of each mail at the end.

use super::super::outbox_status;
use super::callers::{By, Told};
use crate::harness::Answer;
use crate::harness::outbox::Counts;

/// One mail: what its caller was told, how often it was taken, and what the outbox says of it.
pub(super) struct Final {
    pub(super) told: Told,
    pub(super) taken: usize,
    pub(super) shown: Option<Answer>,
}

impl Final {
    /// What is wrong with it.
    pub(super) fn violation(&self) -> Option<String> {
        let fault = match self.told.by {
            _ if self.told.is_unclear() => (self.taken > 1).then_some("was taken more than once"),
            By::Email => self.by_email(),
            By::Outbox => self.by_outbox(),
        };
        fault.map(|fault| {
            let shown = self.shown.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("mail {} {fault}: taken {} times, told {:?}\n{shown}", self.told.number, self.taken, self.told)
        })
    }

    fn by_email(&self) -> Option<&'static str> {
        let (status, body) = self.told.answer.as_ref()?;
        match (status, self.taken) {
            (200, 0) => Some("is lost"),
            (200, 2..) if body["possible_duplicate"] != true => Some("was taken twice"),
            (200, _) => None,
            (_, 1..) if body["delivery"] == "none" => Some("was taken, and they say that nobody has it"),
            _ => None,
        }
    }

    fn by_outbox(&self) -> Option<&'static str> {
        let Some(shown) = &self.shown else {
            return (self.taken > 0).then_some("was refused, and sent all the same");
        };
        outbox_status::fault(shown, self.taken)
    }

    /// Is it unknown because a crash has cut its hand-over off, so that there is no outcome?
    pub(super) fn is_unknown_by_a_crash(&self) -> bool {
        let mut outcomes = self.shown.iter().flat_map(outbox_status::outcomes);
        self.is("unknown") && outcomes.any(|outcome| outcome.is_none())
    }

    fn is(&self, status: &str) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.json["status"] == status)
    }
}

/// What the node counts is what it shows, and what may have been accepted unheard.
pub(super) fn count(finals: &[Final], counts: &Counts) -> Vec<String> {
    let unclear = finals.iter().filter(|one| one.told.by == By::Outbox && one.told.is_unclear()).count() as u64;
    let of = |status: &str| finals.iter().filter(|one| one.is(status)).count() as u64;
    let shown = finals.iter().filter(|one| one.shown.is_some()).count() as u64;
    let all = [("in the outbox", shown, counts.all())];
    let each = ["accepted", "refused", "expired", "cancelled", "unknown", "parked", "queued"];
    let each = each.map(|status| (status, of(status), counts.status(status)));
    let wrong = all.into_iter().chain(each).filter(|(_, least, counted)| counted < least || *counted > least + unclear);
    wrong.map(|(what, least, counted)| format!("{counted} are {what}, and {least} of those accepted are")).collect()
}

#[test]
fn what_is_lost_taken_twice_or_denied_is_found() {
    let outbox = |status: &str, taken, more: serde_json::Value| {
        let mut json = serde_json::json!({"status": status, "attempts": [{"outcome": "unknown"}]});
        json.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let shown = Answer { status: 200, headers: reqwest::header::HeaderMap::new(), text: String::new(), json };
        let answer = Some((202, serde_json::json!({"id": "1"})));
        Final { told: Told { number: 1, by: By::Outbox, answer }, taken, shown: Some(shown) }
    };
    let (plain, risky) = (serde_json::json!({}), serde_json::json!({"possible_duplicate": true}));
    for (status, taken, more, is_right) in [
        ("accepted", 1, &plain, true),
        ("accepted", 0, &plain, false),
        ("accepted", 2, &plain, false),
        ("accepted", 2, &risky, true),
        ("unknown", 0, &plain, true),
        ("unknown", 1, &plain, true),
        ("unknown", 2, &plain, false),
        ("unknown", 1, &serde_json::json!({"attempts": [{"outcome": "accepted"}]}), false),
        ("refused", 1, &plain, false),
        ("queued", 0, &plain, true),
    ] {
        assert_eq!(outbox(status, taken, more.clone()).violation().is_none(), is_right, "{status} {taken} {more}");
    }
    let by_email = |status, delivery: &str, taken| {
        let answer = Some((status, serde_json::json!({"delivery": delivery})));
        Final { told: Told { number: 1, by: By::Email, answer }, taken, shown: None }
    };
    for (one, is_right) in
        [(by_email(200, "accepted", 1), true), (by_email(200, "accepted", 0), false), (by_email(502, "none", 1), false)]
    {
        assert_eq!(one.violation().is_none(), is_right, "{:?}", one.told);
    }
}
