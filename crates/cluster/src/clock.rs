//! The time by which leases are judged. It goes on while the machine sleeps or the process is
//! stopped, and nobody can set it.

use std::fmt;
use std::time::Duration;

/// A moment: the time since some fixed one in the past. Comparable on one machine only.
pub type Moment = Duration;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now. Never goes back.
    fn now(&self) -> Moment;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    fn now(&self) -> Moment {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Moment {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
