//! The command line: one binary, a few commands, everything else from the environment.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use smsp::app::circuits_command::{self, circuits as ask_circuits};
use smsp::app::config::{AdminAccess, Config, Errors};
use smsp::app::failure::Failure;
use smsp::app::healthcheck_command::{healthcheck, reachable};
use smsp::app::outbox_command::{self, outbox as ask_outbox};
use smsp::app::route_command::{Arguments, route as ask_route};
use smsp::app::terminal::{LAST_WRITE, print_error, show_progress};
use smsp::app::{self, StartError, connect_command, dkim_command, help, terminal};
use smsp::delivery::provider;
use smsp::ingress::{admin, api, compat};
use smsp::runtime::settings::Effective;
use smsp::runtime::telemetry;
use tokio::runtime::Builder;
use utoipa::openapi::OpenApi;

/// `EX_USAGE` of sysexits.h. Configuration errors and unknown commands: trying again without a change is no use.
const EXIT_USAGE: u8 = 64;
/// For the workers to end.
const LAST_LINES: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--help" | "-h" | "help"] => print(help::COMMANDS),
        [ref words @ .., "--help" | "-h"] => help_on(words),
        [] | ["serve"] => serve(),
        ["check-config", ref arguments @ ..] => check_config(arguments),
        ["dkim", "new", domain] => new_keys(domain),
        ["probe"] => probe(false),
        ["probe", "--show-answer"] => probe(true),
        ["healthcheck"] => ask_health(),
        ["migrate"] => migrate(),
        ["route", ref arguments @ ..] => route(arguments),
        ["circuits", ref arguments @ ..] => circuits(arguments),
        ["outbox", ref arguments @ ..] => outbox(arguments),
        ["store", "status"] => with_store(|config| run(app::store_command::status(config, show))),
        ["store", "backup", file] => back_up(Path::new(file)),
        ["store", "accept-restore"] => accept_restore(false),
        ["store", "accept-restore", "--force"] => accept_restore(true),
        ["openapi"] => openapi(&api::document(&provider::table()).merge_from(compat::document())),
        ["openapi", "admin"] => openapi(&admin::document()),
        ["--version" | "-V"] => print(concat!("smsp ", env!("CARGO_PKG_VERSION"))),
        ["help", "settings"] => print(&help::settings()),
        ["help", ref words @ ..] => help_on(words),
        _ => misused(&format!("unknown command: {}\n\n{}", arguments.join(" "), help::COMMANDS)),
    }
}

fn help_on(words: &[&str]) -> ExitCode {
    match help::of(words) {
        Some(text) => print(&text),
        None => misused(&format!("no help on {}: there are `smsp help settings` and `smsp --help`", words.join(" "))),
    }
}

fn serve() -> ExitCode {
    with_config(|config| run(async { app::serve(config).await.map(|()| true).map_err(Failure::from) }))
}

fn check_config(arguments: &[&str]) -> ExitCode {
    let connect_command::Arguments { only_changed, connect } = match connect_command::Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    with_config(|config| {
        show_config(&config, |setting| !only_changed || setting.is_changed());
        match connect {
            Some(connect) => {
                run(connect_command::compare(&config.dkim.keys, config.mx_helo.as_deref(), &connect, show))
            }
            None => ExitCode::SUCCESS,
        }
    })
}

fn show_config(config: &Config, is_shown: impl Fn(&Effective) -> bool) {
    config.effective.iter().filter(|setting| is_shown(setting)).for_each(|setting| {
        print(&format!("{}={}", setting.name, setting.value));
    });
    // Comments where files of variables may have them, so that the rest can be read as such.
    print(&format!("# admin listener: {}", config.admin_access()));
    for line in config.routes.table().into_iter().chain(config.rates()).chain(config.dkim.lines()) {
        print(&format!("# {line}"));
    }
    let upstreams = config.upstreams.iter().map(|upstream| format!("{} ({})", upstream.name, upstream.kind));
    let upstreams = upstreams.chain(config.direct.iter().map(|_| "mx".to_owned()));
    print(&format!("# ok: {}", upstreams.collect::<Vec<_>>().join(", ")));
    config.warnings.iter().chain(&config.deprecated).for_each(|warning| print_error(&format!("warning: {warning}")));
}

