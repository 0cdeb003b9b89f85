//! All scenarios: each fault alone, then random mixes, with free circuits and with held ones.

use std::time::Duration;

use super::fault::Kind::{self, Brevo, Mailgun, Mailjet, Mandrill, Postmark, Resend, SendGrid, Ses, SparkPost};
use super::fault::{self, FAULTS, Fault};
use super::random::SeededRng;
use super::record::Failover::{Always, Never, Safe};
use super::scenario::Acceptance::{RefusesAll, RefusesHalf, TakesInPart};
use super::scenario::Circuits::{Free, Held};
use super::scenario::{Form, Port, Scenario};
use super::slow_uploads;

/// Ports that fail as a whole.
const PORTS: [(&str, Port); 3] = [
    ("connection refused", Port::Refusing),
    ("connection swallowed", Port::Swallowing),
    ("connection flaps", Port::Flapping),
];

/// So many large mails at a time fit into the proxy's budget of bytes.
const LARGE: usize = 5;
/// Larger than all buffers on the way to a provider.
const SIZE: usize = 8 << 20;

/// The text of slow callers: it comes within two seconds, or would take four.
const BODY: usize = 128 * 1024;

/// Every scenario of a run: so many mails for each fault, half of them with free circuits.
pub(crate) fn all(mails: usize, seed: u64) -> Vec<Scenario> {
    let rng = SeededRng::new(seed);
    let half = mails / 2;
    let circuits = [(Held, mails - half), (Free, half)];
    let of_ports = PORTS.iter().flat_map(|(name, port)| {
        circuits.map(|(circuits, mails)| Scenario::of_port(name, *port, circuits, mails, rng))
    });
    let alone = FAULTS.iter().flat_map(|fault| circuits.map(|(held, mails)| Scenario::alone(fault, held, mails, rng)));
    let large =
        Scenario::of("stalls in a large mail", vec![&fault::STALLS_IN_MUCH], 1, Safe, Held, mails.min(LARGE), rng);
    // Those that wait longest come first.
    let large = Scenario { size: Some(SIZE), callers: LARGE, ..large };
    let slow = Scenario::of("slow callers", vec![fault::named("500")], 2, Safe, Held, mails, rng);
    let own = slow.own.iter().copied().chain([("SMSP_BODY_TIMEOUT", slow_uploads::BODY_TIMEOUT)]).collect();
    let slow = Scenario { own, form: Form::Slow, size: Some(BODY), ..slow };
    let all = [large, slow].into_iter().chain(of_ports).chain(alone).chain(mixes(mails, rng));
    all.chain(routed(mails, rng)).chain(in_part(mails, rng)).chain(refusals(half, rng)).collect()
}

/// Mails to many, which providers take for some of them; gateways say nothing of recipients.
fn in_part(mails: usize, rng: SeededRng) -> Vec<Scenario> {
    let wordless: Vec<_> = FAULTS.iter().filter(|fault| fault.is_wordless()).collect();
    let of = |circuits| Scenario::of("taken in part", wordless.clone(), 2, Safe, circuits, mails, rng);
    let to_many = |circuits| Scenario { recipients: 3, ..of(circuits) };
    [Held, Free].map(|circuits| to_many(circuits).with_acceptance(TakesInPart, [Mandrill, Postmark, SparkPost])).into()
}

/// Providers that refuse mails for what these are like, and do nothing else that is wrong.
fn refusals(mails: usize, rng: SeededRng) -> Vec<Scenario> {
    let all = [[Mailgun, SendGrid, Resend], [Mandrill, Postmark, SparkPost], [Brevo, Mailjet, Ses]];
    let of = |kinds: [Kind; 3], share, acceptance| {
        let name = format!("{share} refused at {}", kinds[0].word());
        Scenario::of(&name, Vec::new(), 0, Safe, Free, mails, rng).with_acceptance(acceptance, kinds)
    };
    all.into_iter().flat_map(|kinds| [of(kinds, "half", RefusesHalf), of(kinds, "all", RefusesAll)]).collect()
}

