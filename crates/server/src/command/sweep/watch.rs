//! `sunsweep sweep watch`: keeps running and sweeps what is due.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sweep::watch::{self, Memory, Metrics, OnRun, Schedule, WatchSettings, Watcher};
use sweep::{KeySource, RunId, Summary, Sweeper};
use tokio_util::sync::CancellationToken;
use tron::TokenUnits;

use super::what::{WhatArgs, amount};
use super::{ApiArgs, CarryArgs, KeyArgs, NodeArgs, OutputArgs, report};
use crate::command::output::{Failure, print, say};
use crate::command::serve::stop_signal;
use crate::logging::{self, LogFormat};

/// Keep looking at the balances and sweep what is due: by threshold (--min), at scheduled moments
/// (--schedule), or when tokens have lain for long enough (--max-age). Ends with Ctrl-C or SIGTERM.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    what: WhatArgs,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// Wait between two looks, such as 30s, 5m or 1h.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    every: Duration,
    /// Sweep what holds --min at these moments only: a cron expression in UTC, such as "30 2 * * *".
    #[arg(long, value_name = "CRON")]
    schedule: Option<Schedule>,
    /// With --schedule: an address that holds this much is swept at the next look, in whole tokens.
    #[arg(long, value_name = "AMOUNT", requires = "schedule")]
    at_once: Option<String>,
    /// Sweep tokens that have lain for so long, such as 24h, also below --min and between schedules.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    max_age: Option<Duration>,
    /// With --max-age: less than this is not worth it at any age, in whole tokens.
    #[arg(long, value_name = "AMOUNT", default_value = "1", requires = "max_age")]
    aged_min: String,
    /// Where metrics are offered, or off.
    #[arg(long, value_name = "ADDRESS:PORT|off", default_value = "127.0.0.1:9464", value_parser = listen_at)]
    metrics: ListenAt,
    #[command(flatten)]
    carry: CarryArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Where to listen, if at all.
#[derive(Debug, Clone, Copy)]
struct ListenAt(Option<SocketAddr>);

fn listen_at(text: &str) -> Result<ListenAt, String> {
    match text {
        "off" => Ok(ListenAt(None)),
        text => text
            .parse()
            .map(|address| ListenAt(Some(address)))
            .map_err(|_| "an address with a port, such as 127.0.0.1:9464, or off".to_owned()),
    }
}

/// A number with s, m, h or d.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a time such as 30s, 5m, 12h or 2d is expected".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let secs = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
    let duration = number.checked_mul(secs).map(Duration::from_secs);
    duration.filter(|duration| !duration.is_zero()).ok_or_else(wrong)
}

impl WatchArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.output.log, LogFormat::Text)?;
        sweep::process::keep_memory_private()?;
        let keys = self.keys.open()?;
        if !keys.can_sign() {
            return Err(Failure::Usage("addresses alone cannot sign: give keys".to_owned()));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.watch(keys))
    }

    async fn watch(self, keys: Arc<dyn KeySource>) -> Result<(), Failure> {
        let destination = self.what.destination()?;
        let api_url = self.api.url()?;
        let (api, secret) = self.api.client(&api_url)?;
        let node = self.node.connect(self.what.token).await?;
        let settings = self.what.settings(&*node, destination, &self.carry, &self.api).await?;
        let watch_settings = self.watch_settings(&settings.token)?;
        let journal = self.output.open_journal()?;
        let memory = Memory::open(&self.memory_path())?;
        let stop = CancellationToken::new();
        let wakes = self.api.listen(&secret, &stop).await?;
        let metrics = Arc::new(Metrics::default());
        if let ListenAt(Some(address)) = self.metrics {
            let at = watch::serve(address, metrics.clone(), stop.clone()).await?;
            say(&format!("metrics are at http://{at}/metrics"));
        }
        say(&format!("watching {}", keys.describe()));
        let sweeper = Sweeper {
            settings,
            api: Arc::new(api),
            node,
            keys,
            journal: Arc::new(journal),
            run: RunId::from_bytes([0; 6]),
            observer: Arc::new(sweep::Silent),
            stop: stop.clone(),
            wakes,
        };
        let mut watcher = Watcher {
            sweeper,
            settings: watch_settings,
            api_url,
            node_url: self.node.names(),
            memory,
            metrics,
            on_run: self.teller(),
        };
        let stopping = async {
            stop_signal().await;
            say("Nothing more is begun; what is under way is finished or left for the next start.");
            stop.cancel();
            // A second signal ends at once, which is safe too: everything is in the journal.
            stop_signal().await;
        };
        tokio::select! {
            ended = watcher.watch() => Ok(ended?),
            () = stopping => Err(Failure::Unfinished),
        }
    }

    fn watch_settings(&self, token: &sweep::Token) -> Result<WatchSettings, Failure> {
        let at_once = self.at_once.as_deref().map(|text| amount(token, text, "--at-once"));
        Ok(WatchSettings {
            every: self.every,
            schedule: self.schedule.clone(),
            at_once: at_once.transpose()?,
            max_age: self.max_age,
            aged_min: amount(token, &self.aged_min, "--aged-min")?.max(TokenUnits(1)),
        })
    }

    /// Beside the journal, as it belongs to it.
    fn memory_path(&self) -> PathBuf {
        let mut path = self.output.journal.as_os_str().to_owned();
        path.push(".watch.json");
        PathBuf::from(path)
    }

    /// One line for each run, and its report in a directory of its own.
    fn teller(&self) -> OnRun {
        let (is_json, directory) = (self.output.json, self.output.report.clone());
        Box::new(move |run, records| {
            let summary = Summary::of(records);
            if is_json {
                print(&summary.to_json(Some(&run.id.to_string()), records).to_string());
            } else {
                print(&format!(
                    "run {}: swept {}, failed {}, under way {}; moved {} {}, paid {} TRX, burned {} TRX",
                    run.id,
                    summary.swept,
                    summary.failed,
                    summary.unfinished,
                    run.token.show(summary.moved),
                    run.token.symbol,
                    summary.charged.to_trx_string(),
                    summary.burned.to_trx_string(),
                ));
            }
            if let Some(directory) = &directory {
                let directory = directory.join(run.id.to_string());
                if let Err(Failure::Failed(error)) = report::write(run, records, &directory) {
                    tracing::error!("the report was not written: {error:#}");
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        for (text, secs) in [("30s", 30), ("5m", 300), ("12h", 43_200), ("2d", 172_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(secs)));
        }
        for bad in ["", "s", "30", "0s", "-1s", "1.5h", "1w", "99999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(listen_at("off").unwrap().0.is_none());
        assert!(listen_at("localhost").is_err());
    }
}
