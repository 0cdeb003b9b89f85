//! How the hosts of a URL are read and tried, without a server.

use std::str::FromStr;

use super::*;

fn hosts(url: &str) -> Option<Hosts> {
    Hosts::of(&Config::from_str(url).expect("a URL of a test is one"))
}

#[test]
fn each_host_is_asked_with_all_that_its_url_says() {
    let all = "application_name=x&options=-c%20geqo%3Doff&connect_timeout=3&tcp_user_timeout=4&keepalives=0\
               &keepalives_idle=5&keepalives_interval=6&keepalives_retries=7&target_session_attrs=read-write\
               &channel_binding=require&load_balance_hosts=random&sslnegotiation=direct&sslmode=require";
    for (url, expected) in [
        ("postgres://u:p@a:1,b:2/d", ["postgres://u:p@a:1/d", "postgres://u:p@b:2/d"]),
        ("postgres://u:p@a,%2Frun/d", ["postgres://u:p@a:5432/d", "postgres://u:p@%2Frun:5432/d"]),
        (
            "postgres://a,b:7/d?hostaddr=::1,10.0.0.1",
            ["postgres://a:5432/d?hostaddr=::1", "postgres://b:7/d?hostaddr=10.0.0.1"],
        ),
    ] {
        let with_all = |url: &str| format!("{url}{}{all}", if url.contains('?') { '&' } else { '?' });
        let Hosts { login, all, .. } = hosts(&with_all(url)).expect(url);
        let asked: Vec<_> = all.iter().map(|target| target.config(&login)).collect();
        assert_eq!(asked, expected.map(|one| Config::from_str(&with_all(one)).expect(one)), "{url}");
    }
}

#[test]
fn ports_and_addresses_that_belong_to_no_host_are_refused() {
    assert!(hosts("postgres://a,b/d?port=1").is_none());
    assert!(hosts("postgres://a,b/d?hostaddr=::1").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_asked_last_for_a_minute_or_until_it_answers() {
    let hosts = hosts("postgres://a,b/d").expect("two hosts");
    let order = || hosts.in_turn(hosts.all.clone());
    let [first, second] = [hosts.all[0].clone(), hosts.all[1].clone()];
    hosts.note_silence(&first, &mut NoConnection::default());
    assert_eq!(order(), [second.clone(), first.clone()]);
    hosts.note_silence(&second, &mut NoConnection::default());
    assert_eq!(order(), [first.clone(), second.clone()], "both alike");
    hosts.note_answer(&[&second]);
    assert_eq!(order(), [second.clone(), first.clone()]);
    tokio::time::advance(LAST_FOR).await;
    assert_eq!(order(), [first, second]);
}

#[tokio::test]
async fn what_a_host_said_is_known_also_where_another_one_was_silent() {
    // It accepts connections by itself, and nobody reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = silent.local_addr().expect("a listener has an address").port();
    let hosts = hosts(&format!("postgres://u@127.0.0.1:{port},%2Fno%2Fsuch%2Ffolder/d?sslmode=disable"));
    let none = hosts.expect("two hosts").connect(Duration::from_millis(500), None).await.expect_err("no connection");
    assert!(none.error.is_some() && none.in_silence);
}
