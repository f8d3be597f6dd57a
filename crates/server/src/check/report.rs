//! What a check found, for people and for programs.

use std::io::{self, Write as _};

use serde::Serialize;

use super::cameras::Seen;

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Ok,
    /// It works; somebody should know.
    Warning,
    /// It does not work.
    Problem,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "PROBLEM",
        }
    }
}

/// What was found about one thing: what is in use, or what is wrong and the way out.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    name: &'static str,
    pub(super) outcome: Outcome,
    pub(super) message: String,
}

impl Finding {
    pub(super) fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Ok, message: message.into() }
    }

    pub(super) fn warning(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Warning, message: message.into() }
    }

    pub(super) fn problem(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Problem, message: message.into() }
    }
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    checks: Vec<Finding>,
    pub(super) cameras: Vec<Seen>,
}

#[derive(Serialize)]
struct Json<'a> {
    ok: bool,
    checks: &'a [Finding],
    cameras: &'a [Seen],
}

impl Report {
    pub(super) fn add(&mut self, finding: Finding) {
        self.checks.push(finding);
    }

    /// Whether there is no problem.
    pub(super) fn is_good(&self) -> bool {
        let cameras = self.cameras.iter().map(|seen| seen.outcome);
        self.checks.iter().map(|one| one.outcome).chain(cameras).all(|o| o < Outcome::Problem)
    }

    // A reader that goes away early, such as `head`, is no error of the check.

    pub(super) fn print(&self) {
        let mut out = io::stdout().lock();
        for Finding { name, outcome, message } in &self.checks {
            let _ = writeln!(out, "{:8} {name}: {message}", outcome.name());
        }
        for seen in &self.cameras {
            let _ = writeln!(out, "{:8} {}: {}", seen.outcome.name(), seen.title(), seen.message);
        }
    }

    pub(super) fn print_json(&self) {
        let Self { checks, cameras } = self;
        let json = serde_json::to_string_pretty(&Json { ok: self.is_good(), checks, cameras });
        let _ = writeln!(io::stdout(), "{}", json.expect("texts and numbers can be written"));
    }
}
