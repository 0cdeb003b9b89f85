//! The address policy, row by row, and its properties.

use proptest::prelude::*;

use super::*;

#[test]
fn plain_addresses_are_taken_and_domains_become_lower_case_a_labels() {
    for (text, kept) in [
        ("a@example.org", "a@example.org"),
        ("First.Last+tag@Example.ORG", "First.Last+tag@example.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("o'neil/x=y@mail.example.co", "o'neil/x=y@mail.example.co"),
        ("jürgen.größ@bücher.example", "jürgen.größ@xn--bcher-kva.example"),
        ("用户@example.org", "用户@example.org"),
        // Viramas, vowel signs, tone marks, and an accent that is a mark of its own (RFC 6531 3.3).
        ("संपर्क@डाटामेल.भारत", "संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c"),
        ("ผู้ใช้@example.org", "ผู้ใช้@example.org"),
        ("தமிழ்@example.org", "தமிழ்@example.org"),
        ("jose\u{301}@example.org", "jose\u{301}@example.org"),
        // Labels of letters, digits and hyphens (RFC 1123 2.1).
        ("a@ab--cd.example", "a@ab--cd.example"),
        ("a@r3---sn-x.example.org", "a@r3---sn-x.example.org"),
        ("user@MailHost", "user@mailhost"),
    ] {
        let address: Address = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(address.as_str(), kept);
        assert_eq!(address.domain(), kept.split('@').nth(1).unwrap());
    }
}

#[test]
fn hostile_addresses_are_refused_with_the_reason() {
    for (text, reason) in [
        ("", BadAddress::Syntax),
        ("nobody", BadAddress::Syntax),
        ("a@b.org\r\nBcc: c@d.org", BadAddress::Control),
        ("a\0@b.org", BadAddress::Control),
        ("a@b.org\n", BadAddress::Control),
        ("=?utf-8?q?=40evil.com=00?=@good.com", BadAddress::EncodedWord),
        ("-oQ/tmp@b.org", BadAddress::LocalPart),
        ("\"a b\"@b.org", BadAddress::LocalPart),
        ("a@b@c.org", BadAddress::LocalPart),
        ("a\u{202e}b@b.org", BadAddress::LocalPart),
        ("a😀@b.org", BadAddress::LocalPart),
        ("a <b>@c.org", BadAddress::LocalPart),
        ("@b.org", BadAddress::LocalPart),
        ("a@", BadAddress::Domain),
        ("\u{301}a@b.org", BadAddress::LocalPart),
        ("a@1", BadAddress::Domain),
        ("a@[127.0.0.1]", BadAddress::Domain),
        ("a@127.0.0.1", BadAddress::Domain),
        ("a@xn--0049.test", BadAddress::Domain),
        ("a@xn--zz--zz.org", BadAddress::Domain),
        ("a@-b.org", BadAddress::Domain),
        ("a@b-.org", BadAddress::Domain),
        ("a@b..org", BadAddress::Domain),
        ("a@b_c.org", BadAddress::Domain),
        ("a..b@c.org", BadAddress::LocalPart),
        (".a@c.org", BadAddress::LocalPart),
        ("a.@c.org", BadAddress::LocalPart),
    ] {
        assert_eq!(text.parse::<Address>().err(), Some(reason), "{text:?}");
    }
    let label = "b".repeat(63);
    for (length, domain, long) in
        [(64, "b.org", false), (65, "b.org", true), (64, &format!("{label}.{label}.{label}"), true)]
    {
        let error = format!("{}@{domain}", "a".repeat(length)).parse::<Address>().err();
        assert_eq!(error, long.then_some(BadAddress::Long), "{length} {domain}");
    }
}

#[test]
fn a_host_of_one_label_is_an_intranets() {
    for (text, intranet) in [("user@mailhost", true), ("a@localhost", true), ("a@b.org", false)] {
        assert_eq!(text.parse::<Address>().unwrap().is_intranet(), intranet, "{text}");
    }
}

#[test]
fn marks_of_direction_are_part_of_a_name() {
    for name in ["\u{200f}שלום", "א\u{200e}b", "\u{61c}مرحبا"] {
        assert!(Mailbox::new(Some(name), "a@b.org".parse().unwrap()).is_ok(), "{name:?}");
    }
}

#[test]
fn a_mailbox_reads_all_its_written_forms() {
    for (text, name, shown) in [
        ("a@b.org", None, "a@b.org"),
        (" a@b.org ", None, "a@b.org"),
        ("<a@b.org>", None, "a@b.org"),
        ("Al <a@b.org>", Some("Al"), "Al <a@b.org>"),
        ("\"Doe, J.\" <a@b.org>", Some("Doe, J."), "\"Doe, J.\" <a@b.org>"),
        (r#""a \"b\" \\c" <a@b.org>"#, Some(r#"a "b" \c"#), r#""a \"b\" \\c" <a@b.org>"#),
        ("Jürgen Groß <a@b.org>", Some("Jürgen Groß"), "Jürgen Groß <a@b.org>"),
        ("A  B <a@b.org>", Some("A  B"), "\"A  B\" <a@b.org>"),
    ] {
        let mailbox: Mailbox = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(mailbox.name(), name, "{text}");
        assert_eq!(mailbox.to_string(), shown, "{text}");
    }
}

#[test]
fn a_neighbour_is_never_swallowed_into_a_name() {
    for text in [
        "victim@b.org, C <d@e.org>",
        "O\"Brien <victim@b.org>, c <d@e.org>",
        "a@b.org <c@d.org>",
        "a <b@c.org> <d@e.org>",
        "\"a\" b <c@d.org>",
        "\"a\" \"b\" <c@d.org>",
        "\"a <c@d.org>",
        "a; b <c@d.org>",
    ] {
        assert_eq!(text.parse::<Mailbox>(), Err(BadAddress::Syntax), "{text}");
    }
}

#[test]
fn a_display_name_cannot_break_out_of_its_header() {
    for (name, reason) in [
        ("a\r\nBcc: x@evil.org", BadText::Control),
        ("a\0", BadText::Control),
        ("=?utf-8?q?=0D=0A?=", BadText::EncodedWord),
        ("evil\u{202e}gro.doog", BadText::Bidi),
    ] {
        let address = "a@b.org".parse().unwrap();
        assert_eq!(Mailbox::new(Some(name), address).err(), Some(BadAddress::Name(reason)), "{name:?}");
    }
}

#[test]
fn a_list_is_cut_only_outside_quotes() {
    let parts: Vec<_> = split_list(r#"a@b.org, "Doe, \"J; x" <c@d.org>;e@f.org,, ;"#).map(str::trim).collect();
    assert_eq!(parts, ["a@b.org", r#""Doe, \"J; x" <c@d.org>"#, "e@f.org"]);
}

proptest! {
    #[test]
    fn whatever_is_taken_is_one_plain_line_and_reads_back_as_itself(text in "\\PC{0,12}(@|<|\"|=\\?|\r|\n|\0|\\.){0,3}\\PC{0,12}") {
        if let Ok(mailbox) = text.parse::<Mailbox>() {
            let shown = mailbox.to_string();
            prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
            prop_assert!(mailbox.address().domain().is_ascii());
            prop_assert_eq!(shown.parse::<Mailbox>(), Ok(mailbox));
        }
    }

    #[test]
    fn every_name_that_is_taken_reads_back_as_itself(name in "\\PC{0,20}") {
        if let Ok(mailbox) = Mailbox::new(Some(&name), "a@b.org".parse().unwrap()) {
            prop_assert_eq!(mailbox.to_string().parse::<Mailbox>(), Ok(mailbox));
        }
    }
}
