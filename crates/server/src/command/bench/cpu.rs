//! Processor time, as the system counts it: unlike a rate it does not depend on the neighbours.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// The processor time of threads so far, from `/proc`; nothing where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CpuTime {
    /// Every thread of this process.
    all: Duration,
    /// Those with the given name.
    named: Duration,
}

impl CpuTime {
    /// Of this process until now, and of its threads with this name.
    pub(super) fn of_process(name: &str) -> Self {
        let mut sum = Self::default();
        let Ok(threads) = fs::read_dir("/proc/self/task") else { return sum };
        for thread in threads.flatten() {
            let time = spent(&thread.path());
            sum.all += time;
            let comm = fs::read_to_string(thread.path().join("comm"));
            if comm.is_ok_and(|comm| comm.trim_end() == name) {
                sum.named += time;
            }
        }
        sum
    }

    /// Of the calling thread.
    pub(super) fn of_this_thread() -> Duration {
        spent(Path::new("/proc/thread-self"))
    }

    /// Microseconds since `before` for each of `count` things: of all threads, and of the named.
    ///
    /// A thread that ended in between does not count.
    pub(super) fn each_us(&self, before: &Self, count: usize) -> (u64, u64) {
        let each = |now: Duration, before: Duration| share_us(now.saturating_sub(before), count);
        (each(self.all, before.all), each(self.named, before.named))
    }
}

/// Microseconds for each of `count` things.
pub(super) fn share_us(time: Duration, count: usize) -> u64 {
    let count = u128::try_from(count).unwrap_or(u128::MAX).max(1);
    u64::try_from(time.as_micros() / count).unwrap_or(u64::MAX)
}

fn spent(thread: &Path) -> Duration {
    let text = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    Duration::from_nanos(running_ns(&text))
}

/// The first of the three numbers of a `schedstat`: nanoseconds on a processor.
fn running_ns(schedstat: &str) -> u64 {
    schedstat.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_shared_out() {
        assert_eq!(running_ns("2500000 17 3\n"), 2_500_000);
        assert_eq!(running_ns(""), 0);
        let before = CpuTime::default();
        let now = CpuTime { all: Duration::from_millis(20), named: Duration::from_millis(10) };
        assert_eq!(now.each_us(&before, 10), (2_000, 1_000));
    }
}
