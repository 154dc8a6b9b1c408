//! Keeping the memory of a process that holds keys to itself.

use std::io;

/// Makes sure that a crash writes no memory to disk, and that no other process of the same user can
/// read it.
///
/// Shape: the limit on core dumps is zero, and on Linux the process is marked as not dumpable, which
/// also forbids attaching a debugger to it.
/// Errors: the system refuses; then keys had better not be read.
pub fn keep_memory_private() -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}
