//! What closes the cameras of a process that cannot close them itself, because it is stopped or gets
//! no time: a timer of the kernel that kills it shortly before others may open them. The kernel ends
//! its connections then, as it does for every process, and what it started ends with it.

#[cfg(target_os = "linux")]
pub(crate) use linux::LastResort;
#[cfg(not(target_os = "linux"))]
pub(crate) use nowhere_else::LastResort;

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::thread;

    use nix::sys::signal::{SigEvent, SigevNotify, Signal};
    use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
    use nix::time::ClockId;

    use crate::clock::Moment;

    /// Disarmed when dropped.
    #[derive(Debug)]
    pub(crate) struct LastResort {
        /// To the thread that has the timer, which no other may have; and its word that it is set.
        thread: Option<(SyncSender<Option<Moment>>, Receiver<()>)>,
        armed: Option<Moment>,
    }

    impl LastResort {
        pub(crate) fn new() -> Self {
            let (tell, told) = sync_channel(1);
            let (confirm, confirmed) = sync_channel(1);
            let started = thread::Builder::new()
                .name("last-resort".to_owned())
                .spawn(move || keep(&told, &confirm));
            Self { thread: started.ok().map(|_| (tell, confirmed)), armed: None }
        }

        /// The process ends at this moment, unless another one is named before. In force when it
        /// returns, which takes microseconds.
        pub(crate) fn at(&mut self, moment: Option<Moment>) {
            if self.armed == moment {
                return;
            }
            self.armed = moment;
            if let Some((tell, confirmed)) = &self.thread
                && (tell.send(moment).is_err() || confirmed.recv().is_err())
            {
                tracing::warn!(
                    "the system gives no timer: should this process be stopped for seconds, its cameras' \
                     connections stay open until it goes on"
                );
                self.thread = None;
            }
        }
    }

    /// Sets the timer as told; ends where the kernel does not give it.
    fn keep(told: &Receiver<Option<Moment>>, confirm: &SyncSender<()>) {
        let kill = SigevNotify::SigevSignal { signal: Signal::SIGKILL, si_value: 0 };
        // The clock of the leases.
        let Ok(mut timer) = Timer::new(ClockId::CLOCK_BOOTTIME, SigEvent::new(kill)) else {
            return;
        };
        for moment in told {
            // Zero disarms.
            let end = Expiration::OneShot(moment.unwrap_or_default().into());
            if timer.set(end, TimerSetTimeFlags::TFD_TIMER_ABSTIME).is_err()
                || confirm.send(()).is_err()
            {
                return;
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::process::ExitStatusExt as _;
        use std::process::Command;
        use std::time::Duration;

        use super::*;
        use crate::clock::{Clock as _, SystemClock};

        /// Set in the process that is to end.
        const VICTIM: &str = "FANLIGHT_TEST_LAST_RESORT";

        #[test]
        fn a_stopped_process_ends_unless_the_end_was_put_off_for_good() {
            if let Ok(role) = std::env::var(VICTIM) {
                let mut timer = LastResort::new();
                timer.at(Some(SystemClock.now() + Duration::from_millis(300)));
                if role == "disarmed" {
                    timer.at(None);
                    std::thread::sleep(Duration::from_millis(600));
                    return;
                }
                nix::sys::signal::raise(Signal::SIGSTOP).expect("stopped");
                unreachable!("nobody has it go on");
            }
            let ended_by = |role: &str| {
                let this = std::env::current_exe().expect("this program");
                Command::new(this)
                    .args(["a_stopped_process_ends", "--nocapture"])
                    .env(VICTIM, role)
                    .output()
                    .expect("it runs")
                    .status
                    .signal()
            };
            assert_eq!(ended_by("stopped"), Some(Signal::SIGKILL as i32));
            assert_eq!(ended_by("disarmed"), None);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod nowhere_else {
    use crate::clock::Moment;

    /// Other systems have no such timer: a process that goes on closes its cameras first.
    #[derive(Debug)]
    pub(crate) struct LastResort;

    impl LastResort {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn at(&mut self, _: Option<Moment>) {}
    }
}
