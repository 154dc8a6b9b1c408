//! One run: a world from its first block to the last closed order, all decided by a seed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use app::Settings;
use app::settings::{BatchSettings, DepositSettings};
use domain::OrderId;
use domain::callback::Schedule;
use domain::limits::{EnergyBounds, OrderLimits};
use domain::pricing::PriceList;
use store::SqlStore;
use tempfile::TempDir;
use tron::{Address, Bandwidth, Energy, Sun, TxId};

use crate::checks;
use crate::gated_store::fail_by_weather;
use crate::gifts::Gifts;
use crate::mutation::Mutation;
use crate::process::{Habits, Process, Task};
use crate::promises;
use crate::random::Random;
use crate::spending::{Intention, UnderWay};
use crate::stage::{Stage, Violation};
use crate::standing::Standing;
use crate::workload::Workload;
use crate::world::{World, WorldPlan, chain};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// Decides everything.
    pub seed: u64,
    /// Orders to have accepted.
    pub orders: usize,
    /// An order whose story is to be told whatever happens.
    pub story: Option<OrderId>,
    /// A defect to put in.
    pub mutation: Option<Mutation>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Orders accepted.
    pub accepted: usize,
    /// Orders delivered.
    pub delivered: usize,
    /// Orders refunded.
    pub refunded: usize,
    /// Requests refused.
    pub refused: u64,
    /// Callbacks that arrived, repeats included.
    pub callbacks: u64,
    /// Scheduler steps.
    pub steps: u64,
    /// Blocks of the chain.
    pub blocks: u64,
    /// What struck, and how often.
    pub faults: Vec<(&'static str, u64)>,
    /// Over every event of the run: two runs of one seed share it.
    pub log_hash: u64,
    /// The first broken promise.
    pub failure: Option<Failure>,
    /// The story that was asked for.
    pub story: Vec<String>,
}

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What must hold.
    pub check: &'static str,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// How it does not hold.
    pub text: String,
    /// What happened to that order, or at the end.
    pub story: Vec<String>,
}

/// A run under way.
pub(crate) struct Run {
    pub(crate) stage: Arc<Stage>,
    pub(crate) world: World,
    pub(crate) pool: BTreeSet<Address>,
    pub(crate) habits: Habits,
    /// One for each process; all the same one when it is in memory.
    pub(crate) stores: Vec<Arc<SqlStore>>,
    /// Where the database is, when it is a file.
    directory: Option<TempDir>,
    pub(crate) processes: Vec<Option<Process>>,
    pub(crate) tasks: Vec<Task>,
    /// Tasks so far.
    pub(crate) tasks_begun: u64,
    pub(crate) workload: Workload,
    pub(crate) gifts: Gifts,
    pub(crate) standing: Standing,
    pub(crate) intentions: Vec<Intention>,
    /// Transfers that must work, and the orders that promised them.
    pub(crate) promised: Vec<(TxId, OrderId)>,
    /// Transfers that payers have sent and that may be in no block yet.
    pub(crate) under_way: Vec<UnderWay>,
    /// Nothing goes wrong in this run, and nobody meddles.
    pub(crate) is_calm: bool,
    /// The network's stake moves with each block.
    pub(crate) has_drift: bool,
    /// The step of the next look at everything.
    next_check: u64,
}

/// Steps between two looks at everything, while there is nothing yet.
const CHECK_EVERY: u64 = 2_000;
/// Steps more for each order: a look costs as much as there are, so that each is looked at about three
/// times, however many there are.
const CHECK_EVERY_MORE: u64 = 50;
/// Requests for each order that is to be accepted, before the run gives up on more.
const REQUESTS_FACTOR: usize = 4;
/// Payers that only policies are for, where nobody meddles.
const POLICY_PAYERS: usize = 4;
/// Bounds of a key's cap, in sun: a few orders, and about as many as a shop gets.
const CAP_MIN_SUN: i64 = 20_000_000;
const CAP_MAX_SUN: i64 = 400_000_000;
const FILE: &str = "sim.sqlite";
/// Last events that are told when no order is to blame.
const TAIL_LINES: usize = 60;

/// Runs a world to its end.
#[must_use]
pub fn run(options: &RunOptions) -> Report {
    // Node clients bound their calls with timers; here nothing waits in real time.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without threads needs nothing from the machine");
    let _entered = runtime.enter();
    let mut run = Run::new(options);
    run.live(options);
    run.report(options)
}

