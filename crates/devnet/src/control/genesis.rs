//! How every devnet begins.

use std::sync::Arc;

use tron::BlockId;

use super::Mutation;
use crate::block::Block;
use crate::config::DevnetConfig;
use crate::execute::token::Token;
use crate::state::Properties;
use crate::state::parameters::Parameters;
use crate::state::properties::TokenState;

/// Block 0, at time 0 as on mainnet, so that slots count from the epoch.
pub(crate) fn block(config: &DevnetConfig) -> Block {
    let nothing = (Vec::new(), Vec::new());
    Block::new(BlockId::from_bytes([0; 32]), 0, 0, 0, nothing, config.signing)
}

/// The chain's numbers before the first block.
pub(crate) fn properties(config: &DevnetConfig) -> Properties {
    let parameters = Parameters::mainnet();
    let interval = parameters.get("getMaintenanceTimeInterval").max(1);
    Properties {
        head_ms: 0,
        next_maintenance_ms: (config.start_time_ms / interval + 1) * interval,
        is_maintenance: false,
        energy_weight: config.energy_weight_trx,
        net_weight: config.net_weight_trx,
        energy_weight_drift: 0,
        net_weight_drift: 0,
        public_net_used: 0,
        public_net_slot: 0,
        burned: 0,
        issued: 0,
        parameters: Arc::new(parameters),
        token: TokenState {
            contract: Token {
                address: config.usdt,
                origin: config.usdt_origin,
                caller_percent: config.usdt_caller_percent,
                origin_energy_limit: config.usdt_origin_energy_limit,
                returns_false: config.usdt_returns_false,
            },
            supply: 0,
            is_paused: false,
            energy_factor: config.energy_factor,
            cycle_energy: 0,
        },
    }
}

/// What the first block sets up: the token's contract and its deployer.
pub(crate) fn mutations(config: &DevnetConfig) -> Vec<Mutation> {
    vec![
        Mutation::Contract { address: config.usdt, name: "TetherToken".to_owned() },
        Mutation::Activate { address: config.usdt_origin },
    ]
}
