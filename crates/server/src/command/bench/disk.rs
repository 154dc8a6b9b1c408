//! What the disk itself takes for a durable write: no order can be accepted sooner.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::figures::{Figures, Unit, percentile};

/// Writes that are measured.
const WRITES: usize = 400;
/// Bytes of a write: one page of the database.
const PAGE_BYTES: usize = 4_096;

/// Measures appending a page and waiting until it is durable, one after another.
pub(super) fn measure(directory: &Path, figures: &mut Figures) -> std::io::Result<()> {
    let path = directory.join("disk");
    let mut file = File::create(&path)?;
    let mut took_us = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        file.write_all(&[0xa5; PAGE_BYTES])?;
        let began = Instant::now();
        file.sync_data()?;
        took_us.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    drop(file);
    std::fs::remove_file(&path)?;
    let name = ("disk_p50_us", "ceiling: a durable write, half", Unit::Micros);
    figures.add(name, percentile(&took_us, 50), "");
    let name = ("disk_p99_us", "ceiling: a durable write, 99 %", Unit::Micros);
    figures.add(name, percentile(&took_us, 99), "");
    Ok(())
}
