//! How rules are written: what is printed of them, and where which fault is found.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::MAX_RULES;
use super::read;

#[test]
fn rules_are_printed_on_one_line_that_reads_as_the_same_rules() {
    for (text, printed) in [
        ("tag=otp -> pm", "tag=otp -> pm"),
        ("otp:tag=otp ->pm !", "otp: tag=otp -> pm!"),
        ("  a: caller=x  to=*.Shop.example ->  mg:70 , sg:30\t;", "a: caller=x to=*.shop.example -> mg:70,sg:30"),
        ("tag=a -> pm # one\r\n\n# two\nb: tag=b -> mg;tag=c -> sg", "tag=a -> pm; b: tag=b -> mg; tag=c -> sg"),
        ("tag=\"plain\"|\"a ; # b\" -> pm", "tag=plain|\"a ; # b\" -> pm"),
        (r#"tag="\*\"\\" -> pm"#, r#"tag="\*\"\\" -> pm"#),
        ("tag=** -> pm", "tag=* -> pm"),
        ("from=o@bücher.example -> pm", "from=o@xn--bcher-kva.example -> pm"),
        ("from=\"o'neil+a@x.org\" -> pm", "from=\"o'neil+a@x.org\" -> pm"),
        ("header.X-Kind=a -> ses-eu", "header.X-Kind=a -> ses-eu"),
        ("from=* -> mx", "from=* -> mx"),
        ("from=* -> mx !", "from=* -> mx"),
        ("from=* -> pm , mx", "from=* -> pm,mx"),
        ("from=* -> mg:70,sg:30,mx!", "from=* -> mg:70,sg:30,mx!"),
    ] {
        let rules = read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!(rules.to_string(), printed, "{text}");
        assert_eq!(read(printed), Ok(rules), "{text}");
    }
}

#[test]
fn faults_are_found_with_their_column() {
    for (text, expected) in [
        ("", "column 1: has no rule: to have none, unset the variable"),
        (" ;\n# nothing\n", "line 1, column 1: has no rule"),
        ("tag -> pm", "column 4: has no = behind tag"),
        ("otp -> pm", "column 1: has no key `otp`: there are caller, from, to, tag or header.NAME"),
        ("form=a -> pm", "column 1: has no key `form`: there are caller, from, to, tag or header.NAME"),
        ("-> pm", "column 3: has no condition"),
        ("tag=otp", "column 8: ends without an upstream"),
        ("tag=otp->pm", "column 9: has `>` in a pattern"),
        ("tag=a b -> pm", "column 7: has no key `b`"),
        ("tag=a+b -> pm", "column 6: has `+` in a pattern"),
        ("tag=\"a\"b -> pm", "column 8: has `b` in a pattern"),
        ("tag= -> pm", "column 5: has an empty pattern behind tag"),
        ("tag=\"\" -> pm", "column 5: has an empty pattern behind tag"),
        ("tag=\"ä\" tag=\"b -> pm", "column 21: ends within quotes"),
        ("tag=\"\\a\" -> pm", "column 6: has a \\ before other"),
        ("tag=\"a\u{7}\" -> pm", "column 7: has a control character"),
        ("caller=Shop -> pm", "column 8: has a pattern that no caller's name matches"),
        ("caller=7* -> pm", "column 8: has a pattern that no caller's name matches"),
        ("from=a@b@c -> pm", "column 6: has more than one @"),
        ("from=@b.org -> pm", "column 6: has nothing before the @"),
        ("from=a@-b -> pm", "column 6: has a domain that is not a host name"),
        ("from=a@ -> pm", "column 6: has a domain that is not a host name"),
        ("from=a from=b -> pm", "column 8: repeats from"),
        ("header.=a -> pm", "column 1: has a `header.` whose name"),
        ("header.Subject=a -> pm", "column 1: has a `header.Subject`, which is no header that a caller adds"),
        ("header.Sender=a -> pm", "column 1: has a `header.Sender`, which is no header"),
        ("tag=a -> ", "column 10: has no upstream here"),
        ("tag=a -> pm,", "column 13: has no upstream here"),
        ("tag=a -> mx,pm", "column 10: names mx before others: put it last"),
        ("tag=a -> pm,mx,mx", "column 13: names mx before others: put it last"),
        ("tag=a -> pm:1,mx:1", "column 15: gives mx a weight: it gets the mail that no upstream takes"),
        ("tag=a -> mxa", "column 10: names `mxa`, which is no upstream: there are mg, sg, pm, ses-eu"),
        ("tag=a -> pn", "column 10: names `pn`, which is no upstream: there are mg, sg, pm, ses-eu"),
        ("tag=a -> pm,mg,pm", "column 16: names pm twice"),
        ("tag=a -> pm:1,mg", "column 15: has weights for some upstreams alone"),
        ("tag=a -> pm:0", "column 13: has a weight that is not"),
        ("tag=a -> pm:1001", "column 13: has a weight that is not"),
        ("tag=a -> pm! sg", "column 14: has more than a rule"),
        (":tag=a -> pm", "column 1: has a name that is not"),
        ("rule_7: tag=a -> pm", "column 1: has the name `rule_7`, which this service gives itself"),
        ("default: tag=a -> pm", "column 1: has the name `default`, which"),
        ("a: tag=a -> pm; a: tag=b -> pm", "column 17: has the name `a`, as a rule before"),
        (
            "tag=a -> pm; b: tag=a caller=x -> mg",
            "column 14: begins `b`, which no mail reaches: `rule_1` takes all of it",
        ),
        ("tag=a -> pm\nö:", "line 2, column 1: has no condition here"),
    ] {
        let problems = read(text).expect_err(text);
        assert!(problems[0].starts_with(expected), "{text}\n{problems:?}\n{expected}");
    }
}

#[test]
fn each_rule_tells_its_first_fault() {
    let problems =
        read("tag=\"a;b\" -> pn; tag=c -> pm\n  form=x ; y=\"\\\";\" -> mg; tag=d -> nn").expect_err("faults");
    let starts: Vec<_> = problems.iter().map(|problem| problem.split(": ").next().unwrap()).collect();
    assert_eq!(starts, ["line 1, column 14", "line 2, column 3", "line 2, column 12", "line 2, column 36"]);
    assert!(problems[3].ends_with("names `nn`, which is no upstream: there are mg, sg, pm, ses-eu"), "{problems:?}");
}

#[test]
fn more_rules_than_may_be_are_refused() {
    let text: Vec<_> = (0..=MAX_RULES + 5).map(|number| format!("tag=t{number} -> pm")).collect();
    assert!(read(&text[..MAX_RULES].join(";")).is_ok());
    let problems = read(&text.join("\n")).expect_err("too many");
    assert_eq!(problems, [format!("line {}, column 1: is one rule more than {MAX_RULES}", MAX_RULES + 1)]);
}

/// A pattern in quotes, of anything that may stand there.
fn in_quotes() -> impl Strategy<Value = String> {
    r#"([a-zäé *;#>|=!,:@]|\\\*|\\"|\\\\){1,6}"#.prop_map(|text| format!("\"{text}\""))
}

/// A condition that has no fault.
fn condition() -> impl Strategy<Value = String> {
    let text = prop_oneof!["[a-zA-Z0-9ä.@_*-]{1,6}", in_quotes()];
    let address = "([a-z*]{1,3}@)?(\\*\\.)?[A-Za-z]{1,3}(\\.[a-z]{1,3}){0,2}";
    let key = select(vec!["tag", "header.X-A", "header.x_b"]);
    let several = |key: &str, patterns: Vec<String>| format!("{key}={}", patterns.join("|"));
    prop_oneof![
        (key, prop::collection::vec(text, 1..4)).prop_map(move |(key, patterns)| several(key, patterns)),
        prop::collection::vec("[a-z*][a-z0-9*-]{0,3}", 1..3).prop_map(move |patterns| several("caller", patterns)),
        (select(vec!["from", "to"]), prop::collection::vec(address, 1..3))
            .prop_map(move |(key, patterns)| several(key, patterns)),
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let targets = select(vec!["pm", "mg!", "mg:70,sg:30", "sg, pm , ses-eu!"]);
    (prop::option::of("[a-z]{1,3}: ?"), condition(), targets)
        .prop_map(|(name, condition, targets)| format!("{}{condition} -> {targets}", name.unwrap_or_default()))
}

proptest! {
    #[test]
    fn what_is_printed_of_a_rule_reads_as_the_same_rule(text in rule()) {
        let rules = read(&text).map_err(|problems| TestCaseError::fail(format!("{text}: {problems:?}")))?;
        prop_assert_eq!(read(&rules.to_string()), Ok(rules));
    }

    #[test]
    fn what_is_printed_of_several_rules_reads_as_the_same_rules(texts in prop::collection::vec(rule(), 1..6)) {
        if let Ok(rules) = read(&texts.join("\n")) {
            prop_assert_eq!(rules.iter().len(), texts.len());
            prop_assert_eq!(read(&rules.to_string()), Ok(rules));
        }
    }

    #[test]
    fn any_text_has_rules_or_faults_that_lie_in_it(text in any::<String>()) {
        check_any(&text)?;
    }

    #[test]
    fn any_row_of_words_has_rules_or_faults_that_lie_in_it(words in prop::collection::vec(select(WORDS.to_vec()), 0..24)) {
        check_any(&words.concat())?;
    }
}

const WORDS: [&str; 28] = [
    "tag", "to", "from", "caller", "header.X", "=", "=", "|", "\"", "\\", "*", "@", ".", "a", "ä", " ", " ", "->",
    "pm", "mg", ",", ":", "7", "!", ";", "\n", "#", "\r",
];

fn check_any(text: &str) -> Result<(), TestCaseError> {
    let Err(problems) = super::Rules::read(text, &super::upstreams()) else { return Ok(()) };
    prop_assert!(!problems.is_empty());
    for problem in problems {
        let line = text.split('\n').nth(problem.line - 1);
        prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1), "{text:?}: {problem}");
    }
    Ok(())
}
