use prometheus_client::encoding::text::encode;
use tron::Address;

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_100_000);

fn address(number: u8) -> Address {
    Address::from_evm([number; 20])
}

fn wallet(number: u8, role: WalletRole, is_enabled: bool) -> domain::pool::PoolWallet {
    domain::pool::PoolWallet {
        address: address(number),
        role,
        permission_id: 2,
        is_enabled,
        energy_capacity: Sun::from_trx(1_000),
        energy_reserved: Sun::from_trx(100),
        bandwidth_capacity: Sun::from_trx(50),
        bandwidth_reserved: Sun::ZERO,
        own_bandwidth: 600,
        legs_open: 0,
        balance: Sun::from_trx(7),
    }
}

impl Standing {
    /// One of each: a unit of energy a TRX of stake, two of bandwidth.
    pub(in crate::admin) fn example() -> Self {
        let totals = ChainTotals {
            energy_limit: 1_000_000,
            energy_weight_trx: 1_000_000,
            bandwidth_limit: 2_000_000,
            bandwidth_weight_trx: 1_000_000,
        };
        let wallets = vec![
            wallet(1, WalletRole::Lender, true),
            wallet(2, WalletRole::Lender, false),
            wallet(3, WalletRole::Activator, true),
            wallet(4, WalletRole::Payer, false),
        ];
        Self {
            now: NOW,
            chain: Some(Chain { head_at: NOW.after_ms(-4_500), solid_lag_blocks: 19, totals }),
            pool: Pool { wallets },
            lent: vec![Lent {
                owner: address(1),
                receiver: address(9),
                resource: Resource::Energy,
                lent: Sun::from_trx(300),
                in_doubt: Sun::from_trx(20),
            }],
            by_state: vec![LentFigures {
                resource: Resource::Energy,
                lent: Sun::from_trx(200),
                owed: Sun::from_trx(90),
                owed_since: Some(NOW.after_secs(-61)),
                stranded: Sun::from_trx(10),
            }],
            queues: vec![
                QueueFigures {
                    kind: OutboxKind::Order,
                    rows: 3,
                    oldest_due: Some(NOW.after_secs(-8)),
                },
                QueueFigures {
                    kind: OutboxKind::Callback,
                    rows: 2,
                    oldest_due: Some(NOW.after_secs(30)),
                },
            ],
        }
    }
}

fn lines(standing: &Standing) -> Vec<String> {
    let (mut registry, mut text) = (Registry::default(), String::new());
    standing.register(&mut registry);
    encode(&mut text, &registry).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn what_an_operator_wants_alarms_for_has_its_line() {
    let lines = lines(&Standing::example());
    for line in [
        "chain_head_age_seconds 4".to_owned(),
        "chain_solid_lag_blocks 19".to_owned(),
        // The disabled one lends nothing, and its stake is there all the same.
        "pool_free_units{resource=\"energy\"} 900".to_owned(),
        "pool_free_units{resource=\"bandwidth\"} 100".to_owned(),
        "pool_whole_units{resource=\"energy\"} 2300".to_owned(),
        "pool_whole_units{resource=\"bandwidth\"} 200".to_owned(),
        "pool_lent_sun{resource=\"energy\"} 200000000".to_owned(),
        "pool_lent_sun{resource=\"bandwidth\"} 0".to_owned(),
        "pool_in_doubt_sun{resource=\"energy\"} 20000000".to_owned(),
        "pool_owed_sun{resource=\"energy\"} 90000000".to_owned(),
        "pool_owed_age_seconds{resource=\"energy\"} 61".to_owned(),
        "pool_owed_age_seconds{resource=\"bandwidth\"} 0".to_owned(),
        "pool_stranded_sun{resource=\"energy\"} 10000000".to_owned(),
        "pool_wallets{role=\"lender\",state=\"enabled\"} 1".to_owned(),
        "pool_wallets{role=\"lender\",state=\"disabled\"} 1".to_owned(),
        "pool_wallets{role=\"payer\",state=\"enabled\"} 0".to_owned(),
        format!("pool_wallet_balance_sun{{role=\"activator\",address=\"{}\"}} 7000000", address(3)),
        "outbox_rows{kind=\"order\"} 3".to_owned(),
        "outbox_rows{kind=\"batch\"} 0".to_owned(),
        "outbox_oldest_due_age_seconds{kind=\"order\"} 8".to_owned(),
        "outbox_oldest_due_age_seconds{kind=\"callback\"} 0".to_owned(),
    ] {
        assert!(lines.contains(&line), "{line} is not in {lines:#?}");
    }
    let balances = lines.iter().filter(|line| line.starts_with("pool_wallet_balance_sun"));
    assert_eq!(balances.count(), 1, "a disabled payer needs nobody");
}

#[test]
fn nothing_is_said_of_a_chain_that_was_not_read() {
    let lines = lines(&Standing { chain: None, ..Standing::example() });
    let of_chain = |line: &&String| line.starts_with("chain_") || line.contains("_units");
    assert_eq!(lines.iter().find(of_chain), None);
    assert!(lines.iter().any(|line| line.starts_with("pool_lent_sun")));
}
