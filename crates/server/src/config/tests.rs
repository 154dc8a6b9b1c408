//! What the configuration accepts, refuses and shows.

use std::ffi::OsString;

use tron::{Energy, Sun};

use super::keys::{KEYS, Kind};
use super::*;

fn file(text: &str) -> Sources {
    Sources { file: Some(("sunsweep.toml".into(), text.to_owned())), ..Sources::default() }
}

fn environment(variables: &[(&str, &str)]) -> Sources {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Sources::default().with_environment(variables).unwrap()
}

fn complaints(sources: &Sources) -> Vec<String> {
    Config::load(sources).err().map(|complaints| complaints.0).unwrap_or_default()
}

#[test]
fn the_defaults_are_in_order() {
    let config = Config::defaults();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.base_url, "http://127.0.0.1:8080");
    assert_eq!(config.server.body_limit_bytes, 64 * 1024);
    assert_eq!(config.token.contract.to_string(), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
    assert_eq!(config.token.energy_to_empty, Energy::new(131_000));
    assert_eq!(config.price.activation_price_sun, Sun::new(1_500_000));
    assert_eq!(config.callback.schedule_secs, [15, 15, 30, 180, 600, 1200, 1800]);
    assert_eq!(config.secrets.master_key_file, None);
    assert_eq!(config.warnings(), [""; 0]);
    assert_eq!(Config::check(&Sources::default()).unwrap(), "the configuration is in order\n");
}

#[test]
fn every_integer_key_is_bounded_and_fits_its_type() {
    for key in KEYS {
        let Kind::Integer(min, max) = key.kind else { continue };
        for inside in [min, max] {
            let sources = Sources::default().with_flag(key.path, &inside.to_string());
            // Contradictions with other keys are possible; a panic or a bounds complaint is not.
            let bounds = format!("{} = ", key.path);
            let of_bounds = complaints(&sources).into_iter().find(|text| text.starts_with(&bounds));
            assert_eq!(of_bounds, None);
        }
        for outside in [min - 1, max + 1, i64::MAX, i64::MIN] {
            let sources = Sources::default().with_flag(key.path, &outside.to_string());
            let expected = key.expectation();
            let complaint = format!("{} = {outside} (command line): must be {expected}", key.path);
            assert_eq!(complaints(&sources), [complaint]);
        }
    }
}

