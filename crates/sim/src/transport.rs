//! The wire between a process and its node: real questions to the devnet, with faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use devnet::{Fate, FaultRule, Request, When};
use node::{Transport, TransportError};
use serde_json::Value;
use tron::{Address, SignedTx};

use crate::faults::Fault;
use crate::stage::{Stage, State};

/// Asks the devnet for one process.
pub(crate) struct StageTransport {
    pub(crate) stage: Arc<Stage>,
    pub(crate) process: usize,
    /// Whether some answers may come from a node that is behind.
    pub(crate) may_lag: bool,
}

/// Asks the devnet, always and at once: for checks.
pub(crate) struct CleanTransport(pub(crate) Arc<Stage>);

const BROADCAST: &str = "wallet/broadcasthex";
const RESOURCES: &str = "wallet/getaccountresource";
const DELEGATED: &str = "wallet/getdelegatedresourcev2";
const HEAD: &str = "wallet/getblock";
/// A view is at most this far behind, so that the proof of loss of a pool of nodes holds.
const LAG_MAX_MS: i64 = 60_000;
const LAG_MAX_BLOCKS: u64 = 8;

/// What happens to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Answered,
    Struck(Fault),
    Lagging(u64),
}

#[async_trait]
impl Transport for CleanTransport {
    async fn call(&self, path: &str, body: Value) -> Result<Value, TransportError> {
        Ok(self.0.devnet.call(&Request::post(path, body)).body)
    }
}

#[async_trait]
impl Transport for StageTransport {
    async fn call(&self, path: &str, body: Value) -> Result<Value, TransportError> {
        self.stage.pass().await;
        let course = self.stage.with(|state| self.draw(state, path));
        if path == BROADCAST {
            self.check_stored(&body, course);
        }
        if path == RESOURCES {
            self.mark_read(&body, course);
        }
        let answer = self.perform(path, body, course);
        self.stage.pass().await;
        answer
    }
}

impl StageTransport {
    fn draw(&self, state: &mut State, path: &str) -> Course {
        let everywhere = [
            Fault::LostRequest,
            Fault::LostAnswer,
            Fault::DuplicateRequest,
            Fault::Limiter,
            Fault::Suspended,
            Fault::ServerError,
        ];
        let sending = [Fault::NodeBusy, Fault::NeverIncluded, Fault::RelayFailed];
        let is_sending = path == BROADCAST;
        let faults = everywhere.into_iter().chain(sending.into_iter().filter(|_| is_sending));
        for fault in faults {
            if state.strikes(fault) {
                return Course::Struck(fault);
            }
        }
        if is_sending || !self.may_lag {
            return Course::Answered;
        }
        // A question of two requests, the head and what is shown at it, goes to one node.
        let lag =
            match state.lags.remove(&state.task).filter(|_| path == RESOURCES || path == DELEGATED)
            {
                Some(lag) => lag,
                None if state.strikes(Fault::LaggingView) => 1 + state.random.below(LAG_MAX_BLOCKS),
                None => 0,
            };
        let is_recent = state.blocks.is_recent(lag, LAG_MAX_MS, self.stage.devnet.solid_number());
        let lag = if is_recent { lag } else { 0 };
        if path == HEAD {
            state.lags.insert(state.task, lag);
        }
        if lag > 0 { Course::Lagging(lag) } else { Course::Answered }
    }

    fn perform(&self, path: &str, body: Value, course: Course) -> Result<Value, TransportError> {
        let devnet = &self.stage.devnet;
        let request = Request::post(path, body);
        let fault = match course {
            Course::Answered => None,
            Course::Lagging(blocks) => Some(devnet::Fault::Lag { blocks }),
            Course::Struck(Fault::LostRequest) => {
                return Err(TransportError::Connect { detail: "lost".to_owned() });
            }
            Course::Struck(Fault::LostAnswer) => {
                drop(devnet.call(&request));
                return Err(TransportError::Timeout { limit: Duration::from_secs(5) });
            }
            Course::Struck(Fault::DuplicateRequest) => {
                drop(devnet.call(&request));
                None
            }
            Course::Struck(Fault::Suspended) => {
                return Err(TransportError::Suspended { retry_after: Duration::from_secs(5) });
            }
            Course::Struck(Fault::ServerError) => {
                return Err(TransportError::Status { status: 503, text: "busy".to_owned() });
            }
            Course::Struck(Fault::Limiter) => Some(devnet::Fault::Limiter),
            Course::Struck(Fault::NodeBusy) => Some(devnet::Fault::Busy),
            Course::Struck(Fault::NeverIncluded) => Some(devnet::Fault::NeverInclude),
            Course::Struck(Fault::RelayFailed) => Some(devnet::Fault::RelayFailed),
            Course::Struck(other) => {
                self.stage.note(None, format!("{} is no fault of a node", other.word()));
                None
            }
        };
        if let Some(fault) = fault {
            let rule = FaultRule { path: path.to_owned(), when: When::Next(1), fault };
            if let Err(refused) = devnet.add_fault(rule) {
                self.stage.note(None, format!("the devnet takes no fault: {refused}"));
            }
        }
        let reply = devnet.call(&request);
        match reply.fate {
            Fate::Answered | Fate::Late { .. } if reply.status == 200 => Ok(reply.body),
            Fate::Answered | Fate::Late { .. } => {
                Err(TransportError::Status { status: reply.status, text: reply.body.to_string() })
            }
            Fate::Lost => Err(TransportError::Timeout { limit: Duration::from_secs(5) }),
        }
    }

    /// Nothing is sent that is not stored.
    fn check_stored(&self, body: &Value, course: Course) {
        let bytes = body["transaction"].as_str().and_then(|text| hex::decode(text).ok());
        let Some(tx) = bytes.and_then(|bytes| SignedTx::from_bytes(&bytes).ok()) else {
            self.stage.violate("what is sent is a transaction", None, body.to_string());
            return;
        };
        let txid = tx.txid();
        self.stage.with(|state| match state.book.served_by(txid) {
            Some(order) => {
                state.note(
                    Some(order),
                    format!("process {} sends {txid}: {course:?}", self.process),
                );
            }
            None => state.violate("nothing is sent that is not stored", None, txid.to_string()),
        });
    }

    fn mark_read(&self, body: &Value, course: Course) {
        let Some(address) = body["address"].as_str().and_then(|text| Address::from_hex(text).ok())
        else {
            return;
        };
        self.stage.with(|state| {
            let step = match course {
                Course::Lagging(blocks) => state.blocks.step_of(blocks),
                Course::Answered | Course::Struck(_) => state.step,
            };
            state.reads.insert((state.task, address), step);
        });
    }
}
