//! Random runs of several nodes over one store: calls end, die, lose the store's answers and hear late verdicts, and the
//! store's clock jumps. A mail is not handed over while a call before may have handed it over, unless it is asked about again.

use super::super::fake::{FakeAnswers, Fault};
use super::in_store::node;
use super::*;

const NODES: usize = 3;
const KEYS: u8 = 2;

#[derive(Clone, Debug)]
enum Command {
    /// A caller sends a mail under a key to a node, while the store does this.
    Call(usize, u8, Vec<Fault>),
    /// One of the calls under way ends.
    End(usize, Outcome, Fault),
    /// An ended call hears a verdict.
    Late(usize, Outcome, Fault),
    Crash(usize),
    /// The store's clock goes on, or back.
    Clock(i64),
    /// The store carries out what is late.
    CatchUp,
    /// What is tried again has time.
    Rest,
}

fn any() -> impl Strategy<Value = Command> {
    let fault = || {
        prop_oneof![
            6 => Just(Fault::None), 1 => Just(Fault::Down), 1 => Just(Fault::Lost), 2 => Just(Fault::AnswerLost),
            1 => Just(Fault::Silent), 1 => Just(Fault::Late)
        ]
    };
    let outcome = || prop_oneof![Just(Outcome::Accepted), Just(Outcome::Unknown), Just(Outcome::MessageRejected)];
    let times = [1_000, 5_000, 26_000, 43_200_000, 86_400_000, -1_000, -30_000, -3_600_000];
    prop_oneof![
        6 => (0..NODES, 0..KEYS, prop::collection::vec(fault(), 0..3)).prop_map(|(n, k, f)| Command::Call(n, k, f)),
        4 => (0..8_usize, outcome(), fault()).prop_map(|(call, outcome, fault)| Command::End(call, outcome, fault)),
        1 => (0..8_usize, outcome(), fault()).prop_map(|(call, outcome, fault)| Command::Late(call, outcome, fault)),
        1 => (0..NODES).prop_map(Command::Crash),
        2 => prop::sample::select(times.to_vec()).prop_map(Command::Clock),
        1 => Just(Command::CatchUp),
        1 => Just(Command::Rest),
    ]
}

type Late = Box<dyn Fn(&str, &Verdict)>;

/// A hand-over.
struct HandedOver {
    key: u8,
    node: usize,
    leader: Option<Leader>,
    before: Option<SendError>,
    late: Late,
    /// Is it certain that nobody has the mail from it?
    is_none: bool,
    is_unknown: bool,
    /// Was its record over?
    is_forgotten: bool,
}

struct World {
    store: Arc<FakeAnswers>,
    nodes: Vec<Answers>,
    all: Vec<HandedOver>,
}

impl World {
    async fn play(&mut self, command: &Command) {
        match command {
            Command::Call(node, key, faults) => self.call(*node, *key, faults).await,
            Command::End(call, outcome, fault) => self.end(*call, *outcome, *fault).await,
            Command::Late(call, outcome, fault) => self.late(*call, *outcome, *fault).await,
            Command::Crash(node) => {
                self.all.iter_mut().filter(|one| one.node == *node).for_each(|one| drop(one.leader.take()));
                self.nodes[*node] = super::in_store::node(&self.store);
            }
            Command::Clock(millis) => {
                // What is late is so by less than the time for which a record is kept.
                self.store.catch_up();
                self.store.set_on(*millis);
            }
            Command::CatchUp => self.store.catch_up(),
            Command::Rest => tokio::time::sleep(Duration::from_secs(100)).await,
        }
    }

    async fn call(&mut self, node: usize, number: u8, faults: &[Fault]) {
        self.store.faults.lock().unwrap().extend(faults);
        if self.store.is_over(key(number)) {
            // What was before is forgotten.
            self.all.iter_mut().filter(|one| one.key == number).for_each(|one| one.is_forgotten = true);
        }
        let id = message(number).id();
        // Only one of the keys is of an upstream that takes a mail once.
        let may_ask = |error: &SendError| number == 0 && !error.attempts.is_empty();
        // A call that waits for one of its own node has nothing to hand over.
        let role = join(&self.nodes[node], key(number), id, may_ask).await;
        self.store.faults.lock().unwrap().clear();
        let (leader, before) = match role {
            Role::Leader(leader) => (leader, None),
            Role::Again(leader, before) => (leader, Some(before)),
            _ => return,
        };
        let others = || self.all.iter().filter(|one| one.key == number && !one.is_forgotten);
        match &before {
            None => assert!(others().all(|one| one.is_none), "it may have been handed over before"),
            // A call whose record was over may have said after that what it came to.
            Some(_) => {
                assert!(self.all.iter().any(|one| one.key == number && !one.is_none), "nothing is unknown of it");
            }
        }
        let late = Box::new(leader.on_late_verdict());
        let leader = Some(leader);
        self.all.push(HandedOver {
            key: number,
            node,
            leader,
            before,
            late,
            is_none: false,
            is_unknown: false,
            is_forgotten: false,
        });
    }

    async fn end(&mut self, call: usize, outcome: Outcome, fault: Fault) {
        let Some(one) = self.all.iter_mut().filter(|one| one.leader.is_some()).nth(call) else { return };
        let Some(leader) = one.leader.take() else { return };
        let answer = match (&one.before, outcome) {
            (Some(before), Outcome::Unknown | Outcome::MessageRejected) => Err(before.clone()),
            _ => answer(message(one.key).id(), outcome, 0),
        };
        one.is_unknown = answer.as_ref().is_err_and(|error| error.failure.is_unknown());
        one.is_none = answer.is_err() && !one.is_unknown;
        self.store.faults.lock().unwrap().push_back(fault);
        leader.finish(Known::Answered(answer)).await;
        self.store.faults.lock().unwrap().clear();
    }

    async fn late(&mut self, call: usize, outcome: Outcome, fault: Fault) {
        // An upstream that is asked again says nothing late: a no of another leaves what it was asked about unknown.
        let was_asked_about: Vec<_> = self.all.iter().filter(|one| one.before.is_some()).map(|one| one.key).collect();
        let is_open = |one: &&mut HandedOver| one.leader.is_none() && one.is_unknown && one.before.is_none();
        let Some(one) = self.all.iter_mut().filter(is_open).nth(call) else { return };
        if outcome == Outcome::MessageRejected && was_asked_about.contains(&one.key) {
            return;
        }
        self.store.faults.lock().unwrap().push_back(fault);
        (one.late)("u", &Verdict::new(outcome, Reason::Smtp(250)));
        // For an attempt without an answer, and the next.
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.store.faults.lock().unwrap().clear();
        one.is_none = outcome == Outcome::MessageRejected;
        one.is_unknown = outcome == Outcome::Unknown;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mail_is_handed_over_twice_without_a_definite_no_between(commands in prop::collection::vec(any(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let store = Arc::new(FakeAnswers::default());
            let nodes = (0..NODES).map(|_| node(&store)).collect();
            let mut world = World { store, nodes, all: Vec::new() };
            for command in &commands {
                world.play(command).await;
            }
        });
    }
}