impl Run {
    fn new(options: &RunOptions) -> Self {
        let mut random = Random::new(options.seed);
        let is_calm = random.percent(15);
        let has_file = random.percent(8);
        let processes = match random.below(10) {
            0..=3 => 1,
            4..=7 => 2,
            _ => 3,
        };
        let habits = Habits { settings: settings(&mut random), may_lag: random.percent(40) };
        let plan = world_plan(options.orders, is_calm, &mut random);
        let devnet = chain();
        let mut world = World::new(&devnet, &plan, &mut random);
        let stage = Stage::new(devnet, random, habits.settings.limits, options.mutation);
        let directory = has_file.then(scratch);
        let path = directory.as_ref().map(|directory| directory.path().join(FILE));
        let first = open(&stage, path.as_deref());
        world.fill_store(&first, &plan, stage.now());
        stage.with(|state| {
            for shop in &world.shops {
                let credit = (shop.merchant, shop.credit_sun);
                state.book.sums.open(credit, shop.key, shop.cap_sun);
            }
        });
        let stores = (0..processes)
            .map(|_| match &path {
                Some(path) => open(&stage, Some(path)),
                None => Arc::clone(&first),
            })
            .collect();
        let mut run = Self {
            pool: world.pool_addresses(),
            stage,
            world,
            habits,
            stores,
            directory,
            processes: (0..processes).map(|_| None).collect(),
            tasks: Vec::new(),
            tasks_begun: 0,
            workload: Workload::default(),
            gifts: Gifts::default(),
            standing: Standing::default(),
            intentions: Vec::new(),
            promised: Vec::new(),
            under_way: Vec::new(),
            is_calm,
            has_drift: false,
            next_check: CHECK_EVERY,
        };
        run.look_at_blocks();
        (0..processes).for_each(|index| run.start(index));
        run
    }

    /// A process that starts anew reads what is on disk.
    pub(crate) fn open_store(&mut self, index: usize) {
        if let Some(directory) = &self.directory {
            let path = directory.path().join(FILE);
            self.stores[index] = open(&self.stage, Some(&path));
        }
    }

    fn live(&mut self, options: &RunOptions) {
        let requests_max = options.orders * REQUESTS_FACTOR + 100;
        while !self.is_broken() && self.accepted() < options.orders {
            if self.workload.len() >= requests_max || self.workload.is_in_vain() {
                break;
            }
            self.step();
            self.check_now_and_then();
        }
        if !self.is_broken() {
            self.settle();
        }
        if !self.is_broken() {
            self.workload.check_answers(&self.stage);
            self.gifts.check_answers(&self.stage);
        }
    }

    /// Looks at everything, the less often the more there is.
    fn check_now_and_then(&mut self) {
        let (step, orders) = self.stage.with(|state| (state.step, state.book.len()));
        if step >= self.next_check {
            checks::rows_agree(&self.stage, &self.stores[0]);
            self.check_sleepers();
            let orders = u64::try_from(orders).unwrap_or(u64::MAX);
            self.next_check = step + CHECK_EVERY + CHECK_EVERY_MORE * orders;
        }
    }

    /// Whoever waited for another order is awake.
    pub(crate) fn check_sleepers(&self) {
        promises::sleepers_are_woken(&self.stage, &self.stores[0]);
    }

    fn accepted(&self) -> usize {
        self.stage.with(|state| state.book.len())
    }

    /// Whether a promise was broken.
    pub(crate) fn is_broken(&self) -> bool {
        self.stage.with(|state| state.violation.is_some())
    }

    fn report(&self, options: &RunOptions) -> Report {
        let blocks = self.stage.devnet.head().number;
        self.stage.with(|state| {
            let story = options
                .story
                .map(|order| state.chronicle.story(&state.book.neighbours(order)))
                .unwrap_or_default();
            let failure = state.violation.clone().map(|Violation { check, order, text }| Failure {
                check,
                order,
                text,
                story: match order {
                    Some(order) => state.chronicle.story(&state.book.neighbours(order)),
                    None => state.chronicle.tail(TAIL_LINES),
                },
            });
            Report {
                seed: options.seed,
                accepted: state.book.len(),
                delivered: state.book.delivered(),
                refunded: state.book.refunded(),
                refused: self.workload.refused,
                callbacks: state.mailbox.arrived(),
                steps: state.step,
                blocks,
                faults: state.weather.struck(),
                log_hash: state.chronicle.hash(),
                failure,
                story,
            }
        })
    }
}

