//! `smsp outbox` at a running node: how much mail there is, which mail that is, and orders for it.

use super::*;
use crate::harness::outbox::pause;
use crate::harness::process::Output;
use crate::harness::{Behaviour, Process, RefusingPort, admin, run};

on_both_stores! {
    the_outbox_is_shown_as_a_table_and_as_it_is,
    mail_is_listed_by_a_filter_without_whom_it_goes_to,
    an_order_on_all_mail_needs_the_exact_number_of_what_fits,
    a_mail_is_ordered_by_its_id_and_a_refusal_is_told,
    mail_that_is_retried_together_becomes_due_one_after_the_other,
    unknown_mail_is_settled_by_a_filter,
}

/// The environment of a command that asks this node.
pub(super) fn environment(proxy: &Proxy) -> Settings {
    Settings::empty().with("SMSP_ADMIN_HOST", "127.0.0.1").with("SMSP_ADMIN_PORT", &proxy.ops.port().to_string())
}

impl Node {
    async fn smsp(&self, words: &[&str]) -> Output {
        run(&[&["outbox"][..], words].concat(), &environment(&self.proxy)).await
    }

    /// The lines of a command that has done all that it was to do.
    async fn done(&self, words: &[&str]) -> Vec<String> {
        let output = self.smsp(words).await;
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
        output.stdout.lines().map(str::to_owned).collect()
    }

    /// The mails of a list.
    async fn listed(&self, words: &[&str]) -> Vec<Value> {
        let lines = self.done(&[&["list", "--json"][..], words].concat()).await;
        let list: Value = serde_json::from_str(&lines.concat()).expect("JSON");
        list["mails"].as_array().expect("a list").clone()
    }

    async fn schedules(&self, mails: usize) {
        for _ in 0..mails {
            self.accepts(&scheduled()).await;
        }
    }

    async fn orders(&self) -> Vec<String> {
        let audit = self.proxy.client.ops("/audit").await.expect(200);
        let records = audit.at("/records").as_array().cloned().unwrap_or_default();
        records.iter().map(|record| record["outbox"].as_str().expect("an order").to_owned()).collect()
    }
}

async fn the_outbox_is_shown_as_a_table_and_as_it_is(database: &Database) {
    let node = Node::start(database).await;
    node.schedules(3).await;
    let expected = ["status  count  oldest", "queued      3       -", "drains: no, what waits does not get less"];
    assert_eq!(node.done(&[]).await, expected);
    let shown: Value = serde_json::from_str(&node.done(&["--json"]).await.concat()).expect("JSON");
    assert_eq!(shown, node.proxy.client.ops("/outbox").await.expect(200).json);
    pause(&node.proxy, true).await;
    assert!(node.done(&[]).await.contains(&"paused: nothing is sent before it goes on".to_owned()));
}

