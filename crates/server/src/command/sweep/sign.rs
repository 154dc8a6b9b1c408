//! `sunsweep sweep sign`: signs a plan. No network: this file makes no client and no runtime.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use sweep::offline::{self, Expected, PlanFile};
use tron::{Address, Sun};

use super::plan::facts;
use super::{KeyArgs, address, trx, what};
use crate::command::output::{Failure, print, say, table};

/// Check every transfer of a plan against its own bytes and sign all of them, or none. Uses no
/// network.
#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    keys: KeyArgs,
    /// Where everything has to go; said again here, because this machine must not believe the plan.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Address,
    /// The token that is moved: USDT, or its contract.
    #[arg(long, value_name = "USDT|ADDRESS", default_value = "USDT", value_parser = what::token)]
    token: Address,
    /// The most that one transfer may burn, borrowed energy counted at the chain's price, in TRX.
    #[arg(long, value_name = "TRX", value_parser = trx, default_value = "20")]
    max_fee_limit: Sun,
    /// The file to write; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Do not ask before signing.
    #[arg(long)]
    yes: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Rows that are shown before signing.
const ROWS_MAX: usize = 20;

impl SignArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        sweep::process::keep_memory_private()?;
        if self.out.exists() {
            return Err(Failure::Usage(format!("{} is there already", self.out.display())));
        }
        let plan = PlanFile::read(&self.plan)?;
        let keys = self.keys.open()?;
        if !keys.can_sign() {
            return Err(Failure::Usage("addresses alone cannot sign: give keys".to_owned()));
        }
        if !self.is_agreed(&plan)? {
            say("Nothing was signed.");
            return Ok(());
        }
        let expected = Expected {
            destination: self.to,
            token: Some(self.token),
            fee_limit_max: self.max_fee_limit,
        };
        let signed = offline::sign(&plan, &*keys, &expected)?;
        signed.write(&self.out)?;
        match self.json {
            true => print(&facts(&signed, &self.out).to_string()),
            false => {
                let count = signed.transfers.len();
                print(&format!("{count} signed transfers in {}", self.out.display()));
                print(&format!("sha256 {}", signed.sha256));
                print(&format!("they can be sent until {}", signed.expires));
            }
        }
        Ok(())
    }

    fn is_agreed(&self, plan: &PlanFile) -> Result<bool, Failure> {
        let rows = plan.transfers.iter().take(ROWS_MAX).map(|transfer| {
            let fee_limit = Sun::new(transfer.fee_limit_sun).to_trx_string();
            vec![transfer.from.to_string(), transfer.amount.clone(), fee_limit]
        });
        say(&table(&["from", &plan.token.symbol, "may burn TRX"], rows));
        if plan.transfers.len() > ROWS_MAX {
            say(&format!("... and {} more", plan.transfers.len() - ROWS_MAX));
        }
        let (total, count) = (&plan.total, plan.transfers.len());
        say(&format!("in all          {total} {} in {count} transfers", plan.token.symbol));
        say(&format!("to              {}", plan.destination));
        say(&format!("can be sent     until {}", plan.expires));
        say(&format!("sha256          {}", plan.sha256));
        if self.yes {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            let text = "nobody is there to ask: add --yes to sign";
            return Err(Failure::Failed(anyhow::anyhow!(text)));
        }
        let mut stderr = std::io::stderr().lock();
        write!(stderr, "Sign them? [y/N] ")?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}