fn probe(show_answer: bool) -> ExitCode {
    with_config(|config| {
        run(async move {
            Ok::<_, String>(
                app::probe_command::probe(config, show_answer, |line| {
                    print(&line);
                })
                .await,
            )
        })
    })
}

fn new_keys(domain: &str) -> ExitCode {
    match Config::load_new_keys(environment()) {
        Ok(config) => ended(dkim_command::new_keys(&config, domain, show)),
        Err(errors) => misconfigured(&errors),
    }
}

fn migrate() -> ExitCode {
    with_config(|config| {
        let Some(store) = config.store else { return misused("there is no store: SMSP_STORE is not set") };
        telemetry::warn_on_stderr();
        run(async move {
            let done = app::store::migrate(&store).await.map_err(StartError::from)?;
            done.iter().for_each(|line| {
                print(line);
            });
            Ok::<_, Failure>(true)
        })
    })
}

fn accept_restore(is_forced: bool) -> ExitCode {
    with_store(|config| run(app::store_command::accept_restore(config, is_forced, show, show_progress)))
}

fn back_up(file: &Path) -> ExitCode {
    with_store(|config| run(app::backup_command::back_up(config, file, show, show_progress)))
}

/// A command that opens the store itself.
fn with_store(command: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    with_config(|config| match config.store {
        Some(_) => {
            telemetry::warn_on_stderr();
            command(config)
        }
        None => misused("there is no store: SMSP_STORE is not set"),
    })
}

fn openapi(document: &OpenApi) -> ExitCode {
    match document.to_pretty_json() {
        Ok(document) => print(&document),
        Err(error) => failed(&error.to_string()),
    }
}

fn ask_health() -> ExitCode {
    match Config::load_api_address(environment()) {
        Ok(address) => run(healthcheck(reachable(address), show)),
        Err(errors) => misconfigured(&errors),
    }
}

fn route(arguments: &[&str]) -> ExitCode {
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    with_admin(|access| {
        run(ask_route(access, arguments, io::stdin().lock(), |text| {
            print(text);
        }))
    })
}

fn circuits(arguments: &[&str]) -> ExitCode {
    match circuits_command::Arguments::read(arguments) {
        Ok(arguments) => with_admin(|access| run(ask_circuits(access, arguments))),
        Err(error) => misused(&error),
    }
}

fn outbox(arguments: &[&str]) -> ExitCode {
    match outbox_command::Arguments::read(arguments) {
        Ok(arguments) => with_admin(|access| run(ask_outbox(access, arguments))),
        Err(error) => misused(&error),
    }
}

/// A command that asks the admin listener of a node.
fn with_admin(command: impl FnOnce(AdminAccess) -> ExitCode) -> ExitCode {
    match Config::load_admin_access(environment()) {
        Ok(access) => command(AdminAccess { address: reachable(access.address), ..access }),
        Err(errors) => misconfigured(&errors),
    }
}

fn with_config(command: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::load(environment()) {
        Ok(config) => command(config),
        Err(errors) => misconfigured(&errors),
    }
}

/// A variable that is not Unicode is read with marks in its place: no secret may have them, and no other value does.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
}

fn run<E: Into<Failure>>(command: impl Future<Output = Result<bool, E>>) -> ExitCode {
    let mut workers = Builder::new_multi_thread();
    workers.enable_all().on_thread_park(telemetry::flush).on_thread_stop(telemetry::stop_deferring);
    let runtime = match workers.build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot start: {error}")),
    };
    let result = runtime.block_on(command);
    // What the drain deadline has left behind must not hold up the exit; the last lines of the log may.
    runtime.shutdown_timeout(LAST_LINES);
    telemetry::finish(LAST_WRITE);
    ended(result.map_err(Into::into))
}

fn ended(result: Result<bool, Failure>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure { error, is_of_configuration: true }) => misused(&error),
        Err(Failure { error, .. }) => failed(&error),
    }
}

fn misconfigured(errors: &Errors) -> ExitCode {
    misused(&format!("smsp cannot start, the configuration is wrong:\n{errors}"))
}

fn misused(error: &str) -> ExitCode {
    print_error(error);
    ExitCode::from(EXIT_USAGE)
}

fn failed(error: &str) -> ExitCode {
    print_error(error);
    ExitCode::FAILURE
}

/// Success, unless stdout is gone.
fn print(text: &str) -> ExitCode {
    if terminal::print(text) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(line: String) {
    print(&line);
}
