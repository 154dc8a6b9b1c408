//! A PostgreSQL of our own for the time of a test run: made in a temporary directory from Debian's
//! package, reached by a socket in it, gone with the process. An existing server is never touched.

#![allow(dead_code, reason = "each test binary uses its part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Says when the server is up; ends it and removes its files when whoever started it is gone: the
/// standard input ends then.
const GUARD: &str = r#"
settings="-k '$1' -c fsync=off -c full_page_writes=off"
settings="$settings -c max_connections=300 -c shared_buffers=32MB $2"
"$0"/pg_ctl -D "$1"/data -w -s -l "$1"/log -o "$settings" start && echo ready || cat "$1"/log >&2
cat >/dev/null
"$0"/pg_ctl -D "$1"/data -m immediate -s stop
rm -rf "$1"
"#;

/// A database whose schema is up to date, from which others are copied.
const TEMPLATE: &str = "sunsweep_template";

/// The server of this process.
pub(crate) struct Cluster {
    directory: PathBuf,
    /// Where it would listen; a part of the name of its socket.
    port: u16,
    /// Lives as long as the process: it is never waited for.
    _guard: Child,
    databases: AtomicU32,
}

/// The server of this process, started when it is first asked for; `None` where the package is missing,
/// unless `SUNSWEEP_NEEDS_POSTGRES` says that it must not be.
pub(crate) fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(|| start(5432, "-c listen_addresses=", |_| {})).as_ref()
}

/// Another server, which also listens on 127.0.0.1 and takes TLS with a certificate of its own that names
/// `localhost`; with the port, and the certificate as PEM.
pub(crate) fn cluster_with_tls() -> Option<(Cluster, u16, Vec<u8>)> {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut certificate = Vec::new();
    let settings = "-c listen_addresses=127.0.0.1 -c ssl=on";
    let cluster = start(port, settings, |data| certificate = certify(data))?;
    Some((cluster, port, certificate))
}

/// Makes a key and a certificate that it signs itself, where the server looks for them.
fn certify(data: &Path) -> Vec<u8> {
    let (key, certificate) = (data.join("server.key"), data.join("server.crt"));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    let made = make.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    server_user(&key);
    std::fs::read(&certificate).unwrap()
}

impl Cluster {
    /// The URL of a new database with the newest schema and nothing in it.
    pub(crate) fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
        self.url(&name)
    }

    /// The same as a URL that begins with `postgres://`.
    pub(crate) fn database_url(&self) -> String {
        let words = self.database();
        let directory = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://sunsweep@{directory}/{}", name_of(&words))
    }

    /// Where it listens: the path of a socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join(format!(".s.PGSQL.{}", self.port))
    }

    /// The URL of a new database without any table.
    pub(crate) fn empty_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs SQL as `psql` does; the answer's rows, one a line.
    pub(crate) fn try_ask(&self, database: &str, sql: &str) -> Result<String, String> {
        let done = Command::new(programs().unwrap().join("psql"))
            .args(["-h", self.directory.to_str().unwrap(), "-p", &self.port.to_string()])
            .args(["-U", "sunsweep", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-qAtc", sql])
            .output()
            .unwrap();
        match done.status.success() {
            true => Ok(String::from_utf8(done.stdout).unwrap()),
            false => Err(String::from_utf8(done.stderr).unwrap()),
        }
    }

    fn ask(&self, database: &str, sql: &str) {
        self.try_ask(database, sql).unwrap();
    }

    fn url(&self, database: &str) -> String {
        let directory = self.directory.display();
        format!("host={directory} port={} user=sunsweep dbname={database}", self.port)
    }
}

/// The database that a URL of [`Cluster::database`] names.
pub(crate) fn name_of(url: &str) -> &str {
    url.rsplit_once('=').unwrap().1
}

/// Where the newest installed server's programs are.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.map(|one| one.unwrap().path().join("bin")).collect();
    found.retain(|programs| programs.join("initdb").exists());
    found.sort();
    found.pop()
}

fn start(port: u16, settings: &str, prepare: impl FnOnce(&Path)) -> Option<Cluster> {
    let Some(programs) = programs() else {
        assert!(
            std::env::var_os("SUNSWEEP_NEEDS_POSTGRES").is_none(),
            "PostgreSQL is missing: install Debian's package postgresql"
        );
        return None;
    };
    let directory = tempfile::Builder::new().prefix("sunsweep-pg-").tempdir().unwrap().keep();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    let user = server_user(&directory);
    let mut make = Command::new(programs.join("initdb"));
    make.args(["--auth=trust", "--username=sunsweep", "--encoding=UTF8", "--no-locale"])
        .args(["--no-sync", "--pgdata"])
        .arg(directory.join("data"));
    let made = as_user(&mut make, user).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    prepare(&directory.join("data"));
    let mut guard = Command::new("sh");
    guard.args(["-c", GUARD]).arg(&programs).arg(&directory);
    guard.arg(format!("{settings} -p {port}"));
    let guard = as_user(&mut guard, user).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut guard = guard.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(guard.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n", "the server did not start");
    let cluster = Cluster { directory, port, _guard: guard, databases: AtomicU32::new(0) };
    cluster.ask("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
    crate::fill_template(&cluster.url(TEMPLATE));
    Some(cluster)
}

/// The server refuses to run as root: then the package's own user runs it, and owns its directory.
fn server_user(directory: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(directory).unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<&str> = line.expect("the package made its user").split(':').collect();
    let (user, group) = (fields[2].parse().unwrap(), fields[3].parse().unwrap());
    chown(directory, Some(user), Some(group)).unwrap();
    Some((user, group))
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((user, group)) => command.uid(user).gid(group).current_dir("/"),
        None => command,
    }
}
