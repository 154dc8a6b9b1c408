//! Where the keys come from, on the command line.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sweep::KeySource;
use sweep::keys::{
    GAP_LIMIT, KIND_NAMES, Keys, KeysKind, KeysOptions, NumberRange, Passphrase, PassphraseError,
    Passphrases, PathTemplate,
};
use zeroize::Zeroizing;

use super::needed;
use crate::command::output::{Failure, say};

/// Environment variable that opens keystores.
const KEYS_PASSPHRASE: &str = "SUNSWEEP_KEYS_PASSPHRASE";
/// Environment variable of the passphrase that belongs to a mnemonic.
const MNEMONIC_PASSPHRASE: &str = "SUNSWEEP_MNEMONIC_PASSPHRASE";

/// Keys; they stay on this machine.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// Keys of the payment addresses: a mnemonic, an xprv, a Web3 keystore or a directory of them, a
    /// CSV with the header address,private_key, one raw key; or an xpub or a list of addresses, to
    /// look only.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// What --keys is, if its content does not say so.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    keys_kind: Option<KeysKind>,
    /// Accounts of an HD wallet, as 0 or 0-3.
    #[arg(long, value_name = "RANGE")]
    accounts: Option<NumberRange>,
    /// Indexes of each account, as 0-9999; without it, until the gap limit.
    #[arg(long, value_name = "RANGE")]
    indexes: Option<NumberRange>,
    /// Unused addresses in a row that end an account.
    #[arg(long, value_name = "N", default_value_t = GAP_LIMIT)]
    gap_limit: u32,
    /// The way down from an HD wallet's root.
    #[arg(long, value_name = "PATH")]
    hd_path: Option<PathTemplate>,
    /// File with the passphrase of the keystores; else the environment's SUNSWEEP_KEYS_PASSPHRASE.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File with the mnemonic's passphrase, if it has one; else SUNSWEEP_MNEMONIC_PASSPHRASE.
    #[arg(long, value_name = "FILE")]
    mnemonic_passphrase_file: Option<PathBuf>,
    /// Ask for the mnemonic's passphrase at the terminal.
    #[arg(long, conflicts_with = "mnemonic_passphrase_file")]
    ask_mnemonic_passphrase: bool,
}

fn kind(text: &str) -> Result<KeysKind, String> {
    let found = KIND_NAMES.iter().find(|(name, _)| *name == text);
    let names = || KIND_NAMES.map(|(name, _)| name).join(", ");
    found.map(|(_, kind)| *kind).ok_or_else(|| format!("one of {} is expected", names()))
}

impl KeyArgs {
    /// Opens the source.
    pub(super) fn open(&self) -> Result<Arc<dyn KeySource>, Failure> {
        let path = needed(self.keys.as_ref(), "--keys")?;
        let options = KeysOptions {
            kind: self.keys_kind,
            accounts: self.accounts,
            indexes: self.indexes,
            gap_limit: self.gap_limit,
            path: self.hd_path.clone().unwrap_or_default(),
        };
        let keys = Keys::open(path, &options, self)?;
        if keys.is_readable_by_others() {
            say(&format!("warning: others on this machine can read {}", path.display()));
        }
        Ok(Arc::new(keys))
    }
}

impl Passphrases for KeyArgs {
    fn of_keystores(&self) -> Result<Passphrase, PassphraseError> {
        let given = given(self.passphrase_file.as_deref(), KEYS_PASSPHRASE)?;
        match given {
            Some(passphrase) => Ok(passphrase),
            None if std::io::stdin().is_terminal() => asked("Passphrase of the keystores: "),
            None => Err(PassphraseError::Missing(
                "give --passphrase-file or SUNSWEEP_KEYS_PASSPHRASE, or run it at a terminal",
            )),
        }
    }

    fn of_mnemonic(&self) -> Result<Option<Passphrase>, PassphraseError> {
        if self.ask_mnemonic_passphrase {
            return asked("Passphrase of the mnemonic: ").map(Some);
        }
        given(self.mnemonic_passphrase_file.as_deref(), MNEMONIC_PASSPHRASE)
    }
}

/// Typed at the terminal, without being shown.
fn asked(prompt: &str) -> Result<Passphrase, PassphraseError> {
    let text = rpassword::prompt_password(prompt).map_err(PassphraseError::Terminal)?;
    Passphrase::new(Zeroizing::new(text))
}

/// From the file, or else from the environment.
fn given(
    file: Option<&std::path::Path>,
    variable: &str,
) -> Result<Option<Passphrase>, PassphraseError> {
    match (file, std::env::var(variable)) {
        (Some(path), _) => Passphrase::read(path).map(Some),
        (None, Ok(text)) => Passphrase::new(Zeroizing::new(text)).map(Some),
        (None, Err(_)) => Ok(None),
    }
}
