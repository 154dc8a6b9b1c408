//! Keys that come from one: a BIP39 mnemonic or a BIP32 extended key, down a path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bip32::{ChildNumber, ExtendedKey, ExtendedKeyAttrs, XPrv, XPub};
use tron::{Address, SecretKey};
use zeroize::Zeroizing;

use super::passphrase::Passphrase;
use super::path::{CHILD_MAX, NumberRange, PathTemplate, Step, StepNumber};
use super::{KeysError, KeysOptions};

/// An extended key and the addresses below it, in order.
pub(super) struct HdWallet {
    root: Node,
    path: PathTemplate,
    /// Steps of the path below the root; the key says how many lie above it.
    steps: Vec<Step>,
    accounts: NumberRange,
    indexes: Option<NumberRange>,
    gap_limit: u32,
    /// Nodes above the addresses, by account: each is derived once.
    branches: Mutex<BTreeMap<u32, Arc<Branch>>>,
}

/// Where an address lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: u32,
    pub(super) index: u32,
}

/// A node of the tree. `bip32` wipes the private one when dropped.
enum Node {
    Private(Box<XPrv>),
    Public(Box<XPub>),
}

/// The node whose children are an account's addresses.
struct Branch {
    node: Node,
    /// What is left below it: one step, or none where the node itself is the address.
    last: Option<Step>,
}

impl HdWallet {
    /// The tree of a mnemonic; without a passphrase it is that of the empty one, as BIP39 says.
    ///
    /// Errors: not a mnemonic; the words themselves are never part of the error.
    pub(super) fn from_mnemonic(
        text: &str,
        passphrase: Option<&Passphrase>,
        options: &KeysOptions,
    ) -> Result<Self, KeysError> {
        let mnemonic = parsed_mnemonic(text)?;
        let passphrase = passphrase.map_or("", Passphrase::as_str);
        let seed = Zeroizing::new(mnemonic.to_seed(passphrase));
        let root = XPrv::new(seed.as_slice()).map_err(|_| KeysError::ExtendedKey)?;
        Self::new(Node::Private(Box::new(root)), options)
    }

    /// The tree below an extended key, private or public, at whatever depth of the path it lies.
    ///
    /// Errors: not an extended key, deeper than the path, or public above a hardened step.
    pub(super) fn from_extended_key(text: &str, options: &KeysOptions) -> Result<Self, KeysError> {
        let bad = |_| KeysError::ExtendedKey;
        let key: ExtendedKey = text.parse().map_err(bad)?;
        let node = match key.prefix.is_private() {
            true => Node::Private(Box::new(XPrv::try_from(key).map_err(bad)?)),
            false => Node::Public(Box::new(XPub::try_from(key).map_err(bad)?)),
        };
        Self::new(node, options)
    }

    fn new(root: Node, options: &KeysOptions) -> Result<Self, KeysError> {
        let path = options.path.clone();
        let depth = usize::from(root.attrs().depth);
        let Some(steps) = path.steps().get(depth..).map(<[Step]>::to_vec) else {
            return Err(KeysError::TooDeep { depth, path_steps: path.steps().len() });
        };
        if matches!(root, Node::Public(_)) && steps.iter().any(|step| step.is_hardened) {
            return Err(KeysError::PublicAboveHardened);
        }
        let accounts = accounts(&root, &path, options.accounts)?;
        let has_index = steps.last().is_some_and(|step| step.number == StepNumber::Index);
        let indexes = match (has_index, steps.is_empty()) {
            (true, _) => options.indexes,
            // The key is the address itself, and knows its own number.
            (false, true) => Some(NumberRange::one(root.attrs().child_number.index())),
            // Without an index each account has one address.
            (false, false) => Some(NumberRange::one(0)),
        };
        let gap_limit = options.gap_limit.max(1);
        Ok(Self { root, path, steps, accounts, indexes, gap_limit, branches: Mutex::default() })
    }

    /// The place of the address at a position; `None` past the last.
    ///
    /// Without a range of indexes the accounts take turns, so that one row of positions without use
    /// is a gap in each of them.
    pub(super) fn place(&self, position: usize) -> Option<Place> {
        let position = u64::try_from(position).ok()?;
        let account_count = self.accounts.count();
        let (account, index) = match self.indexes {
            Some(indexes) => (position / indexes.count(), position % indexes.count()),
            None => (position % account_count, position / account_count),
        };
        if account >= account_count {
            return None;
        }
        let first_index = self.indexes.map_or(0, NumberRange::first);
        let account = self.accounts.first() + u32::try_from(account).ok()?;
        let index = u32::try_from(index).ok().and_then(|index| first_index.checked_add(index))?;
        (index <= CHILD_MAX).then_some(Place { account, index })
    }

    /// How many unused positions in a row mean that the rest is unused; `None` if there is an end.
    pub(super) fn gap(&self) -> Option<usize> {
        let gap = u64::from(self.gap_limit).saturating_mul(self.accounts.count());
        self.indexes.is_none().then(|| usize::try_from(gap).unwrap_or(usize::MAX))
    }

    /// How many addresses there are, if there is an end.
    pub(super) fn count(&self) -> Option<u64> {
        self.indexes.map(|indexes| indexes.count().saturating_mul(self.accounts.count()))
    }

    /// The path of a place as wallets write it.
    pub(super) fn label(&self, place: Place) -> String {
        self.path.at(place.account, place.index)
    }

