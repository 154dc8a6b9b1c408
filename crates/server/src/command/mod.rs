//! The command line: one binary, roles as subcommands.
//!
//! Standard output is the result, standard error everything else; `--json` changes the form only.

mod admin;
mod audit;
mod backup;
mod bench;
mod callback;
mod config;
mod copy;
mod demo;
mod deposit;
mod dev;
mod devnet;
mod key;
mod merchant;
mod merchant_statement;
mod migrate;
mod operator;
mod output;
mod policy;
mod price;
mod serve;
mod sweep;
mod wallet;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use output::Failure;

/// TRON energy and collection server.
#[derive(Debug, Parser)]
#[command(name = "sunsweep", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// Configuration file; without it the defaults and the environment apply.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sweep twenty addresses on a devnet in this process and show what it saved.
    Demo(demo::Demo),
    /// Keep the same world running as a playground.
    Dev(dev::Dev),
    /// Run the server against real nodes.
    Serve(serve::Serve),
    /// Run the devnet alone.
    Devnet(devnet::DevnetCommand),
    /// Move the tokens of many payment addresses, with keys that stay on this machine.
    Sweep(Box<sweep::Sweep>),
    /// Add merchants, credit and debit them, list them, print statements.
    #[command(subcommand)]
    Merchant(merchant::MerchantCommand),
    /// Add, bind, revoke and list API keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Add and list pool wallets.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// List price lists and set prices.
    #[command(subcommand)]
    Price(price::PriceCommand),
    /// Tokens of the admin interface, and the log of changes.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// People who use the console: invite, reset, shut out, list.
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// Hand out deposit addresses, list deposits, say how far the scan is.
    #[command(subcommand)]
    Deposit(deposit::DepositCommand),
    /// Look at callbacks and replay them.
    #[command(subcommand)]
    Callback(callback::CallbackCommand),
    /// List the standing orders of merchants, show and stop one.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Prove ledger, rows and chain against each other.
    Audit(audit::Audit),
    /// Move a shop from SQLite to PostgreSQL.
    Copy(copy::Copy),
    /// Bring the schema of the database up to date.
    Migrate(migrate::Migrate),
    /// Copy the database while it serves.
    Backup(backup::Backup),
    /// Put a copy in the place of the database.
    Restore(backup::Restore),
    /// Measure the product beside this machine's ceilings.
    Bench(bench::Bench),
    /// Check and show the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

impl Cli {
    /// Runs the command and says how it ended; exit codes are listed in `docs/operations.md`.
    pub fn run(self) -> ExitCode {
        let config = self.config;
        let outcome = match self.command {
            Command::Demo(command) => command.run(),
            Command::Dev(command) => command.run(),
            Command::Serve(command) => command.run(config.as_deref()),
            Command::Copy(command) => command.run(config.as_deref()),
            Command::Migrate(command) => command.run(config.as_deref()),
            Command::Devnet(command) => command.run(),
            Command::Sweep(command) => command.run(),
            Command::Merchant(command) => command.run(config.as_deref()),
            Command::Key(command) => command.run(config.as_deref()),
            Command::Wallet(command) => command.run(config.as_deref()),
            Command::Price(command) => command.run(config.as_deref()),
            Command::Admin(command) => command.run(config.as_deref()),
            Command::Operator(command) => command.run(config.as_deref()),
            Command::Deposit(command) => command.run(config.as_deref()),
            Command::Callback(command) => command.run(config.as_deref()),
            Command::Policy(command) => command.run(config.as_deref()),
            Command::Audit(command) => command.run(config.as_deref()),
            Command::Backup(command) => command.run(config.as_deref()),
            Command::Restore(command) => command.run(config.as_deref()),
            Command::Bench(command) => command.run(),
            Command::Config(command) => command.run(config.as_deref()),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }
}
