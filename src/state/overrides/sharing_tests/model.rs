//! Random orders, restarts, lost answers and jumps of the clock, at two nodes that share a store.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Order(usize, Order),
    Restart(usize),
    Fault(Fault),
    Jump(i64),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seconds = || 1..40u64;
    let order = prop_oneof![
        Just(OPEN),
        Just(CLOSED),
        Just(AUTO),
        Just(Order::Reset),
        seconds().prop_map(|time| open_for(Duration::from_secs(time))),
    ];
    let fault = prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::Down),
        1 => Just(Fault::ReadOnly),
        1 => Just(Fault::LostCall),
        1 => Just(Fault::LostAnswer),
        1 => Just(Fault::Hanging),
    ];
    let step = prop_oneof![
        5 => (0..2usize, order).prop_map(|(node, order)| Step::Order(node, order)),
        1 => (0..2usize).prop_map(Step::Restart),
        3 => fault.prop_map(Step::Fault),
        1 => (-20_000..20_000i64).prop_map(Step::Jump),
        3 => seconds().prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    /// Whatever is ordered where, whatever fails: once the store answers, all nodes hold what it says, and a node that starts
    /// does so too. Every order that a living node has carried out is recorded, and recorded once.
    #[test]
    fn all_nodes_agree_with_the_store(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (store, a, b) = two().await;
            let (mut nodes, mut given, mut may_be_lost) = ([Some(a), Some(b)], 0, 0);
            for step in steps {
                match step {
                    Step::Order(node, order) => {
                        given += 1;
                        nodes[node].as_ref().unwrap().order(order).await;
                    }
                    Step::Restart(node) => {
                        // What was not written is lost with the process.
                        may_be_lost += nodes[node].take().map_or(0, |node| node.unwritten().parse::<usize>().unwrap());
                        nodes[node] = Some(Node::start(&store, "again", &["mg"]).await);
                    }
                    Step::Fault(fault) => store.set(fault),
                    Step::Jump(millis) => store.jump(millis),
                    // Not whole seconds, so that no end meets a read in the same millisecond.
                    Step::Wait(seconds) => sleep(Duration::from_millis(seconds * 1000 + 7)).await,
                }
            }
            store.set(Fault::None);
            sleep(SETTLING).await;
            let [a, b] = nodes.map(Option::unwrap);
            let new = Node::start(&store, "new", &["mg"]).await;
            // The start of a node may be what ends an override.
            sleep(SETTLING).await;
            let all = [&a, &b, &new];
            if all.iter().all(|node| node.overrides.ends_in("mg").is_none()) {
                assert_eq!(all.map(Node::holds), [a.holds(); 3]);
            }
            // Every end is over by then, however often the clock was put back.
            sleep(MINUTE * 20).await;
            assert_eq!(all.map(Node::holds), [store.holds("mg"); 3]);
            assert!(all.iter().all(|node| node.overrides.ends_in("mg").is_none()));
            let audit = store.audit();
            let orders = audit.iter().filter(|entry| entry.who != "timer").count();
            assert!(orders <= given && orders + may_be_lost >= given, "{orders} of {given}, {may_be_lost} lost");
            let ids: std::collections::BTreeSet<_> = audit.iter().map(|entry| entry.id).collect();
            assert_eq!(ids.len(), audit.len(), "each once");
        });
    }
}
