//! Any text as rules of routing: nothing panics, every fault lies in the text, and what is printed of rules reads as the
//! same rules.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use smsp::delivery::routing::rules::Rules;

static UPSTREAMS: LazyLock<Vec<Arc<str>>> = LazyLock::new(|| ["mg", "sg", "pm", "ses-eu"].map(Arc::from).into());

fuzz_target!(|text: &str| {
    match Rules::read(text, &UPSTREAMS) {
        Ok(rules) => {
            let printed = rules.to_string();
            assert_eq!(Rules::read(&printed, &UPSTREAMS).as_ref(), Ok(&rules), "{printed:?}");
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let line = text.split('\n').nth(problem.line - 1);
                let is_there = line.is_some_and(|line| problem.column <= line.chars().count() + 1);
                assert!(is_there, "{text:?}: {problem}");
            }
        }
    }
});
