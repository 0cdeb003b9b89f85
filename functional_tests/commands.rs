//! The commands beside `serve`: each does one thing, prints it, and ends with a code that scripts can use.

use crate::harness::wait::when;
use crate::harness::{Process, Proxy, RefusingPort, Reply, Settings, StubProvider, eventually, mails, run};

#[tokio::test]
async fn the_version_is_printed() {
    let output = run(&["--version"], &Settings::empty()).await;
    assert_eq!(
        (output.code, output.stdout.trim()),
        (Some(0), concat!("smsp ", env!("CARGO_PKG_VERSION"))),
        "{output:?}"
    );
}

#[tokio::test]
async fn serve_is_the_default_command() {
    let process = Process::smsp(&[], &Settings::mock());
    eventually("both listeners listen", async || {
        let listeners = process.stdout().iter().filter(|line| line.contains("listening")).count();
        when(listeners == 2, || process.evidence())
    })
    .await;
}

#[tokio::test]
async fn an_unknown_command_names_the_known_ones() {
    let output = run(&["sevre"], &Settings::mock()).await;
    assert!(output.code.is_some_and(|code| code != 0), "{output:?}");
    for command in ["serve", "openapi", "check-config", "probe", "healthcheck"] {
        assert!(output.stderr.contains(command), "{command}: {output:?}");
    }
}

#[tokio::test]
async fn check_config_prints_the_effective_settings_without_secrets() {
    let settings = Settings::mailgun_then_sendgrid("http://127.0.0.1:9", "http://127.0.0.1:9")
        .with("SMSP_API_KEY", "canary-key-of-the-caller")
        .with("SMSP_MG_API_KEY", "canary-key-of-mailgun")
        .with("SMSP_ATTEMPT_TIMEOUT", "1234ms");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    for shown in ["SMSP_ATTEMPT_TIMEOUT", "SMSP_API_KEY", "SMSP_MG_API_KEY", "mg.example.com", "SMSP_MAX_BODY"] {
        assert!(output.stdout.contains(shown), "{shown}: {output:?}");
    }
    assert!(!output.stdout.contains("canary") && !output.stderr.contains("canary"), "{output:?}");
}

#[tokio::test]
async fn check_config_says_who_may_give_orders() {
    let keys = "ada:operator:canary-1,wall:viewer:canary-2;until=2999-12-31,ada:operator:canary-3;until=2020-01-01";
    let expired = "ada:operator:canary-1;until=2020-01-01";
    for (settings, line) in [
        (
            Settings::mock(),
            "# admin listener: no keys are set: only this machine, by a Host such as localhost, sees circuits and gives orders, and with it whatever a proxy on it passes on without a header that says so",
        ),
        (
            Settings::mock().with("SMSP_ADMIN_KEYS", keys),
            "# admin listener: ada (operator), wall (viewer until 2999-12-31)",
        ),
        (
            Settings::mock().with("SMSP_ADMIN_KEYS", expired),
            "# admin listener: nobody sees circuits or gives orders, because every admin key has expired",
        ),
    ] {
        let output = run(&["check-config"], &settings).await;
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.lines().any(|shown| shown == line), "{output:?}");
        assert!(!output.stdout.contains("canary") && !output.stderr.contains("canary"), "{output:?}");
    }
}

#[tokio::test]
async fn check_config_fails_as_a_start_would() {
    let output = run(&["check-config"], &Settings::mock().with("SMSP_MISSPELT", "1")).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("SMSP_MISSPELT"), "{output:?}");
}

#[tokio::test]
async fn probe_command_sends_one_probe_to_every_upstream() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
    let output = run(&["probe"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "a line each: {output:?}");
    assert!(lines[0].contains("mg") && lines[1].contains("sg"), "{output:?}");
    assert_eq!((mailgun.probes().len(), sendgrid.probes().len()), (1, 1));
}

#[tokio::test]
async fn probe_command_fails_unless_every_upstream_accepts() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Reply::mailgun_refuses(401, "canary").into());
    let output = run(&["probe"], &Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url())).await;
    assert!(output.code.is_some_and(|code| code != 0), "{output:?}");
    assert!(output.stdout.contains("account_refused") && !output.stdout.contains("canary"), "{output:?}");
    assert_eq!(sendgrid.probes().len(), 1, "the others are probed all the same: {output:?}");
}

#[tokio::test]
async fn probe_command_shows_provider_answers_only_on_request_without_control_characters() {
    let sendgrid = StubProvider::sendgrid().await;
    let text = "The from address does not match a verified Sender Identity. canary";
    sendgrid.answers(403, &serde_json::json!({"errors": [{"message": text, "field": "from"}]}).to_string());
    let settings = Settings::server().sendgrid(&sendgrid.url());
    let plain = run(&["probe"], &settings).await;
    assert!(!plain.stdout.contains("canary"), "{plain:?}");
    assert!(plain.stdout.contains("sg: sender_rejected (http_403, from)"), "the code is listed: {plain:?}");
    let shown = run(&["probe", "--show-answer"], &settings).await;
    assert_eq!(shown.code, plain.code, "{shown:?}");
    let lines: Vec<_> = shown.stdout.lines().collect();
    assert_eq!(lines[..2], [plain.stdout.trim_end(), "  403"], "{shown:?}");
    assert!(lines[2].starts_with("  {") && lines[2].contains("canary"), "{shown:?}");
    sendgrid.answers(403, "<html>\u{1b}[2Jcanary\n</html>");
    let shown = run(&["probe", "--show-answer"], &settings).await;
    assert!(shown.stdout.contains("  <html>\u{fffd}[2Jcanary\n  </html>"), "{shown:?}");
}

