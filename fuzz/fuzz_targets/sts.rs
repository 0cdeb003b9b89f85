//! Any bytes as a policy of MTA-STS and as the records that announce one: nothing panics, a policy that is read is written in
//! one way, which reads as itself, and permits what it names.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smsp::delivery::mx::mta_sts::{Mode, Policy, policy_id};

fuzz_target!(|input: (Vec<Vec<u8>>, &str, &[u8])| {
    let (texts, server, bytes) = input;
    if let Some(id) = policy_id(&texts) {
        assert!((1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    }
    let head = b"version: STSv1\nmode: enforce\nmax_age: 86400\nmx: ";
    for bytes in [bytes.to_vec(), [head, bytes].concat()] {
        let Ok(policy) = Policy::parse(&bytes) else { continue };
        let written = policy.to_text();
        assert_eq!(Policy::parse(written.as_bytes()).as_ref(), Ok(&policy), "{written}");
        let names: Vec<_> = written.lines().filter_map(|line| line.strip_prefix("mx: ")).collect();
        assert!(!names.is_empty() || policy.mode == Mode::None, "{written}");
        assert!(names.iter().all(|name| policy.permits(&name.replace('*', "a"))), "{written}");
        assert!(!policy.permits(server) || !names.is_empty(), "{written}");
    }
});
