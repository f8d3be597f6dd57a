//! Text from devices: short, and without what could disturb a terminal or a page.

/// Longer names say nothing more.
const MAX_CHARS: usize = 100;

/// The text without control characters and white space around it; `None` when nothing is left.
pub(crate) fn tidy(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(" Front door ", Some("Front door"))]
    #[case("a\u{1b}[31mb\nc", Some("a[31mbc"))]
    #[case(" \t", None)]
    fn tidies(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(tidy(text).as_deref(), expected);
    }

    #[test]
    fn a_name_has_an_end() {
        assert_eq!(tidy(&"x".repeat(10_000)).expect("some").len(), MAX_CHARS);
    }
}
