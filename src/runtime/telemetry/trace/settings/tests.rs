//! The values that OpenTelemetry's variables may have.

use super::*;

fn base_of(text: &str) -> Option<String> {
    base(text).ok().map(|url| url.map_or_else(String::new, |url| url.to_string()))
}

#[test]
fn spans_are_posted_below_the_base_url() {
    for (text, expected) in [
        ("", Some("")),
        ("http://collector:4318", Some("http://collector:4318/v1/traces")),
        ("http://collector:4318/", Some("http://collector:4318/v1/traces")),
        ("https://otlp.example/mine/", Some("https://otlp.example/mine/v1/traces")),
        ("https://otlp.example/mine", Some("https://otlp.example/mine/v1/traces")),
        ("https://otlp.example/?a=b", None),
        ("collector:4318", None),
        ("grpc://collector:4317", None),
        ("http://canary:canary@collector:4318", None),
        ("http://collector/#x", None),
    ] {
        assert_eq!(base_of(text).as_deref(), expected, "{text}");
    }
    let url = full("https://otlp.example/in?a=b").expect("a URL").expect("not empty");
    assert_eq!(url.as_str(), "https://otlp.example/in?a=b");
    assert_eq!(without_query(&Some(url)), "https://otlp.example/in?...");
    assert!(!full("http://canary@host").expect_err("a login").contains("canary"));
}

#[test]
fn a_ratio_is_a_share_and_a_switch_is_read_in_any_case() {
    assert_eq!((ratio("0"), ratio("1.0"), ratio("0.01")), (Ok(0.0), Ok(1.0), Ok(0.01)));
    for text in ["", "-0.1", "1.1", "NaN", "1%"] {
        assert!(ratio(text).is_err(), "{text}");
    }
    assert_eq!((switch("TRUE"), switch("False"), switch("1").is_err()), (Ok(true), Ok(false), true));
}

#[test]
fn headers_are_sensitive_and_an_error_shows_none_of_them() {
    let read = headers("authorization=Bearer%20canary,x-tenant=a").expect("headers");
    assert_eq!((read["authorization"].to_str().ok(), read.len()), (Some("Bearer canary"), 2));
    assert!(!format!("{read:?}").contains("canary"), "{read:?}");
    for text in ["can ary=x", "a=can%0aary", "canary", "content-length=canary", "x=1,Host=canary"] {
        assert!(!headers(text).expect_err(text).contains("ary"), "{text}");
    }
}

#[test]
fn a_service_is_named_by_its_own_variable_then_by_its_attributes_then_by_default() {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let name = |service: &str, attributes: &[(&str, &str)]| {
        let resource = resource(service, pairs(attributes), pairs(&[("host.name", "h")]));
        assert_eq!(resource.iter().filter(|(key, _)| key == "service.name").count(), 1);
        assert!(resource.contains(&("host.name".to_owned(), "h".to_owned())));
        resource.into_iter().find(|(key, _)| key == "service.name").map(|(_, name)| name).unwrap_or_default()
    };
    assert_eq!(name("", &[("service.name", "")]), "smsp");
    assert_eq!(name("mail", &[("service.name", "other")]), "mail");
    assert_eq!(name("", &[("service.name", "other")]), "other");
    assert_eq!(name("", &[]), "smsp");
}
