//! `sunsweep dev`: a playground.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::json;
use wire::names;
use zeroize::Zeroizing;

use super::output::{Failure, print, say};
use super::serve::stop_signal;
use crate::logging::{self, LogFormat};
use crate::private_file;
use crate::world::{ADDRESSES_MAX, AddressKind, World, WorldOptions, WorldPerson};

/// Run a devnet, the server, a pool, a merchant and payment addresses until told to stop.
#[derive(Debug, clap::Args)]
pub(super) struct Dev {
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the devnet listens.
    #[arg(long, default_value = "127.0.0.1:8090")]
    node_listen: SocketAddr,
    /// Where the admin interface listens; without it there is none.
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<SocketAddr>,
    /// Directory to keep the world in and to resume it from; without it the world is forgotten.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Time between two blocks, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    block_time_ms: i64,
    /// Payment addresses that hold tokens.
    #[arg(long, default_value_t = 20, value_parser = addresses)]
    addresses: usize,
    /// Print one line of JSON when ready.
    #[arg(long)]
    json: bool,
    /// What is logged, as RUST_LOG writes it.
    #[arg(long, default_value = "warn")]
    log: String,
}

/// How many addresses a world may have.
pub(super) fn addresses(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=ADDRESSES_MAX).contains(&number) => Ok(number),
        _ => Err(format!("a number from 1 to {ADDRESSES_MAX} is expected")),
    }
}

impl Dev {
    /// Runs it until it is told to stop.
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.log, LogFormat::Text)?;
        let forgotten = Scratch::new()?;
        let options = WorldOptions {
            listen: self.listen,
            node_listen: self.node_listen,
            admin_listen: self.admin_listen,
            data: self.data.clone().unwrap_or_else(|| forgotten.0.clone()),
            database_url: None,
            block_time_ms: self.block_time_ms,
            addresses: self.addresses,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async move {
            let world = World::start(&options).await?;
            let files = SweepFiles::write(&world, &options.data)?;
            let people = world.people().await?;
            let admin = match world.admin_url.clone() {
                Some(url) => Some(AdminAccess { url, token: world.admin_token().await? }),
                None => None,
            };
            match self.json {
                true => print(&connection_line(&world, &files, &people, admin.as_ref())),
                false => introduce(&world, &files, &people, admin.as_ref()),
            }
            stop_signal().await;
            world.stop().await?;
            Ok(())
        })
    }
}

/// A directory that goes when the process ends.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new() -> std::io::Result<Self> {
        let name = format!("sunsweep-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("{} could not be removed: {error}", self.0.display());
        }
    }
}

/// What `sunsweep sweep` reads, as a merchant has it: the keys of the payment addresses, the secret.
struct SweepFiles {
    keys: PathBuf,
    api_secret: PathBuf,
}

impl SweepFiles {
    /// Writes them beside the world's data; those of an earlier start are replaced.
    fn write(world: &World, data: &Path) -> std::io::Result<Self> {
        let files = Self { keys: data.join("keys.csv"), api_secret: data.join("api-secret") };
        let mut keys = Zeroizing::new("address,private_key\n".to_owned());
        for (index, payment) in world.payment_addresses.iter().enumerate() {
            let key = Zeroizing::new(world.payment_key_hex(index));
            keys.push_str(&format!("{},{}\n", payment.address, *key));
        }
        let secret = &world.shop.api_secret;
        for (path, text) in [(&files.keys, &keys), (&files.api_secret, secret)] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => private_file::write_new(path, text.as_bytes())?,
            }
        }
        Ok(files)
    }
}

/// The admin interface, with a token that may do everything.
struct AdminAccess {
    url: String,
    token: Zeroizing<String>,
}

