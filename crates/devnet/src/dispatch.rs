//! From a request to its reply: count it, let faults strike, find the endpoint.

use serde_json::Value;

use crate::control;
use crate::control::fault::Fault;
use crate::execute::Rejected;
use crate::json::{Failure, Input};
use crate::node::{Cursor, Node};
use crate::request::{Fate, Params, Reply, Request};
use crate::rpc::{self, Broadcast};

/// Answers a request; never waits.
pub(crate) fn answer(node: &mut Node, request: &Request) -> Reply {
    let path = request.path.trim_matches('/');
    if let Some(control_path) = path.strip_prefix("devnet/") {
        return answer_control(node, control_path, &request.params);
    }
    *node.calls.entry(counted(path)).or_default() += 1;
    match node.faults.strike(path) {
        Some(Fault::Limiter) => Reply::ok(Failure::limiter().body()),
        Some(Fault::Status { status }) => Reply::error(status, "fault on request"),
        Some(Fault::LoseRequest) => Reply { fate: Fate::Lost, ..Reply::ok(Value::Null) },
        Some(Fault::LoseAnswer) => {
            Reply { fate: Fate::Lost, ..route(node, path, &request.params, None) }
        }
        Some(Fault::Delay { delay_ms }) => {
            Reply { fate: Fate::Late { delay_ms }, ..route(node, path, &request.params, None) }
        }
        other => route(node, path, &request.params, other.as_ref()),
    }
}

/// The name under which a path is counted: unknown ones share one, so that the list stays short.
fn counted(path: &str) -> String {
    let is_known = path == "jsonrpc"
        || path
            .strip_prefix("wallet/")
            .or_else(|| path.strip_prefix("walletsolidity/"))
            .is_some_and(|name| rpc::endpoint(name).is_some() || Broadcast::named(name).is_some());
    if is_known { path.to_owned() } else { "unknown".to_owned() }
}

fn answer_control(node: &mut Node, path: &str, params: &Params) -> Reply {
    if !node.config.has_controls {
        return Reply::error(404, "controls are off");
    }
    let (Params::Body(body) | Params::Query(body)) = params;
    match control::handle(node, path, body) {
        Ok(body) => Reply::ok(body),
        Err(text) => Reply::error(400, &text),
    }
}

fn route(node: &mut Node, path: &str, params: &Params, fault: Option<&Fault>) -> Reply {
    let lag = match fault {
        Some(Fault::Lag { blocks }) => *blocks,
        _ => 0,
    };
    let (body, is_query) = match params {
        Params::Body(body) => (body, false),
        Params::Query(query) => (query, true),
    };
    if path == "jsonrpc" {
        let cursor = node.cursor(false, lag);
        return Reply::ok(rpc::answer_jsonrpc(node, body, &cursor));
    }
    let (name, is_solid) = match path.split_once('/') {
        Some(("wallet", name)) => (name, false),
        Some(("walletsolidity", name)) => (name, true),
        Some(_) | None => return Reply::error(404, "no such path"),
    };
    let input = Input::new(body, is_query);
    if let Some(broadcast) = Broadcast::named(name).filter(|_| !is_solid) {
        if is_query {
            return Reply::error(405, "POST only");
        }
        return reply(answer_broadcast(node, broadcast, &input, fault));
    }
    let cursor = node.cursor(is_solid, lag);
    answer_endpoint(node, name, &input, &cursor, is_query, fault)
}

fn answer_endpoint(
    node: &mut Node,
    name: &str,
    input: &Input<'_>,
    cursor: &Cursor,
    is_query: bool,
    fault: Option<&Fault>,
) -> Reply {
    match rpc::endpoint(name) {
        Some(endpoint) if cursor.is_solid && !endpoint.is_solid => {
            Reply::error(404, "not served under walletsolidity")
        }
        Some(endpoint) if is_query && endpoint.is_post_only => Reply::error(405, "POST only"),
        Some(_) if fault == Some(&Fault::Busy) => Reply::ok(Failure::limiter().body()),
        Some(endpoint) => reply((endpoint.handler)(node, input, cursor)),
        None => Reply::error(404, "no such path"),
    }
}

fn answer_broadcast(
    node: &mut Node,
    broadcast: Broadcast,
    input: &Input<'_>,
    fault: Option<&Fault>,
) -> Result<Value, Failure> {
    match fault {
        Some(Fault::Busy) => rpc::refused(broadcast, input, &Rejected::Busy),
        Some(Fault::Unsolidified) => rpc::refused(broadcast, input, &Rejected::Unsolidified),
        Some(Fault::NoConnection) => rpc::refused(broadcast, input, &Rejected::NoConnection),
        Some(Fault::FewConnections) => rpc::refused(broadcast, input, &Rejected::FewConnections),
        Some(Fault::RelayFailed) => {
            let answer = broadcast.run(node, input, false)?;
            rpc::relay_failed(broadcast, input, answer)
        }
        _ => broadcast.run(node, input, fault == Some(&Fault::NeverInclude)),
    }
}

fn reply(result: Result<Value, Failure>) -> Reply {
    match result {
        Ok(body) => Reply::ok(body),
        Err(failure) => Reply::ok(failure.body()),
    }
}