async fn mail_is_listed_by_a_filter_without_whom_it_goes_to(database: &Database) {
    let node = Node::start(database).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(node.accepts(&scheduled()).await.trim_start_matches("/outbox/").to_owned());
    }
    node.call_as(SHOP, Method::POST, "/outbox", Some(&scheduled())).await.expect(202);
    let of = |mails: &[Value]| -> Vec<String> {
        mails.iter().map(|mail| mail["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(of(&node.listed(&["--caller", "app", "--oldest"]).await), ids);
    assert_eq!(of(&node.listed(&["--caller", "app", "--limit", "1"]).await), ids[2..]);
    assert_eq!(node.listed(&["--status", "queued", "--upstream", "mg"]).await.len(), 4);
    let now = UnixTime::from(SystemTime::now()).after(Duration::from_secs(3600)).to_string();
    assert_eq!(node.listed(&["--accepted-from", &now]).await.len(), 0);
    let table = node.done(&["list", "--caller", "shop"]).await;
    assert!(table.len() == 2 && table[1].contains("  queued  shop  "), "{table:?}");
    assert!(!node.done(&["list", "--json"]).await.concat().contains('@'), "no address");
    let more = node.done(&["list", "--limit", "2"]).await;
    assert!(more.len() == 4 && more[3].starts_with("there may be more"), "{more:?}");
}

async fn an_order_on_all_mail_needs_the_exact_number_of_what_fits(database: &Database) {
    let node = Node::start(database).await;
    node.schedules(3).await;
    let cancel = ["cancel", "--status", "queued", "--caller", "app"];
    let asked = node.smsp(&cancel).await;
    assert_eq!((asked.code, asked.stdout.as_str()), (Some(1), ""), "{asked:?}");
    assert!(asked.stderr.contains("3 mails fit") && asked.stderr.contains("--all 3 --accepted-before "), "{asked:?}");
    for other in ["2", "4"] {
        let refused = node.smsp(&[&cancel[..], &["--all", other]].concat()).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(&format!("3 mails fit now, and not {other}")), "{refused:?}");
    }
    let order = json!({"order": "cancel", "status": "queued", "count": 2});
    let more = admin::call(node.proxy.ops, Method::POST, "/outbox/orders", &[], Some(&order)).await.expect(409);
    assert_eq!(more.at("/type"), "urn:smsp:problem:outbox-conflict", "{more}");
    assert_eq!((node.counts().await, node.orders().await), (vec![("queued".to_owned(), 3)], vec![]));
    // What comes in meanwhile is not meant.
    node.schedules(1).await;
    let words = asked.stderr.split_whitespace().skip_while(|word| *word != "--all").take(4).collect::<Vec<_>>();
    assert_eq!(node.done(&[&cancel[..], &words].concat()).await, ["cancelled: 3"]);
    assert_eq!(node.counts().await, [("queued".to_owned(), 1), ("cancelled".to_owned(), 3)]);
    assert_eq!(node.orders().await, [format!("cancel count=3 status=queued caller=app accepted_before={}", words[3])]);
    assert_eq!(node.done(&[&cancel[..], &words[2..]].concat()).await, ["no mail fits"]);
}

async fn a_mail_is_ordered_by_its_id_and_a_refusal_is_told(database: &Database) {
    let node = Node::start(database).await;
    let path = node.accepts(&scheduled()).await;
    let id = path.trim_start_matches("/outbox/");
    assert_eq!(node.done(&["cancel", id]).await, [format!("{id}: cancelled")]);
    for words in [&["cancel", id][..], &["retry", id], &["settle", id, "--as", "none"]] {
        let refused = node.smsp(words).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.stderr.contains("409 Conflict: The mail is cancelled"), "{refused:?}");
    }
    assert_eq!(node.orders().await, [format!("cancel {id}")]);
}

