//! Reading a file of secrets into memory that is wiped.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// Reads a file whole, into one buffer that never moves: no copy is left behind.
///
/// Errors: `InvalidData` past `max_bytes`; otherwise whatever the system says.
pub(super) fn read(path: &Path, max_bytes: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    // Pipes and the like say nothing about their length.
    let known = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let size = if known == 0 { max_bytes.min(PIPE_BYTES) } else { known };
    if size > max_bytes {
        return Err(too_long(max_bytes));
    }
    bytes.resize(size + 1, 0);
    let mut length = 0;
    loop {
        match file.read(&mut bytes[length..])? {
            0 => break,
            read => length += read,
        }
        if length > size {
            return Err(too_long(size));
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The longest content of what is no regular file.
const PIPE_BYTES: usize = 1024 * 1024;

fn too_long(bytes: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {bytes} bytes"))
}

/// Whether others than the owner can read it: a reason to warn, not to refuse, because container
/// platforms mount secrets that way.
pub(super) fn is_readable_by_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_up_to_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        std::fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read(&path, 100).unwrap().as_slice(), [7; 100]);
        assert_eq!(read(&path, 99).unwrap_err().kind(), io::ErrorKind::InvalidData);
        std::fs::write(&path, []).unwrap();
        assert!(read(&path, 99).unwrap().is_empty());
    }
}
