//! The last lines of the log, kept in memory for whoever looks into a fault.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Hours of a quiet server.
const MOST_LINES: usize = 2000;
const MOST_BYTES: usize = 1 << 20;

static LINES: Mutex<Lines> = Mutex::new(Lines { lines: VecDeque::new(), bytes: 0 });

/// Takes the log, a whole line with each write, as the layers of `tracing_subscriber` do.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecentLog;

impl RecentLog {
    /// What is kept, oldest first.
    pub(crate) fn text() -> String {
        let kept = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = kept.lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
        lines.concat()
    }
}

impl Write for RecentLog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Lines {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
}

impl Lines {
    fn push(&mut self, line: &[u8]) {
        self.lines.push_back(line.into());
        self.bytes += line.len();
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let oldest = self.lines.pop_front().unwrap_or_default();
            self.bytes -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go() {
        let mut kept = Lines { lines: VecDeque::new(), bytes: 0 };
        for number in 0..=MOST_LINES {
            kept.push(format!("{number}\n").as_bytes());
        }
        assert_eq!((kept.lines.len(), &*kept.lines[0]), (MOST_LINES, &b"1\n"[..]));
        kept.push(&vec![b'x'; MOST_BYTES - 2]);
        assert!(kept.lines.len() < 3, "{}", kept.lines.len());
        assert_eq!(kept.bytes, kept.lines.iter().map(|line| line.len()).sum::<usize>());
        kept.push(&vec![b'x'; MOST_BYTES + 1]);
        assert_eq!((kept.lines.len(), kept.bytes), (0, 0));
    }
}
