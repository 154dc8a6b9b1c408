//! Where values come from: a file, the environment, the command line.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::keystore::PASSPHRASE_VARIABLE;
use crate::secret::MASTER_KEY_VARIABLE;

/// How every variable of ours begins.
pub const ENVIRONMENT_PREFIX: &str = "SUNSWEEP_";
/// The longest configuration file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// What is put over the defaults. The default has nothing.
#[derive(Debug, Default)]
pub struct Sources {
    /// Path and text of the configuration file.
    pub(super) file: Option<(PathBuf, String)>,
    /// Variables with a section and a key in their name.
    pub(super) variables: Vec<(String, String)>,
    /// Names of the secret variables that are set; their values are not kept here.
    pub(super) secret_variables: BTreeSet<&'static str>,
    /// Keys such as `server.listen` with their values.
    pub(super) flags: Vec<(String, String)>,
}

/// The sources cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// The file is out of reach or not UTF-8.
    #[error("the configuration file {} cannot be read", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// Past [`MAX_FILE_BYTES`].
    #[error("the configuration file {} is longer than {MAX_FILE_BYTES} bytes", .0.display())]
    TooLong(PathBuf),
    /// A variable of ours is not UTF-8.
    #[error("the variable {0} is not valid text")]
    NotText(String),
}

impl Sources {
    /// Adds a configuration file.
    ///
    /// Errors: it cannot be read, is too long or is not UTF-8.
    pub fn with_file(mut self, path: &Path) -> Result<Self, SourcesError> {
        let failed = |source| SourcesError::File { path: path.to_owned(), source };
        let mut text = String::new();
        let file = File::open(path).map_err(failed)?;
        file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(SourcesError::TooLong(path.to_owned()));
        }
        self.file = Some((path.to_owned(), text));
        Ok(self)
    }

    /// Adds the variables of an environment that are ours: `SUNSWEEP_<SECTION>__<KEY>`. Others that
    /// begin like ours, with a single underscore, belong to other parts of the product.
    ///
    /// Errors: one of ours is not UTF-8.
    pub fn with_environment(
        mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SourcesError> {
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| name.starts_with(ENVIRONMENT_PREFIX))
            else {
                continue;
            };
            let secrets = [MASTER_KEY_VARIABLE, PASSPHRASE_VARIABLE];
            self.secret_variables.extend(secrets.into_iter().filter(|secret| *secret == name));
            if name.contains("__") {
                let value =
                    value.into_string().map_err(|_| SourcesError::NotText(name.to_owned()))?;
                self.variables.push((name.to_owned(), value));
            }
        }
        Ok(self)
    }

    /// Adds a value from the command line; the last one for a key counts.
    #[must_use]
    pub fn with_flag(mut self, path: &str, value: &str) -> Self {
        self.flags.push((path.to_owned(), value.to_owned()));
        self
    }
}
