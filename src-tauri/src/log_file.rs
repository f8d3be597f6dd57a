//! The log as a file of the data folder, for whoever looks for what happened yesterday. What is
//! said before the folder is known goes to stderr alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Of each of the two files, in bytes: days of a quiet app, and no disk is filled by a loud one.
const MOST: u64 = 5 << 20;
const CURRENT: &str = "fanlight.log";
const FORMER: &str = "fanlight.1.log";

static LOG: OnceLock<Mutex<LogFile>> = OnceLock::new();

/// Keeps the log in this folder from now on. Without one the app works as well.
pub(crate) fn keep_in(folder: &Path) {
    match LogFile::open(folder) {
        // A second call in one process changes nothing.
        Ok(file) => drop(LOG.set(Mutex::new(file))),
        Err(error) => tracing::warn!("there is no log in {}: {error}", folder.display()),
    }
}

/// Writes into the file, where there is one.
pub(crate) struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(file) = LOG.get() {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // Where the disk is full, that is not the log's to say.
            let _ = file.write(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct LogFile {
    folder: PathBuf,
    file: File,
    length: u64,
}

impl LogFile {
    fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = OpenOptions::new().create(true).append(true).open(folder.join(CURRENT))?;
        let length = file.metadata()?.len();
        Ok(Self { folder: folder.to_owned(), file, length })
    }

    /// A file that is full makes room for a new one, and takes the place of the one before it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.length + bytes.len() as u64 > MOST {
            fs::rename(self.folder.join(CURRENT), self.folder.join(FORMER))?;
            *self = Self::open(&self.folder)?;
        }
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_takes_the_place_of_the_former_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap_or_default();
        let mut log = LogFile::open(folder.path()).expect("opened");
        log.write(&vec![b'a'; MOST as usize]).expect("written");
        assert_eq!(read(FORMER).len(), 0);
        log.write(b"second").expect("written");
        assert_eq!((read(FORMER).len() as u64, read(CURRENT)), (MOST, b"second".to_vec()));
        drop(log);
        LogFile::open(folder.path()).expect("opened").write(b", later").expect("written");
        assert_eq!(read(CURRENT), b"second, later");
    }
}
