//! Every connection, and every pipe to a decoder, is an open file; a process may have only so many.

/// Lets this process have as many files open as the system allows it. What systems give at first,
/// 1024 or even 256, is for programs that use select(2), which nothing here does.
pub fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        /// More than anyone connects; and macOS refuses "unlimited".
        const ENOUGH: u64 = 65_536;
        /// macOS refuses more than `OPEN_MAX`.
        const ALLOWED: u64 = if cfg!(target_os = "macos") { 10_240 } else { ENOUGH };
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = maximum.unwrap_or(u64::MAX).min(ALLOWED);
        if current.is_some_and(|current| current < wanted) {
            let raised = Rlimit { current: Some(wanted), maximum };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::warn!("the limit of open files stays at {current:?}: {error}");
            }
        }
    }
}

/// How many connections fit, where so many are wished for: the rest is for cameras and decoders.
pub(crate) fn connections(wished: usize) -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};

        if let Some(files) = getrlimit(Resource::Nofile).current {
            return wished.min((files / 4 * 3).try_into().unwrap_or(usize::MAX)).max(1);
        }
    }
    wished
}

/// Whether the system had no file left to give.
pub(crate) fn none_left(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;

        matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn the_limit_is_raised_and_leaves_room_for_cameras() {
        raise_file_limit();
        let limit = getrlimit(Resource::Nofile);
        assert!(limit.current >= limit.maximum.map(|most| most.min(10_240)));
        assert_eq!(connections(1), 1);
        assert!(limit.current.is_none_or(|files| connections(usize::MAX) as u64 <= files / 4 * 3));
    }
}
