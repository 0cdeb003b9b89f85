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
    let lost = (Outcome::Unavailable, Reason::ConnectionLost);
    for (answer, failed) in [
        (Act::Say("454 4.7.0 not now".to_owned()), NO_TLS),
        (Act::Say("220 go\r\n220 this is no TLS".to_owned()), NO_TLS),
        (Act::Encrypt, NO_TLS),
        (Act::Close, lost),
    ] {
        for (level, end, connections) in [(Opportunistic, TAKEN, 2), (Required, failed, 1), (Verified, failed, 1)] {
            let stub = without_tls(answer.clone()).await;
            assert_eq!(over(&stub, pair("mx.example.net").0, level).await, end, "{level:?}");
            assert_eq!((stub.connections(), count(&stub, "MAIL")), (connections, connections - 1), "{level:?}");
        }
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