    /// The place that a label names, if it is one of this wallet.
    pub(super) fn place_of(&self, label: &str) -> Option<Place> {
        let (account, index) = self.path.read(label)?;
        Some(Place { account: account.unwrap_or(self.accounts.first()), index: index.unwrap_or(0) })
    }

    /// The address at a place.
    pub(super) fn address(&self, place: Place) -> Result<Address, KeysError> {
        self.branch(place.account)?.leaf(place.index, Node::address)
    }

    /// The private key at a place; `None` if there are only public ones.
    pub(super) fn secret_key(&self, place: Place) -> Result<Option<SecretKey>, KeysError> {
        self.branch(place.account)?.leaf(place.index, Node::secret_key)
    }

    /// The node above an account's addresses.
    ///
    /// Errors: a child that does not exist; less likely than 2⁻¹²⁷.
    fn branch(&self, account: u32) -> Result<Arc<Branch>, KeysError> {
        let mut branches = self.branches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(branch) = branches.get(&account) {
            return Ok(branch.clone());
        }
        let (above, last) = match self.steps.split_last() {
            Some((last, above)) if last.number == StepNumber::Index => (above, Some(*last)),
            _ => (self.steps.as_slice(), None),
        };
        let mut node = self.root.copied();
        for step in above {
            node = node.child(*step, account, 0)?;
        }
        let branch = Arc::new(Branch { node, last });
        branches.insert(account, branch.clone());
        Ok(branch)
    }
}

/// The accounts to go through.
///
/// Errors: some were asked for where the key lies in one already, or where the path has none.
fn accounts(
    root: &Node,
    path: &PathTemplate,
    asked: Option<NumberRange>,
) -> Result<NumberRange, KeysError> {
    let depth = usize::from(root.attrs().depth);
    let Some(account_depth) = path.account_depth() else {
        return if asked.is_none() { Ok(NumberRange::one(0)) } else { Err(KeysError::NoAccount) };
    };
    if account_depth > depth {
        return Ok(asked.unwrap_or(NumberRange::one(0)));
    }
    // The account's own node has its number; below it nothing tells which account it was.
    let own_number = root.attrs().child_number.index();
    let fixed = NumberRange::one(if account_depth == depth { own_number } else { 0 });
    match asked {
        Some(asked) if asked != fixed => Err(KeysError::AccountFixed),
        _ => Ok(fixed),
    }
}

impl Branch {
    /// What the node with this index gives.
    fn leaf<T>(
        &self,
        index: u32,
        give: impl Fn(&Node) -> Result<T, KeysError>,
    ) -> Result<T, KeysError> {
        match self.last {
            Some(step) => give(&self.node.child(step, 0, index)?),
            None => give(&self.node),
        }
    }
}

impl Node {
    fn attrs(&self) -> &ExtendedKeyAttrs {
        match self {
            Self::Private(key) => key.attrs(),
            Self::Public(key) => key.attrs(),
        }
    }

    /// The same node once more; this module alone may copy a key, to walk on from it.
    fn copied(&self) -> Self {
        match self {
            Self::Private(key) => Self::Private(key.clone()),
            Self::Public(key) => Self::Public(key.clone()),
        }
    }

    fn child(&self, step: Step, account: u32, index: u32) -> Result<Self, KeysError> {
        let number = match step.number {
            StepNumber::Fixed(number) => number,
            StepNumber::Account => account,
            StepNumber::Index => index,
        };
        let bad = |_| KeysError::NoChild { number };
        let number = ChildNumber::new(number, step.is_hardened).map_err(bad)?;
        Ok(match self {
            Self::Private(key) => Self::Private(Box::new(key.derive_child(number).map_err(bad)?)),
            Self::Public(key) => Self::Public(Box::new(key.derive_child(number).map_err(bad)?)),
        })
    }

    fn address(&self) -> Result<Address, KeysError> {
        let public = match self {
            Self::Private(key) => *key.private_key().verifying_key(),
            Self::Public(key) => *key.public_key(),
        };
        let point = public.to_sec1_point(false);
        let uncompressed = point.as_bytes()[1..].try_into().map_err(|_| KeysError::ExtendedKey)?;
        Ok(Address::from_public_key(&uncompressed))
    }

    fn secret_key(&self) -> Result<Option<SecretKey>, KeysError> {
        let Self::Private(key) = self else { return Ok(None) };
        let bytes = Zeroizing::new(key.to_bytes());
        SecretKey::from_bytes(&bytes).map(Some).map_err(|_| KeysError::ExtendedKey)
    }
}

/// A mnemonic in whatever language its words tell. Some words are in two lists: then it is English, or
/// the English list says which word is wrong.
fn parsed_mnemonic(text: &str) -> Result<bip39::Mnemonic, KeysError> {
    let parsed = match bip39::Mnemonic::parse(text) {
        Err(bip39::Error::AmbiguousLanguages(_)) => {
            bip39::Mnemonic::parse_in(bip39::Language::English, text)
        }
        parsed => parsed,
    };
    parsed.map_err(bad_mnemonic)
}

/// The place of the mistake, never the words.
fn bad_mnemonic(error: bip39::Error) -> KeysError {
    match error {
        bip39::Error::UnknownWord(position) => KeysError::MnemonicWord { position: position + 1 },
        bip39::Error::BadWordCount(count) => KeysError::MnemonicWords { count },
        bip39::Error::InvalidChecksum => KeysError::MnemonicChecksum,
        bip39::Error::BadEntropyBitCount(_) | bip39::Error::AmbiguousLanguages(_) => {
            KeysError::Mnemonic
        }
    }
}
