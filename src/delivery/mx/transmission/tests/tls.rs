//! How much TLS each level asks for, at hosts with every kind of certificate.

use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::delivery::smtp_client::stub::certificates::expired;

use Level::{Opportunistic, Required, Verified};

/// A host that offers STARTTLS, under this answer.
async fn offering(acceptor: TlsAcceptor, answer: Act) -> Stub {
    Stub::with_tls(Some(acceptor), move |_, line| match line {
        "STARTTLS" => Some(answer.clone()),
        line if line.starts_with("EHLO") => Act::say("250-stub\r\n250 STARTTLS"),
        _ => None,
    })
    .await
}

const NO_TLS: (Outcome, Reason) = (Outcome::Unavailable, Reason::Tls);
const MAIL: &str = "MAIL RCPT DATA Subject  text .. .";

async fn over(stub: &Stub, connector: TlsConnector, level: Level) -> (Outcome, Reason) {
    let report = sent_with(&trusting(connector), &targets(&[stub.port]), level, &mail()).await;
    told(&report)[0]
}

#[tokio::test]
async fn a_trusted_certificate_of_the_hosts_name_is_enough_for_every_level() {
    for level in [Opportunistic, Required, Verified] {
        let (connector, acceptor) = pair("mx.example.net");
        let stub = offering(acceptor, Act::Encrypt).await;
        assert_eq!(over(&stub, connector, level).await, TAKEN, "{level:?}");
        assert_eq!(words(&stub), format!("EHLO STARTTLS (TLS) EHLO {MAIL}"), "{level:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_proves_nothing_is_enough_unless_it_has_to_be_verified() {
    let (other_name, expired, other_authority) =
        (pair("other.example.net"), expired("mx.example.net"), (pair("mx.example.net").0, pair("mx.example.net").1));
    for (connector, acceptor) in [other_name, expired, other_authority] {
        for (level, end) in [(Opportunistic, TAKEN), (Required, TAKEN), (Verified, NO_TLS)] {
            let stub = offering(acceptor.clone(), Act::Encrypt).await;
            assert_eq!(over(&stub, connector.clone(), level).await, end, "{level:?}");
            let heard =
                if end == TAKEN { format!("EHLO STARTTLS (TLS) EHLO {MAIL}") } else { "EHLO STARTTLS".to_owned() };
            assert_eq!(words(&stub), heard, "{level:?}");
        }
    }
}

#[tokio::test]
async fn a_host_without_starttls_gets_the_mail_in_clear_only_where_that_is_allowed() {
    for (level, end, heard) in [
        (Opportunistic, TAKEN, format!("EHLO {MAIL}")),
        (Required, NO_TLS, "EHLO".to_owned()),
        (Verified, NO_TLS, "EHLO".to_owned()),
    ] {
        let stub = Stub::new(|_, _| None).await;
        assert_eq!(over(&stub, pair("mx.example.net").0, level).await, end, "{level:?}");
        assert_eq!((words(&stub), stub.connections()), (heard, 1), "{level:?}");
    }
}

/// A host that offers STARTTLS and answers it like this, but has no TLS: it hangs up.
async fn without_tls(answer: Act) -> Stub {
    Stub::new(move |_, line| match line {
        "STARTTLS" => Some(answer.clone()),
        line if line.starts_with("EHLO") => Act::say("250-stub\r\n250 STARTTLS"),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_handshake_that_fails_costs_one_new_connection_in_clear_only_where_that_is_allowed() {
    for answer in [
        Act::Say("454 4.7.0 not now".to_owned()),
        Act::Say("220 go\r\n220 this is no TLS".to_owned()),
        Act::Encrypt,
        Act::Close,
    ] {
        for (level, end, connections) in [(Opportunistic, TAKEN, 2), (Required, NO_TLS, 1), (Verified, NO_TLS, 1)] {
            let stub = without_tls(answer.clone()).await;
            assert_eq!(over(&stub, pair("mx.example.net").0, level).await, end, "{level:?}");
            assert_eq!((stub.connections(), count(&stub, "MAIL")), (connections, connections - 1), "{level:?}");
        }
    }
}

/// A host that says this to STARTTLS, if it offers that, and this at one point.
async fn in_clear(offers: bool, extensions: &'static str, at: &'static str, answer: &'static str) -> Stub {
    Stub::new(move |_, line| match line {
        "STARTTLS" => Act::say("454 4.7.0 TLS not available due to temporary reason"),
        line if line.starts_with("EHLO") && offers => Some(Act::Say(format!("250-stub\r\n{extensions}250 STARTTLS"))),
        line if line.starts_with("EHLO") => Some(Act::Say(format!("250-stub\r\n{extensions}250 SIZE"))),
        line if line.starts_with(at) => Act::say(answer),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn where_tls_is_not_there_for_a_moment_nothing_is_refused_for_good_for_the_lack_of_it() {
    let rejected = |code| (Outcome::MessageRejected, Reason::Smtp(code));
    for (at, answer, offered, not_offered) in [
        ("MAIL", "530 5.7.0 Must issue a STARTTLS command first", NO_TLS, rejected(530)),
        ("RCPT", "530 Must issue a STARTTLS command first", NO_TLS, rejected(530)),
        ("RCPT", "550 5.7.10 encryption needed", NO_TLS, rejected(550)),
        (".", "554 5.7.11 encryption needed", NO_TLS, rejected(554)),
        ("RCPT", "550 5.7.1 not from you", rejected(550), rejected(550)),
        ("RCPT", "550 5.1.1 unknown", rejected(550), rejected(550)),
        ("RCPT", "450 4.2.0 later", (Outcome::Deferred, Reason::Smtp(450)), (Outcome::Deferred, Reason::Smtp(450))),
    ] {
        for (offers, end) in [(true, offered), (false, not_offered)] {
            let stub = in_clear(offers, "", at, answer).await;
            assert_eq!(over(&stub, pair("mx.example.net").0, Opportunistic).await, end, "{at} {answer} {offers}");
        }
    }
}

#[tokio::test]
async fn what_a_host_may_offer_under_tls_alone_is_not_lacking_for_good() {
    let mail = mail_to(&["用户@example.net"]);
    for (offers, end) in [(true, NO_TLS), (false, (Outcome::NotCapable, Reason::Smtputf8))] {
        let stub = in_clear(offers, "250-8BITMIME\r\n", "-", "").await;
        let report = sent(&transmitter(), &targets(&[stub.port]), &mail).await;
        assert_eq!(told(&report), [end], "{offers}");
    }
}

#[tokio::test]
async fn a_host_that_cannot_prove_enough_for_one_mail_has_been_there() {
    for answer in [Act::Close, Act::Encrypt, Act::Say("454 4.7.0 not now".to_owned())] {
        let stub = without_tls(answer.clone()).await;
        let report = sent_with(&transmitter(), &targets(&[stub.port]), Verified, &mail()).await;
        assert_eq!((told(&report), report.contact), (vec![NO_TLS], Contact::Served), "{answer:?}");
    }
}

#[tokio::test]
async fn what_a_host_cannot_prove_is_put_off_to_the_next_address() {
    let (connector, acceptor) = pair("mx.example.net");
    let (clear, good) = (Stub::new(|_, _| None).await, offering(acceptor, Act::Encrypt).await);
    for level in [Required, Verified] {
        let all = targets(&[clear.port, good.port]);
        let report = sent_with(&trusting(connector.clone()), &all, level, &mail()).await;
        assert_eq!(told(&report), [TAKEN], "{level:?}");
    }
    assert_eq!(count(&clear, "MAIL"), 0);
}

#[tokio::test]
async fn a_host_whose_name_no_certificate_has_is_spoken_to_unless_it_has_to_be_verified() {
    let (connector, acceptor) = pair("mx.example.net");
    let stub = offering(acceptor, Act::Encrypt).await;
    for (level, end) in [(Required, TAKEN), (Verified, NO_TLS)] {
        let nameless = Target { host: "mx 1.example.net".into(), ..target(stub.port) };
        let report = sent_with(&trusting(connector.clone()), &[nameless], level, &mail()).await;
        assert_eq!(told(&report), [end], "{level:?}");
    }
}

#[tokio::test]
async fn a_host_that_refuses_the_session_under_tls_is_not_spoken_to_in_clear() {
    let (connector, acceptor) = pair("mx.example.net");
    let greetings = std::sync::atomic::AtomicUsize::new(0);
    let stub = Stub::with_tls(Some(acceptor), move |_, line| match line {
        "STARTTLS" => Some(Act::Encrypt),
        line if !line.starts_with("EHLO") => None,
        _ if greetings.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 => Act::say("554 5.7.1 not you"),
        _ => Act::say("250-stub\r\n250 STARTTLS"),
    })
    .await;
    assert_eq!(over(&stub, connector, Opportunistic).await, (Outcome::Unavailable, Reason::Smtp(554)));
    assert_eq!((stub.connections(), words(&stub)), (1, "EHLO STARTTLS (TLS) EHLO".to_owned()));
}

#[tokio::test]
async fn a_session_in_clear_for_which_tls_failed_is_not_kept_and_each_is_counted_by_its_protection() {
    let (connector, acceptor) = pair("mx.example.net");
    let (good, plain) = (offering(acceptor, Act::Encrypt).await, Stub::new(|_, _| None).await);
    let failing = without_tls(Act::Say("454 4.7.0 not now".to_owned())).await;
    let metrics = crate::runtime::metrics::Metrics::default();
    let transmitter = trusting(connector).counted_by(metrics.mx.clone());
    for (stub, level, connections) in
        [(&good, Verified, 1), (&good, Opportunistic, 2), (&plain, Opportunistic, 1), (&failing, Opportunistic, 4)]
    {
        for _ in 0..2 {
            assert_eq!(told(&sent_with(&transmitter, &targets(&[stub.port]), level, &mail()).await), [TAKEN]);
        }
        assert_eq!(stub.connections(), connections, "{level:?}");
    }
    let page = metrics.render();
    for (tls, sessions) in [("verified", 1), ("unchecked", 1), ("none", 1), ("failed", 2)] {
        let line = format!("smsp_mx_sessions_total{{tls=\"{tls}\"}} {sessions}");
        assert!(page.lines().any(|shown| shown == line), "{line} in {page}");
    }
}
