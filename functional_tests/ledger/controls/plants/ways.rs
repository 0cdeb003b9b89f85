//! Violations of where mail may go and how much of it, and of what is told of that.

use super::super::plant::{NONE, Plant};
use super::super::*;

/// What is planted, and what the checker says of it.
pub(super) const PLANTS: [(Rule, &str, Plant); 8] = [
    (Rule::I13, "reached a, which is not in its rule", |l| by_rule(l, 0)),
    (Rule::I13, "reached c, which may not send for its sender", |l| by_rule(l, 2)),
    (Rule::I13, "reached a, which is not in its rule", |l| {
        hang_up(l, &[(0, 1, true, ACCEPTED)]);
        let number = l.hung_up[l.hung_up.len() - 1];
        l.ways.insert(number, otp());
    }),
    (Rule::I13, "names a wrong rule", |l| {
        by_rule(l, 1);
        last(l).answer.json["rule"] = "reset".into();
    }),
    (Rule::I13, "names a wrong rule", |l| {
        by_rule(l, 1);
        last(l).answer.json["rule"].take();
    }),
    (Rule::I13, "passed b over", |l| {
        mail(l, (3000, 3100, 200, told(None, &["c:accepted"])), &[(2, 3050, true, ACCEPTED)]);
        go(l, Way { turns: vec![vec![1], vec![2]], barred: Vec::new(), ..otp() });
    }),
    (Rule::I7, "refused while a provider was up", |l| {
        mail(l, (3000, 3100, 502, told(NONE, &["b:account_refused"])), &[(1, 3050, false, REFUSED)]);
        go(l, Way { barred: Vec::new(), ..otp() });
    }),
    (Rule::I14, "a was handed 5 mails", |l| {
        for _ in 0..5 {
            mail(l, (4000, 4100, 200, told(None, &["a:accepted"])), &[(0, 4050, true, ACCEPTED)]);
        }
        l.accounts[0].rate = Some(4);
    }),
];

/// Pinned to `b` and `c`, of which `c` may not send for the mail's sender.
fn otp() -> Way {
    Way { rule: Some("otp".to_owned()), turns: vec![vec![1, 2]], barred: vec![2] }
}

/// A mail of the rule that this account took.
fn by_rule(ledger: &mut Ledger, account: usize) {
    let attempt = format!("{}:accepted", ledger.accounts[account].name);
    mail(ledger, (3000, 3100, 200, told(None, &[&attempt])), &[(account, 3050, true, ACCEPTED)]);
    go(ledger, otp());
}

#[test]
fn a_refusal_is_right_where_the_only_provider_that_was_up_is_not_in_the_rule() {
    let mut ledger = clean();
    ledger.metrics = Metrics::parse("");
    mail(&mut ledger, (3000, 3100, 502, told(NONE, &["b:account_refused"])), &[(1, 3050, false, REFUSED)]);
    go(&mut ledger, otp());
    let found = ledger.violations().into_iter().filter(|violation| violation.rule != Rule::I6);
    assert_eq!(found.map(|violation| violation.what).collect::<Vec<_>>(), Vec::<String>::new());
}