async fn mail_that_is_retried_together_becomes_due_one_after_the_other(database: &Database) {
    let node = Node::start(database).await;
    pause(&node.proxy, true).await;
    node.schedules(4).await;
    let park = [
        "update envelope set state = 4 where state = 0 returning id",
        "update smsp_outbox set state = 4 where state = 0 returning row_id",
    ];
    assert_eq!(database.change(park).await, 4);
    let retry = ["retry", "--status", "parked", "--over", "1h", "--all", "4", "--json"];
    assert_eq!(node.done(&retry).await, [r#"{"changed":{"queued":4},"left_out":{}}"#]);
    let due = node.listed(&["--status", "queued", "--oldest"]).await;
    let due: Vec<_> = due.iter().map(|mail| mail["next_attempt_at"].as_str().and_then(UnixTime::parse)).collect();
    let quarter = Duration::from_secs(15 * 60);
    for pair in due.windows(2) {
        let [Some(first), Some(second)] = pair else { panic!("{due:?}") };
        assert_eq!(second.since(*first), quarter, "{due:?}");
    }
}

async fn unknown_mail_is_settled_by_a_filter(database: &Database) {
    let node = Node::start(database).await;
    node.mailgun.does(Behaviour::Close);
    for _ in 0..2 {
        let path = node.accepts(&mails::plain()).await;
        node.until(&path, "unknown").await;
    }
    let unknown = node.listed(&["--status", "unknown"]).await;
    let attempts: Vec<_> = unknown.iter().map(|mail| &mail["last_attempt"]["outcome"]).collect();
    assert_eq!(attempts, ["unknown", "unknown"], "{unknown:?}");
    let settle = ["settle", "--as", "accepted", "--upstream", "mg", "--all", "2"];
    assert_eq!(node.done(&settle).await, ["accepted: 2"]);
    assert_eq!(node.mailgun.mails().len(), 2, "nothing is sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_shows_the_outbox_again_and_again_and_ends_with_ctrl_c_or_its_reader() {
    let database = Database::sqlite();
    let node = Node::start(&database).await;
    let mut watching = Process::smsp(&["outbox", "--watch"], &environment(&node.proxy));
    eventually("it was shown again", async || {
        let tables = watching.stdout().iter().filter(|line| line.starts_with("drains")).count();
        when(tables >= 2, || watching.evidence())
    })
    .await;
    assert!(watching.ended().is_none(), "{}", watching.evidence());
    watching.signal("INT");
    let output = watching.output(Duration::from_secs(20)).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let script = "\"$0\" outbox --watch --json | head -n 1";
    let read = Process::smsp_behind(&["sh", "-c", script], &[], &environment(&node.proxy));
    let output = read.output(Duration::from_secs(20)).await;
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 1), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_without_a_node_rights_or_sense_says_so() {
    let keys = "ada:operator:operator-key,wall:viewer:viewer-key";
    let database = Database::sqlite();
    let node = Node::with(&database, |settings| settings.with("SMSP_ADMIN_KEYS", keys)).await;
    node.schedules(1).await;
    let with = async |key: &str, words: &[&str]| {
        let settings = environment(&node.proxy).with("SMSP_ADMIN_KEY", key);
        run(&[&["outbox"][..], words].concat(), &settings).await
    };
    let cancel = ["cancel", "--status", "queued", "--all", "1"];
    assert_eq!(with("viewer-key", &["list"]).await.code, Some(0));
    let refused = with("viewer-key", &cancel).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("403 Forbidden: This needs a key with the role operator"), "{refused:?}");
    let without = node.smsp(&["list"]).await;
    assert!(without.code == Some(1) && without.stderr.contains("401 Unauthorized"), "{without:?}");
    assert_eq!(with("operator-key", &cancel).await.stdout, "cancelled: 1");
    for words in [
        &["lst"][..],
        &["retry"],
        &["settle", "x"],
        &["list", "--limit", "many"],
        &["list", "--status", "lost"],
        &["retry", "--status", "queued"],
        &["cancel", "../pause"],
    ] {
        let output = with("operator-key", words).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(64), ""), "{output:?}");
    }
    let wrong = with("operator-key", &["list", "--from-domain", "a@example.org"]).await;
    assert!(wrong.code == Some(1) && wrong.stderr.contains("from_domain: must be a domain"), "{wrong:?}");
    let nobody = RefusingPort::reserve();
    let port = nobody.url().rsplit(':').next().unwrap_or_default().to_owned();
    let output = run(&["outbox"], &Settings::empty().with("SMSP_ADMIN_PORT", &port)).await;
    assert!(output.code == Some(1) && output.stderr.contains("is the admin listener of smsp there?"), "{output:?}");
}

#[tokio::test]
async fn a_node_whose_outbox_is_off_is_told_apart_from_a_mail_that_is_not_there() {
    let id = "01a21648-c217-7484-8bb9-6404cd0bad53";
    let without = Proxy::start(Settings::mock()).await;
    let cancel = ["cancel", "--status", "queued", "--all", "1"];
    for words in [&[][..], &["list"], &["retry", id], &cancel] {
        let output = run(&[&["outbox"][..], words].concat(), &environment(&without)).await;
        assert!(output.code == Some(1) && output.stderr.contains("the outbox of this node is off"), "{output:?}");
    }
    let database = Database::sqlite();
    let node = Node::start(&database).await;
    let output = node.smsp(&["retry", id]).await;
    assert!(output.stderr.contains("There is no mail of this id") && !output.stderr.contains("off"), "{output:?}");
}

#[tokio::test]
async fn help_on_a_command_is_printed_without_a_node() {
    let nobody = Settings::empty();
    for (words, told) in [
        (&["outbox", "--help"][..], "  outbox cancel "),
        (&["outbox", "retry", "--help"], "--over TIME"),
        (&["outbox", "list", "-h"], "--accepted-before"),
        (&["help", "outbox", "settle"], "--as accepted"),
        (&["store", "--help"], "store backup FILE"),
    ] {
        let output = run(words, &nobody).await;
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
        assert!(output.stdout.contains(told) && !output.stdout.contains("  migrate "), "{output:?}");
    }
    let unknown = run(&["outbx", "--help"], &nobody).await;
    assert!(unknown.code == Some(64) && unknown.stderr.contains("no help on outbx"), "{unknown:?}");
}
