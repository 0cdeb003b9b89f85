//! The order of lines: that of their times, under load too, and nothing behind `drained`.

use futures_util::future::join_all;

use super::*;

const CALLERS: usize = 16;
const MAILS: usize = 40;

/// Calls until the server has gone, so that its log ends under load.
fn keep_asking(client: &Client) -> tokio::task::JoinHandle<()> {
    let (client, mut is_there) = (client.clone(), true);
    tokio::spawn(async move {
        while is_there {
            is_there = client.try_ops("/circuits").await.is_some();
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_in_the_order_of_their_times_and_the_last_says_drained() {
    for format in ["JSON_ONELINE", "DEBUG"] {
        let settings = Settings::mock().with("SMSP_LOG_OUTPUT_FORMAT", format);
        let process = Process::smsp(&["serve"], &settings);
        let addresses = eventually("both listeners are logged", async || {
            let lines = process.stdout().join("\n");
            let addresses: Vec<_> = ["api", "admin"].iter().filter_map(|name| listener_in(&lines, name)).collect();
            <[SocketAddr; 2]>::try_from(addresses).map_err(|_| lines)
        });
        let [api, ops] = addresses.await;
        let key = settings.get("SMSP_API_KEY").unwrap_or_default();
        let client = Client::new(&format!("http://{api}"), key).with_ops(&format!("http://{ops}"));
        let sending = (0..CALLERS).map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..MAILS {
                    client.send(&mails::plain()).await.expect(200);
                }
            })
        });
        join_all(sending).await.into_iter().for_each(|sent| sent.expect("every mail is sent"));
        let asking: Vec<_> = (0..4).map(|_| keep_asking(&client)).collect();
        process.signal("TERM");
        let output = process.output(PATIENCE).await;
        join_all(asking).await.into_iter().for_each(|asked| asked.expect("a call may fail"));
        let times: Vec<_> = output.stdout.lines().map(time_of).collect();
        assert!(times.len() > 2 * CALLERS * MAILS, "{output:?}");
        let swapped = times.windows(2).find(|pair| pair[0] > pair[1]);
        assert_eq!(swapped, None, "{format}");
        let last = output.stdout.lines().last().unwrap_or_default();
        assert!(last.contains("drained"), "{format}: the last line is {last}");
    }
}

/// The address of this listener.
fn listener_in(lines: &str, name: &str) -> Option<SocketAddr> {
    let (json, text) = (format!("\"listener\":\"{name}\""), format!("listener={name} "));
    address_in(lines.lines().find(|line| line.contains(&json) || line.contains(&text))?)
}

/// The time of a line, which is where its year is.
fn time_of(line: &str) -> &str {
    let at = line.find("20").unwrap_or_else(|| panic!("no time in {line}"));
    line.get(at..at + 27).unwrap_or_else(|| panic!("no time in {line}"))
}
