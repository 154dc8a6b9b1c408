//! A PostgreSQL of our own for the time of a benchmark: made in a temporary directory from Debian's
//! package, reached by a socket in it, with nothing turned off that makes a commit durable.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const USER: &str = "sunsweep";

/// Says when the server is up; ends it when its standard input does.
const GUARD: &str = r#"
settings="-k '$1' -c listen_addresses= -c max_connections=50 -c shared_buffers=256MB"
"$0"/pg_ctl -D "$1"/data -w -s -l "$1"/log -o "$settings" start && echo ready || cat "$1"/log >&2
cat >/dev/null
"$0"/pg_ctl -D "$1"/data -m immediate -s stop
"#;

/// A server that ends with this.
pub(super) struct Throwaway {
    programs: PathBuf,
    directory: PathBuf,
    guard: Child,
}

impl Throwaway {
    /// Makes and starts one below this directory.
    ///
    /// Errors: PostgreSQL is not installed, or does not start.
    pub(super) fn start(below: &Path) -> anyhow::Result<Self> {
        let programs = programs().context("PostgreSQL is missing: install Debian's postgresql")?;
        // The path of a socket has at most about a hundred characters.
        let directory = below.join("pg");
        std::fs::create_dir(&directory)?;
        let user = server_user(&directory)?;
        let mut make = Command::new(programs.join("initdb"));
        make.args(["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"])
            .arg(format!("--username={USER}"))
            .arg("--pgdata")
            .arg(directory.join("data"));
        let made = as_user(&mut make, user).output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD]).arg(&programs).arg(&directory);
        // A signal for whoever measures is not for the guard, which has to outlive him.
        let guard = as_user(&mut guard, user).process_group(0);
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = guard.spawn()?;
        let mut said = String::new();
        let stdout = guard.stdout.take().context("the server has no standard output")?;
        BufReader::new(stdout).read_line(&mut said)?;
        ensure!(said == "ready\n", "PostgreSQL did not start");
        Ok(Self { programs, directory, guard })
    }

    /// The URL of a new, empty database.
    pub(super) fn database(&self, name: &str) -> anyhow::Result<String> {
        let made = Command::new(self.programs.join("createdb"))
            .arg("--host")
            .arg(&self.directory)
            .args(["--username", USER, name])
            .output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let host = self.directory.display().to_string().replace('/', "%2F");
        Ok(format!("postgres://{USER}@{host}/{name}"))
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.directory.join(".s.PGSQL.5432")
    }
}

/// The URL of this database where somebody relays to it.
pub(super) fn url_at(address: SocketAddr, name: &str) -> String {
    format!("postgres://{USER}@{address}/{name}")
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // Nobody is left to tell; the directory goes with the benchmark's.
        let _status = self.guard.wait();
    }
}

/// Whether Debian's package is there.
pub(super) fn is_installed() -> bool {
    programs().is_some()
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?;
    let paths = versions.filter_map(|one| Some(one.ok()?.path().join("bin")));
    paths.filter(|programs| programs.join("initdb").exists()).max()
}

/// The server refuses to run as root: then the package's own user runs it, and owns its directory.
fn server_user(directory: &Path) -> anyhow::Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(directory)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<&str> = line.context("there is no user postgres")?.split(':').collect();
    let (user, group) = match fields.as_slice() {
        [_, _, user, group, ..] => (user.parse()?, group.parse()?),
        _ => anyhow::bail!("the user postgres has no number"),
    };
    chown(directory, Some(user), Some(group))?;
    Ok(Some((user, group)))
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((user, group)) => command.uid(user).gid(group).current_dir("/"),
        None => command,
    }
}