#[test]
fn every_other_key_refuses_what_is_not_of_its_kind() {
    for (path, bad) in [
        ("server.listen", "8080"),
        ("server.listen", "localhost:8080"),
        ("server.base_url", "example.com"),
        ("server.max_connections", "many"),
        ("server.max_connections", "1.5"),
        ("database.url", "sqlite:"),
        ("database.url", "mysql://a/b"),
        ("node.urls", ""),
        ("node.urls", "https://a,ftp://b"),
        ("node.api_key_file", "a\0b"),
        ("token.contract", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u"),
        ("pool.wallets_dir", ""),
        ("pool.permission_id", "1"),
        ("callback.schedule_secs", ""),
        ("callback.schedule_secs", "15,0"),
        ("callback.schedule_secs", "15,soon"),
        ("callback.allow_hosts", "http://a"),
        ("callback.allow_private", "yes"),
        ("log.filter", "sunsweep=loud"),
        ("log.format", "xml"),
    ] {
        let found = complaints(&Sources::default().with_flag(path, bad));
        assert_eq!(found.len(), 1, "{path} = {bad:?}: {found:?}");
        assert!(found[0].starts_with(&format!("{path} = ")), "{found:?}");
    }
}

#[test]
fn lists_and_texts_are_limited() {
    let hosts = |count: usize| vec!["a.example"; count].join(",");
    let of_hosts = |count| Sources::default().with_flag("callback.allow_hosts", &hosts(count));
    assert_eq!(complaints(&of_hosts(keys::MAX_ITEMS)).len(), 0);
    assert_eq!(complaints(&of_hosts(keys::MAX_ITEMS + 1)).len(), 1);
    let of_path = |length| Sources::default().with_flag("pool.wallets_dir", &"a".repeat(length));
    assert_eq!(complaints(&of_path(keys::MAX_TEXT_BYTES)).len(), 0);
    assert_eq!(complaints(&of_path(keys::MAX_TEXT_BYTES + 1)).len(), 1);
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file_over_the_default() {
    let mut sources = file("[server]\ndrain_secs = 1\nmax_connections = 1\nwrite_timeout_secs = 1");
    sources.variables = environment(&[
        ("SUNSWEEP_SERVER__MAX_CONNECTIONS", "2"),
        ("SUNSWEEP_SERVER__WRITE_TIMEOUT_SECS", "2"),
        ("SUNSWEEP_CALLBACK__ALLOW_HOSTS", "a.example, 10.0.0.1"),
        ("SUNSWEEP_CALLBACK__SCHEDULE_SECS", "1,2,3"),
        ("SUNSWEEP_CALLBACK__ALLOW_PRIVATE", "true"),
    ])
    .variables;
    let sources = sources.with_flag("server.write_timeout_secs", "3");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.drain_secs, 1);
    assert_eq!(config.server.max_connections, 2);
    assert_eq!(config.server.write_timeout_secs, 3);
    assert_eq!(config.server.header_read_timeout_secs, 10);
    assert_eq!(config.callback.allow_hosts, ["a.example", "10.0.0.1"]);
    assert_eq!(config.callback.schedule_secs, [1, 2, 3]);
    assert!(config.callback.allow_private);
}

#[test]
fn all_mistakes_are_told_at_once_with_their_full_path() {
    let mut sources = file(
        "colour = 1\n[sever]\nlisten = \"a\"\n[server]\nlistne = \"a\"\nmax_connections = 0\n\
         [callback]\ntimeout_secs = \"10\"\nallow_hosts = [1]\n[log]\nfilter = {a = 1}",
    );
    sources.variables = environment(&[("SUNSWEEP_NODE__URL", "a")]).variables;
    let found = complaints(&sources.with_flag("nothing", "1"));
    for (complaint, start) in found.iter().zip([
        "callback.allow_hosts = [1] (file sunsweep.toml): must be a list of 0 to 32 items",
        "callback.timeout_secs = \"10\" (file sunsweep.toml): must be a whole number from 1 to 60",
        "colour (file sunsweep.toml): unknown key; there is no such section",
        "log.filter = { a = 1 } (file sunsweep.toml): must be log levels",
        "server.listne (file sunsweep.toml): unknown key; [server] has listen, base_url,",
        "server.max_connections = 0 (file sunsweep.toml): must be a whole number from 1 to",
        "sever.listen (file sunsweep.toml): unknown key; there is no such section",
        "node.url (variable SUNSWEEP_NODE__URL): unknown key; [node] has urls,",
        "nothing (command line): unknown key; there is no such section",
    ]) {
        assert!(complaint.starts_with(start), "{complaint}\n{start}");
    }
    assert_eq!(found.len(), 9, "{found:#?}");
    let text = Complaints(found).to_string();
    assert!(text.starts_with("the configuration has 9 mistake(s):\n  callback.allow_hosts"));
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let found = complaints(&file("[server]\nlisten = \"127.0.0.1:1\"\nmax_connections = = 1\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("file sunsweep.toml, line 3: "), "{found:?}");
}

#[test]
fn contradictions_are_refused() {
    for (path, value, start) in [
        ("token.energy_to_empty", "64000", "token.energy_to_empty is below"),
        ("node.request_timeout_ms", "10000", "node.request_timeout_ms must be below"),
        ("worker.lease_secs", "10", "worker.lease_secs must be above"),
    ] {
        let found = complaints(&Sources::default().with_flag(path, value));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(start), "{found:?}");
    }
}

#[test]
fn risks_are_warned_of() {
    let sources = Sources::default()
        .with_flag("pool.permission_id", "0")
        .with_flag("callback.allow_private", "true");
    let text = Config::check(&sources).unwrap();
    assert_eq!(text.matches("\nwarning: ").count(), 2, "{text}");
}

#[test]
fn what_is_shown_can_be_loaded_again_and_holds_no_secret() {
    let mut sources = environment(&[
        ("SUNSWEEP_MASTER_KEY", "c0ffee"),
        ("SUNSWEEP_DATABASE__URL", "postgres://sun:hush@db/sweep?sslkey=hush"),
        ("SUNSWEEP_NODE__URLS", "https://node.example/hush,http://u:hush@10.0.0.1:8090?k=hush"),
    ]);
    sources.file = file("[log]\nformat = \"json\"").file;
    let shown = Config::show(&sources).unwrap();
    assert!(!shown.contains("hush") && !shown.contains("c0ffee"), "{shown}");
    for line in [
        "listen = \"127.0.0.1:8080\"  # default",
        "url = \"postgres://sun:***@db/sweep?***\"  # variable SUNSWEEP_DATABASE__URL",
        "format = \"json\"  # file sunsweep.toml",
        "# SUNSWEEP_MASTER_KEY: set",
        "# SUNSWEEP_WALLET_PASSPHRASE: unset",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert_eq!(complaints(&file(&shown)), [""; 0]);
    assert_eq!(complaints(&file(&Config::show(&Sources::default()).unwrap())), [""; 0]);
}

#[test]
fn a_complaint_does_not_repeat_what_can_hold_a_password() {
    let sources = Sources::default()
        .with_flag("database.url", "mysql://sun:hush@db/sweep")
        .with_flag("node.urls", "ftp://hush");
    assert_eq!(
        complaints(&sources),
        [
            "database.url = *** (command line): must be sqlite:<path> or \
             postgres://<user>@<host>/<database>",
            "node.urls = *** (command line): must be a list of 1 to 32 items, each an http or \
             https URL",
        ]
    );
}

#[test]
fn foreign_variables_are_left_alone_and_broken_ones_named() {
    assert_eq!(complaints(&environment(&[("PATH", "a"), ("SUNSWEEP_HOME", "b")])), [""; 0]);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let broken = OsString::from_vec(vec![0xff]);
        let sources =
            Sources::default().with_environment([("SUNSWEEP_LOG__FILTER".into(), broken)]);
        assert!(matches!(sources, Err(SourcesError::NotText(name)) if name.ends_with("FILTER")));
    }
}

#[test]
fn files_are_read_within_limits() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sunsweep.toml");
    std::fs::write(&path, "[server]\ndrain_secs = 7\n").unwrap();
    let sources = Sources::default().with_file(&path).unwrap();
    assert_eq!(Config::load(&sources).unwrap().server.drain_secs, 7);
    let too_long = "#".repeat(usize::try_from(MAX_FILE_BYTES).unwrap() + 1);
    std::fs::write(&path, too_long).unwrap();
    assert!(matches!(Sources::default().with_file(&path), Err(SourcesError::TooLong(_))));
    let missing = Sources::default().with_file(&directory.path().join("missing"));
    assert!(matches!(missing, Err(SourcesError::File { .. })));
}

#[test]
fn the_sections_become_the_settings_of_their_users() {
    let sources = Sources::default()
        .with_flag("server.max_connections", "7")
        .with_flag("callback.timeout_secs", "9")
        .with_flag("callback.allow_hosts", "10.0.0.1");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.http_limits().max_connections, 7);
    let settings = config.callback.client_settings();
    assert_eq!(settings.timeout.as_secs(), 9);
    let client = crate::callback_client::CallbackClient::new(settings).unwrap();
    assert_eq!(client.check_url("http://10.0.0.1/"), Ok(()));
    assert!(client.check_url("http://10.0.0.2/").is_err());
}
