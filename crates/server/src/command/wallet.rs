//! `sunsweep wallet`: add, enable, disable, list.

use std::path::Path;
use std::path::PathBuf;

use app::ports::role_name;
use app::rows::NewWallet;
use clap::{Subcommand, ValueEnum};
use domain::pool::WalletRole;
use tron::{Address, Resource};
use zeroize::Zeroizing;

use super::output::{Failure, print, say, table};
use crate::boot::Offline;
use crate::private_file;

/// What to do with pool wallets.
#[derive(Debug, Subcommand)]
pub(super) enum WalletCommand {
    /// Add a wallet whose stake is lent, that pays for activations, or that sends TRX.
    ///
    /// The signing key is read from a file of 64 hex digits, or made afresh, and kept encrypted in
    /// the wallet directory under the passphrase.
    Add {
        /// The wallet's address; the signing key's own address if absent.
        #[arg(long, value_name = "T…")]
        address: Option<Address>,
        /// File with the signing key; it is read, not kept.
        #[arg(long, value_name = "FILE", conflicts_with = "generate")]
        key_file: Option<PathBuf>,
        /// Make a fresh signing key and print the address to grant the permission to.
        #[arg(long)]
        generate: bool,
        /// What the wallet is for.
        #[arg(long, value_enum, default_value = "lender")]
        role: Role,
        /// The active permission that the signing key holds on the wallet; 0 is the owner's.
        #[arg(long, default_value_t = 2)]
        permission_id: i32,
    },
    /// Let new orders use a wallet.
    Enable {
        /// The wallet's address.
        address: Address,
    },
    /// Keep new orders away from a wallet; what it has lent still comes back.
    Disable {
        /// The wallet's address.
        address: Address,
    },
    /// List wallets as last read from the chain.
    List,
}

/// What a wallet is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Role {
    /// Lends stake.
    Lender,
    /// Pays for activations.
    Activator,
    /// Sends TRX for merchants, from a small float.
    Payer,
}

impl WalletCommand {
    /// Runs it on the configured database and wallet directory.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Add { address, key_file, generate, role, permission_id } => {
                let signer = match (key_file, generate) {
                    (Some(file), _) => import(&offline, &file)?,
                    (None, true) => offline.keystore().generate(&offline.passphrase()?)?,
                    (None, false) => {
                        return Err(anyhow::anyhow!("give --key-file FILE or --generate").into());
                    }
                };
                let role = match role {
                    Role::Lender => WalletRole::Lender,
                    Role::Activator => WalletRole::Activator,
                    Role::Payer => WalletRole::Payer,
                };
                let address = address.unwrap_or(signer);
                let wallet = NewWallet { address, signer, role, permission_id };
                offline.wait(offline.administrator().put_wallet(wallet))?;
                print(&format!("{address} added as {}; {signer} signs for it", role_name(role)));
                say_permission(&wallet);
                Ok(())
            }
            Self::Enable { address } => enable(&offline, address, true),
            Self::Disable { address } => enable(&offline, address, false),
            Self::List => list(&offline),
        }
    }
}

/// Reads a key from a file into the keystore.
fn import(offline: &Offline, file: &Path) -> Result<Address, Failure> {
    let text = private_file::read(file)?;
    let mut key = Zeroizing::new([0; 32]);
    let digits = std::str::from_utf8(&text).unwrap_or_default().trim();
    if hex::decode_to_slice(digits, key.as_mut_slice()).is_err() {
        return Err(anyhow::anyhow!("{} does not hold 64 hex digits", file.display()).into());
    }
    Ok(offline.keystore().create(&key, &offline.passphrase()?)?)
}

/// What the owner has to grant on chain, so that a leaked key cannot steal.
fn say_permission(wallet: &NewWallet) {
    if wallet.permission_id == 0 {
        say("Warning: this key holds the owner permission. If it leaks, the wallet is lost.");
        return;
    }
    let operations = match wallet.role {
        WalletRole::Lender => "DelegateResource (57) and UnDelegateResource (58)",
        WalletRole::Activator => "AccountCreate (0)",
        WalletRole::Payer => "Transfer (1)",
    };
    say(&format!(
        "Grant {} an active permission {} on {} with {operations} and nothing else.",
        wallet.signer, wallet.permission_id, wallet.address
    ));
}

fn enable(offline: &Offline, address: Address, is_enabled: bool) -> Result<(), Failure> {
    offline.wait(offline.administrator().enable_wallet(address, is_enabled))?;
    print(&format!("{address} is {}", if is_enabled { "enabled" } else { "disabled" }));
    Ok(())
}

fn list(offline: &Offline) -> Result<(), Failure> {
    let (pool, _) = offline.wait(offline.store.pool())?;
    let rows = pool.wallets.iter().map(|wallet| {
        vec![
            wallet.address.to_string(),
            role_name(wallet.role).to_owned(),
            wallet.free(Resource::Energy).to_trx_string(),
            wallet.energy_reserved.to_trx_string(),
            wallet.free(Resource::Bandwidth).to_trx_string(),
            wallet.own_bandwidth.to_string(),
            wallet.balance.to_trx_string(),
            if wallet.is_enabled { "" } else { "disabled" }.to_owned(),
        ]
    });
    let header = [
        "address",
        "role",
        "free energy stake (TRX)",
        "reserved (TRX)",
        "free bandwidth stake (TRX)",
        "own bandwidth",
        "TRX",
        "",
    ];
    print(&table(&header, rows));
    Ok(())
}