/// Everything that a program needs to use the world.
fn connection_line(
    world: &World,
    files: &SweepFiles,
    people: &[WorldPerson],
    admin: Option<&AdminAccess>,
) -> String {
    let addresses: Vec<_> = world
        .payment_addresses
        .iter()
        .enumerate()
        .map(|(index, payment)| {
            json!({
                "address": payment.address,
                "private_key": world.payment_key_hex(index),
                "usdt": payment.usdt.0.to_string(),
                "activated": payment.kind != AddressKind::NeverActivated,
            })
        })
        .collect();
    json!({
        "api_url": world.api_url,
        "console": {
            "url": console_url(world),
            "people": people.iter().map(person_line).collect::<Vec<_>>(),
        },
        "admin": admin.map(|admin| json!({"url": admin.url, "token": admin.token.as_str()})),
        "api_key": world.shop.api_key,
        "api_secret": *world.shop.api_secret,
        "node_url": world.node_url,
        "usdt_contract": world.usdt,
        "pool_wallets": world.pool_wallets,
        "merchant": {"id": world.shop.merchant.0, "name": world.shop.name},
        "keys_file": files.keys,
        "api_secret_file": files.api_secret,
        "payment_addresses": addresses,
        "recipient_with_usdt": world.recipient_with_usdt,
        "recipient_without_usdt": world.recipient_without_usdt,
    })
    .to_string()
}

fn console_url(world: &World) -> String {
    format!("{}{}", world.api_url, crate::console::PREFIX)
}

fn person_line(person: &WorldPerson) -> serde_json::Value {
    json!({
        "name": person.name,
        "merchant": person.access.merchant.map(|merchant| merchant.0),
        "password": person.password.as_str(),
        "totp_secret": person.totp.base32().as_str(),
        "totp_url": person.totp.url(person.name).as_str(),
    })
}

fn introduce_console(world: &World, people: &[WorldPerson]) {
    say("");
    say("The console, with what an authenticator needs for the one-time codes:");
    say("");
    print(&format!("console     {}", console_url(world)));
    for person in people {
        let (name, password) = (person.name, person.password.as_str());
        print(&format!("{name:<11} password {password}, codes {}", person.totp.base32().as_str()));
    }
}

fn introduce(
    world: &World,
    files: &SweepFiles,
    people: &[WorldPerson],
    admin: Option<&AdminAccess>,
) {
    let first = &world.payment_addresses[0];
    say("A TRON devnet and sunsweep are running. Ctrl-C ends them.");
    say("");
    print(&format!("server      {}", world.api_url));
    print(&format!("node        {}", world.node_url));
    print(&format!("api key     {}", world.shop.api_key));
    print(&format!("api secret  {}", *world.shop.api_secret));
    print(&format!(
        "addresses   {} with USDT, the first is {}",
        world.payment_addresses.len(),
        first.address
    ));
    print(&format!("cold wallet {} (holds USDT)", world.recipient_with_usdt));
    introduce_console(world, people);
    if let Some(admin) = admin {
        print(&format!("admin       {}{}", admin.url, crate::admin::PREFIX));
        print(&format!("admin token {}", *admin.token));
    }
    say("");
    say("Your first order, signed in the shell:");
    say("");
    print(&signed_curl(world));
    say("");
    say("All of them swept to the cold wallet:");
    say("");
    print(&format!(
        "sunsweep sweep --keys {keys} --to {to} --token {token} \\\n  --api {api} --api-key {key} \\\n  \
         --api-secret-file {secret} --node {node}",
        keys = files.keys.display(),
        to = world.recipient_with_usdt,
        token = world.usdt,
        api = world.api_url,
        key = world.shop.api_key,
        secret = files.api_secret.display(),
        node = world.node_url,
    ));
}

/// A command that places an order when it is pasted; it signs at that moment, because a signature is
/// good for five minutes.
fn signed_curl(world: &World) -> String {
    let request = wire::CollectRequest {
        scene: domain::collect::Scene::Automatic,
        receiver: world.payment_addresses[0].address,
        recipient: Some(world.recipient_with_usdt),
        callback_url: None,
        reference: Some("first".to_owned()),
    };
    format!(
        r#"BODY='{body}'
TIMESTAMP=$(date +%s)
SIGNATURE=$(printf '%s&%s' "$TIMESTAMP" "$BODY" | openssl dgst -sha256 -hmac '{secret}' | sed 's/.* //')
curl -s '{url}{path}' -H '{api_key}: {key}' -H "{timestamp}: $TIMESTAMP" \
  -H "{signature}: $SIGNATURE" -H '{content_type}: {json}' -d "$BODY""#,
        api_key = names::API_KEY,
        timestamp = names::TIMESTAMP,
        signature = names::SIGNATURE,
        content_type = names::CONTENT_TYPE,
        json = names::APPLICATION_JSON,
        body = request.to_body(),
        secret = *world.shop.api_secret,
        url = world.api_url,
        path = names::PATH_COLLECT_MANUAL,
        key = world.shop.api_key,
    )
}
