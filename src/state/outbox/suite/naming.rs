//! Mails of which nobody hears by a call, named by what sweeps and burials answer. After each it is asked whether all are.

use super::bench::*;

impl Bench {
    /// A sweep, without the names of its mails.
    pub(super) async fn sweep(&self, bound: Bound) -> Result<Swept, Failed> {
        let swept = self.outbox.sweep(bound).await?;
        assert_eq!(
            [State::Expired, State::Unknown].map(|state| named(&swept.mails, state)),
            [swept.expired, swept.unknown],
            "{swept:?}"
        );
        Ok(Swept { mails: Vec::new(), ..swept })
    }

    /// A burial by a node that nothing else is done by, without the names of its mails.
    pub(super) async fn bury(&self) -> Result<Buried, Failed> {
        let buried = self.outbox.bury(node(99)).await?;
        assert_eq!(
            [State::Parked, State::Unknown].map(|state| named(&buried.mails, state)),
            [buried.parked, buried.unknown],
            "{buried:?}"
        );
        Ok(Buried { mails: Vec::new(), ..buried })
    }
}

fn named(mails: &[NamedMail], state: State) -> u64 {
    mails.iter().filter(|mail| mail.state == state).count() as u64
}

fn mail(caller: &str, number: u128, state: State) -> NamedMail {
    NamedMail { id: id(number), caller: caller.into(), state }
}

/// In the order of their ids.
fn sorted(mut mails: Vec<NamedMail>) -> Vec<NamedMail> {
    mails.sort_by_key(|mail| mail.id.to_string());
    mails
}

pub(in super::super) async fn what_ends_while_no_call_is_about_it_is_named(bench: &Bench) {
    let short = |number| NewRow { expires: When::After(SECOND), ..row(number) };
    bench.accept(vec![row(1), row(2)]).await;
    for (claimed, ended) in bench.claim(node(1), 2).await.iter().zip([unknown(DAY), accepted()]) {
        bench.marked(&claimed.hold).await;
        bench.end(&claimed.hold, ended).await;
    }
    bench.accept_as("shop", vec![short(3)]).await;
    bench.accept_as("other", vec![short(4), row(5)]).await;
    bench.advance(SECOND).await;
    let expired = [mail("shop", 3, State::Expired), mail("other", 4, State::Expired)];
    assert_eq!(sorted(bench.outbox.sweep(ALL).await.unwrap().mails), expired);
    assert_eq!(bench.outbox.sweep(ALL).await.unwrap().mails, [], "each is named once");
    bench.outbox.cancel(&"other".into(), id(5)).await.unwrap();
    bench.advance(KEEP).await;
    let swept = bench.outbox.sweep(ALL).await.unwrap();
    assert_eq!((swept.dropped, swept.mails), (5, vec![mail("shop", 1, State::Unknown)]), "the others were told before");
}

pub(in super::super) async fn what_dead_nodes_have_left_is_named(bench: &Bench) {
    bench.parked_by_name(1).await;
    bench.accept_as("other", vec![row(2)]).await;
    let hold = bench.claim_one(node(1)).await;
    assert!(bench.marked(&hold).await);
    bench.advance(SILENCE).await;
    let buried = bench.outbox.bury(node(99)).await.unwrap();
    assert_eq!(buried.mails, [mail("other", 2, State::Unknown)]);
    assert_eq!(bench.outbox.bury(node(99)).await.unwrap().mails, []);
}

impl Bench {
    /// Has node 1 lose this row three times.
    async fn parked_by_name(&self, number: u8) {
        self.accept(vec![row(number)]).await;
        for expected in [vec![], vec![], vec![mail("shop", number.into(), State::Parked)]] {
            self.claim_one(node(1)).await;
            self.advance(SILENCE).await;
            assert_eq!(self.outbox.bury(node(99)).await.unwrap().mails, expected);
        }
    }
}