/// The strategies, each with the settings that bear on it.
const ROUTINGS: [&[(&str, &str)]; 4] = [
    &[("SMSP_ROUTING", "priority"), ("SMSP_C_FLOOR", "20%")],
    &[("SMSP_ROUTING", "round_robin")],
    &[("SMSP_ROUTING", "weighted"), ("SMSP_B_WEIGHT", "5")],
    &[("SMSP_ROUTING", "adaptive"), ("SMSP_A_WEIGHT", "2")],
];

/// A node with random rules, sender maps and rates gets so many mails.
const MAILS_OF_A_NODE: usize = 500;

/// Random rules, sender maps and rates, under each strategy.
fn routed(mails: usize, rng: SeededRng) -> Vec<Scenario> {
    let nodes = mails.div_ceil(MAILS_OF_A_NODE);
    let each = (0..nodes).flat_map(|node| ROUTINGS.map(|settings| (node, settings[0])));
    let both = each.flat_map(|of_node| [Held, Free].map(|circuits| (of_node, circuits)));
    both.map(|((node, strategy), circuits)| {
        let name = format!("rules {node}, {}", strategy.1);
        let faulty = 2 + rng.below(&name, node, 2);
        let failover = [Safe, Safe, Never][rng.below("failover", node, 3)];
        let every = FAULTS.iter().collect();
        let scenario = Scenario::of(&name, every, faulty, failover, circuits, mails / nodes, rng);
        scenario.with_settings(&[strategy]).with_random_routing()
    })
    .collect()
}

fn mixes(mails: usize, rng: SeededRng) -> Vec<Scenario> {
    let every = || FAULTS.iter().collect::<Vec<_>>();
    let passing = || FAULTS.iter().filter(|fault| !fault.ends_the_mail()).collect::<Vec<&Fault>>();
    let mut mixes = Vec::new();
    // At once, and always the same: what a mail that nobody waits for comes to must be known beforehand.
    let plain = || ["500, accepted", "500", "401"].map(fault::named).to_vec();
    let silent = || ["accepted, silence", "silence", "no body, silence", "dripping body"].map(fault::named).to_vec();
    for circuits in [Held, Free] {
        let forms = [
            ("callers hang up", Form::HangUps, mails.min(2000)),
            ("sent twice at once", Form::ConcurrentRepeats, mails),
        ];
        for (name, form, mails) in forms {
            mixes.push(Scenario::of(name, plain(), 2, Safe, circuits, mails, rng).with_callers(form));
        }
        mixes.push(Scenario::of("mix at three", every(), 3, Safe, circuits, mails, rng));
        mixes.push(Scenario::of("mix at three", every(), 3, Never, circuits, mails, rng));
        mixes.push(Scenario::of("mix at two", passing(), 2, Always, circuits, mails, rng));
        for routing in ROUTINGS {
            let name = format!("mix at three, {}", routing[0].1);
            mixes.push(Scenario::of(&name, every(), 3, Safe, circuits, mails, rng).with_settings(routing));
        }
        for (faulty, faults, failover) in [(3, every(), Safe), (3, every(), Never), (2, passing(), Always)] {
            let mix = Scenario::of("mix with Resend", faults, faulty, failover, circuits, mails, rng);
            mixes.push(Scenario { kinds: [Resend, SendGrid, Resend], ..mix });
        }
        let wordless = || FAULTS.iter().filter(|fault| fault.is_wordless()).collect::<Vec<_>>();
        for kinds in [[Mandrill, Postmark, SparkPost], [Brevo, Mailjet, Ses]] {
            let name = format!("mix at {}, {}, {}", kinds[0].word(), kinds[1].word(), kinds[2].word());
            for failover in [Safe, Always] {
                let mix = Scenario::of(&name, wordless(), 2, failover, circuits, mails, rng);
                mixes.push(Scenario { kinds, ..mix });
            }
        }
        // Silent at two or three of three providers, a mail has no time left before the last.
        let silent = Scenario::of("silence to the deadline", silent(), 3, Always, circuits, mails / 4, rng);
        mixes.push(Scenario { deadline: Duration::from_millis(700), ..silent });
        let flapping = Scenario::of("mix at three, flapping", every(), 3, Safe, circuits, mails, rng);
        mixes.push(Scenario { port: Port::Flapping, ..flapping });
    }
    mixes
}