/// A directory for a database: in memory where the machine has such a place, since what is simulated is
/// never the machine's own disk.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let directory = match memory.is_dir() {
        true => tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()),
        false => tempfile::tempdir(),
    };
    directory.expect("a directory for the database")
}

fn open(stage: &Arc<Stage>, path: Option<&Path>) -> Arc<SqlStore> {
    let store = match path {
        Some(path) => SqlStore::inline_at(path),
        None => SqlStore::inline_in_memory(),
    };
    let store = store.expect("a database in a fresh place can be opened");
    fail_by_weather(stage, &store);
    Arc::new(store)
}

/// Different operators configure differently.
fn settings(random: &mut Random) -> Settings {
    let of = |random: &mut Random, choices: &[i64]| *random.pick(choices).expect("some choice");
    Settings {
        token: chain_token(),
        energy_to_holder: Energy::new(65_000),
        energy_to_empty: Energy::new(131_000),
        prices: PriceList {
            energy_price_sun: 60,
            energy_price_1d_sun: 90,
            energy_price_3d_sun: 80,
            energy_price_30d_sun: 70,
            small_energy: 50_000,
            small_surcharge_sun: 600_000,
            bandwidth_price_sun: 1_000,
            activation_price_sun: 1_500_000,
            transfer_fee_sun: 300_000,
        },
        energy_bounds: EnergyBounds { min: 10_000, max: 100_000_000 },
        policy_balance_min: Sun::from_trx(10),
        payer_low: Sun::ZERO,
        deposits: DepositSettings { minimum: Sun::new(1), blocks_per_read: 100 },
        batch: BatchSettings { in_flight_max: 50, rows_at_once: 8 },
        limits: OrderLimits {
            hold_secs: of(random, &[60, 300, 900, 3_600]),
            fill_deadline_secs: of(random, &[30, 180, 180, 600]),
            resend_ms: of(random, &[3_000, 6_000]),
            reread_ms: of(random, &[1_000, 3_000]),
            energy_margin_ppm: of(random, &[0, 2_000, 2_000, 5_000]),
        },
        schedule: Schedule {
            delays_secs: vec![15, 15, 30, 180, 600, 1_200, 1_800],
            tail_secs: 72 * 3_600,
        },
        tx_expiration_ms: of(random, &[30_000, 60_000, 60_000]),
        lease_ms: of(random, &[15_000, 30_000, 30_000]),
        owner: String::new(),
        callbacks_per_host: 4,
        wallet_bandwidth_kept: Bandwidth::new(of(random, &[0, 20_000])),
        replays_kept_secs: 900,
        resends_kept_secs: 86_400,
        catch_up_blocks: of(random, &[20, 1_200, 1_200]),
    }
}

fn chain_token() -> Address {
    devnet::DevnetConfig::default().usdt
}

fn world_plan(orders: usize, is_calm: bool, random: &mut Random) -> WorldPlan {
    let is_scarce = !is_calm && random.percent(25);
    let is_poor = random.percent(20);
    WorldPlan {
        payers: (orders / 2).max(10),
        energy_stake_trx: if is_scarce { random.between(60_000, 600_000) } else { 20_000_000 },
        bandwidth_stake_trx: if is_scarce { random.between(10_000, 200_000) } else { 3_000_000 },
        credit_sun: if is_poor {
            let most = if random.percent(50) { 150_000_000 } else { 2_000_000_000 };
            random.between(1_000_000, most)
        } else {
            1_000_000_000_000
        },
        activator_sun: if is_scarce { random.between(0, 100_000_000) } else { 50_000_000_000 },
        cap_sun: random.percent(35).then(|| random.between(CAP_MIN_SUN, CAP_MAX_SUN)),
        // Where nobody meddles, what a policy has on an address is no matter of an order's.
        policy_payers: if is_calm { POLICY_PAYERS } else { 0 },
        lender_sun: if random.percent(50) { 1_000_000_000 } else { 0 },
    }
}
