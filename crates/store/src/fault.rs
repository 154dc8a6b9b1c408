//! Why the statements of one job did not go through.

use app::ports::StoreError;

use crate::sql::{self, Error};

/// Why the statements of one job did not go through.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database refused or failed.
    Sql(Error),
    /// The lease was taken over.
    LeaseLost,
    /// What was to be written breaks a rule that the schema cannot state.
    Broken(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

/// What a fault means to the caller.
pub(crate) fn store_error(fault: Fault) -> StoreError {
    match fault {
        Fault::LeaseLost => StoreError::LeaseLost,
        Fault::Broken(what) => StoreError::Broken(what),
        Fault::Sql(error) => sql::store_error(error),
    }
}
