//! What can go wrong, how often it does in the present weather, and how often it did.

use crate::random::Random;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $max:literal;)+) => {
        /// One thing that can go wrong.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Fault { $($(#[doc = $doc])+ $name,)+ }

        impl Fault {
            const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its word in reports.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// How often it strikes at most, in parts per million of its occasions.
            const fn max_ppm(self) -> u64 {
                match self { $(Self::$name => $max),+ }
            }
        }
    };
}

faults! {
    /// A question does not reach the node.
    LostRequest = "lost-requests", 40_000;
    /// A question is acted on and its answer does not arrive.
    LostAnswer = "lost-answers", 60_000;
    /// A question arrives twice; the second answer is the one that is seen.
    DuplicateRequest = "duplicates", 40_000;
    /// The node's own rate limiter answers.
    Limiter = "limited", 30_000;
    /// The provider suspends us.
    Suspended = "suspended", 10_000;
    /// The node's proxy answers with an HTTP error.
    ServerError = "server-errors", 20_000;
    /// A broadcast is answered by `SERVER_BUSY`.
    NodeBusy = "node-busy", 80_000;
    /// A broadcast is taken and never included.
    NeverIncluded = "never-included", 60_000;
    /// A broadcast is taken, and answered as not relayed.
    RelayFailed = "relay-failed", 60_000;
    /// A read is answered by a node that is some blocks behind.
    LaggingView = "lagging-views", 30_000;
    /// A commit fails and changes nothing.
    CommitFailed = "commits-failed", 15_000;
    /// A commit succeeds and is reported as failed.
    CommitUnanswered = "commits-unanswered", 10_000;
    /// The disk cannot be read.
    ReadFailed = "reads-failed", 8_000;
    /// Every lease ends while its holder works: somebody starts and believes to be alone.
    TornLeases = "torn-leases", 200_000;
    /// The store has too much to do.
    StoreBusy = "store-busy", 10_000;
    /// A step takes very long.
    Hang = "hangs", 2_000;
    /// A merchant refuses a callback.
    CallbackRefused = "callbacks-refused", 300_000;
    /// A merchant gets a callback and its answer does not arrive.
    CallbackUnanswered = "callbacks-unanswered", 150_000;
    /// A merchant takes long to answer.
    CallbackLate = "callbacks-late", 60_000;
    /// A process ends between two lines and starts again.
    Crash = "crashes", 500_000;
    /// A process is told to stop for long.
    Outage = "outages", 100_000;
    /// The wall clock jumps ahead.
    ClockForward = "clock-forward", 200_000;
    /// The wall clock jumps back.
    ClockBack = "clock-back", 200_000;
    /// Blocks are missing for a while.
    MissedSlots = "missed-slots", 400_000;
    /// The newest blocks are replaced, their transactions wait again.
    ReorgRequeued = "reorgs-requeued", 400_000;
    /// The newest blocks are replaced, their transactions are forgotten.
    ReorgDropped = "reorgs-dropped", 400_000;
    /// Blocks stop becoming solid for a while.
    SolidHeld = "solid-held", 100_000;
}

/// How often each fault strikes at present, and how often each did so far.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    rates_ppm: Vec<u64>,
    struck: Vec<u64>,
}

impl Weather {
    /// Nothing goes wrong.
    pub(crate) fn calm() -> Self {
        Self { rates_ppm: vec![0; Fault::ALL.len()], struck: vec![0; Fault::ALL.len()] }
    }

    /// Other weather; what struck so far stays counted. Half of all faults rest.
    pub(crate) fn change(&mut self, random: &mut Random) {
        for (rate, fault) in self.rates_ppm.iter_mut().zip(Fault::ALL) {
            *rate = if random.percent(50) { 0 } else { random.below(fault.max_ppm()) };
        }
    }

    /// From now on nothing goes wrong.
    pub(crate) fn clear_up(&mut self) {
        self.rates_ppm.fill(0);
    }

    /// This fault never strikes until the weather changes.
    pub(crate) fn forbid(&mut self, fault: Fault) {
        self.rates_ppm[fault as usize] = 0;
    }

    /// Whether a fault strikes now.
    pub(crate) fn strikes(&mut self, fault: Fault, random: &mut Random) -> bool {
        let strikes = random.chance_ppm(self.rates_ppm[fault as usize]);
        self.struck[fault as usize] += u64::from(strikes);
        strikes
    }

    /// What struck, and how often.
    pub(crate) fn struck(&self) -> Vec<(&'static str, u64)> {
        let counted = Fault::ALL.iter().zip(&self.struck);
        counted
            .filter(|(_, count)| **count > 0)
            .map(|(fault, count)| (fault.word(), *count))
            .collect()
    }
}
