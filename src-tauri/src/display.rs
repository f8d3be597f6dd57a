//! Whether there is a screen to open a window on.

/// What a person without a screen should run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoDisplay;

impl std::fmt::Display for NoDisplay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "Fanlight cannot open its window: there is no display (neither DISPLAY nor \
             WAYLAND_DISPLAY is set).\nTo serve without a window, run fanlight-server.",
        )
    }
}

/// Finds a display by the environment, as the window system's libraries do.
pub(crate) fn check() -> Result<(), NoDisplay> {
    find(cfg!(target_os = "linux"), |name| {
        std::env::var_os(name).is_some_and(|value| !value.is_empty())
    })
}

fn find(linux: bool, is_set: impl Fn(&str) -> bool) -> Result<(), NoDisplay> {
    // Windows and macOS always have one, or fail in their own words.
    if !linux || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") { Ok(()) } else { Err(NoDisplay) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(true, &["DISPLAY"], true)]
    #[case(true, &["WAYLAND_DISPLAY"], true)]
    #[case(true, &[], false)]
    #[case(false, &[], true)]
    fn needs_one_of_both_on_linux(#[case] linux: bool, #[case] set: &[&str], #[case] found: bool) {
        assert_eq!(find(linux, |name| set.contains(&name)).is_ok(), found);
    }

    #[test]
    fn names_the_way_out() {
        assert!(NoDisplay.to_string().contains("fanlight-server"));
    }
}