#[tokio::test]
async fn check_config_warns_of_a_drain_deadline_below_the_longest_mail() {
    let short = run(&["check-config"], &Settings::mock()).await;
    assert_eq!(short.code, Some(0), "{short:?}");
    assert!(short.stderr.starts_with("warning: SMSP_DRAIN_DEADLINE: is 20s, but a mail of SMSP_MAX_BODY"), "{short:?}");
    let long = run(&["check-config"], &Settings::mock().with("SMSP_DRAIN_DEADLINE", "120s")).await;
    assert_eq!((long.code, long.stderr.as_str()), (Some(0), ""), "{long:?}");
}

#[tokio::test]
async fn check_config_changed_prints_only_what_differs_from_its_default() {
    let settings = Settings::empty()
        .with("SMSP_API_KEY", "canary")
        .with("SMSP_PROVIDERS", "maildir")
        .with("SMSP_MAILDIR_DIR", "/tmp/maildir")
        .with("SMSP_MAX_BODY", "26MiB")
        .with("SMSP_PORT", "8081")
        .with("SMSP_ATTEMPT_TIMEOUT", "7s");
    let output = run(&["check-config", "--changed"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let changed =
        ["SMSP_API_KEY=<redacted>", "SMSP_PORT=8081", "SMSP_ATTEMPT_TIMEOUT=7s", "SMSP_MAILDIR_DIR=/tmp/maildir"];
    let (comments, lines): (Vec<_>, Vec<_>) = output.stdout.lines().partition(|line| line.starts_with("# "));
    assert_eq!(lines, changed, "{output:?}");
    assert_eq!(comments.last(), Some(&"# ok: maildir (maildir)"), "{output:?}");
}

#[tokio::test]
async fn help_settings_lists_every_setting_within_80_columns() {
    let help = run(&["help", "settings"], &Settings::empty()).await;
    assert_eq!(help.code, Some(0), "{help:?}");
    let long: Vec<_> = help.stdout.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
    let in_force =
        run(&["check-config"], &Settings::mailgun_then_sendgrid("http://127.0.0.1:9", "http://127.0.0.1:9")).await;
    let names = in_force.stdout.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
    let mut seen = 0;
    let is_listed = |name: &str| help.stdout.lines().any(|line| line.trim() == name);
    for name in names.filter(|name| !name.starts_with("SMSP_CALLER_CALLER_")) {
        let own = ["SMSP_MG_", "SMSP_SG_"].iter().find_map(|prefix| name.strip_prefix(prefix));
        let is_of_every_upstream = own.is_some_and(|own| is_listed(&format!("SMSP_{own}")));
        assert!(is_listed(name) || is_of_every_upstream, "{name}: {}", help.stdout);
        seen += 1;
    }
    assert!(seen > 50, "only {seen} names: {in_force:?}");
    for text in ["default: 26MiB (size)", "default: 50 (1 to 10000)", "default: safe (never, safe, always)"] {
        assert!(help.stdout.lines().any(|line| line.trim() == text), "{text}: {}", help.stdout);
    }
}

#[tokio::test]
async fn help_on_an_unknown_topic_names_the_known_one() {
    for arguments in [&["help", "setings"][..], &["help", "settings", "all"]] {
        let output = run(arguments, &Settings::empty()).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(
            output.stderr.starts_with("no help on set") && output.stderr.contains("`smsp help settings`"),
            "{output:?}"
        );
    }
    let output = run(&["help"], &Settings::empty()).await;
    assert!(output.code == Some(0) && output.stdout.contains("help settings"), "{output:?}");
}

#[tokio::test]
async fn check_config_warns_of_a_former_name() {
    let settings = Settings::mock().without("SMSP_ADMIN_PORT").with("SMSP_OPS_PORT", "9999");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.lines().any(|line| line == "SMSP_ADMIN_PORT=9999"), "{output:?}");
    let warning = "warning: SMSP_OPS_PORT: is deprecated: rename it to SMSP_ADMIN_PORT; the next version refuses it";
    assert!(output.stderr.lines().any(|line| line == warning), "{output:?}");
}

#[tokio::test]
async fn healthcheck_command_succeeds_for_a_running_server() {
    let proxy = Proxy::start(Settings::mock()).await;
    let addressed = |settings: Settings| {
        let ports = [proxy.api.port().to_string(), proxy.ops.port().to_string()];
        settings.with("SMSP_PORT", &ports[0]).with("SMSP_ADMIN_PORT", &ports[1])
    };
    let output = run(&["healthcheck"], &addressed(Settings::mock())).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let everywhere = addressed(Settings::mock()).with("SMSP_HOST", "0.0.0.0").with("SMSP_ADMIN_HOST", "0.0.0.0");
    let output = run(&["healthcheck"], &everywhere).await;
    assert_eq!(output.code, Some(0), "a container listens on all addresses: {output:?}");
    proxy.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn healthcheck_command_fails_without_a_server() {
    let nobody = RefusingPort::reserve();
    let port = nobody.url().rsplit(':').next().unwrap_or_default().to_owned();
    let output = run(&["healthcheck"], &Settings::mock().with("SMSP_PORT", &port).with("SMSP_ADMIN_PORT", &port)).await;
    assert!(output.code.is_some_and(|code| code != 0), "{output:?}");
}
