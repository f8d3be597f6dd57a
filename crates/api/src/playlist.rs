//! A recording as an HLS playlist (RFC 8216): where in the one file its parts are. Pure.

use std::fmt::Write as _;
use std::ops::Range;

use fanlight_engine::Segments;

/// Its media type.
pub(crate) const MIME: &str = "application/vnd.apple.mpegurl";
/// The file, seen from the playlist.
const FILE: &str = "video";

/// The playlist of a recording.
pub(crate) fn of(recording: &Segments) -> String {
    let Segments { head, segments, in_progress } = recording;
    // The longest, in whole seconds; no playlist is without.
    let longest = segments.iter().map(|segment| segment.duration.as_secs_f64().ceil() as u64);
    let target = longest.max().unwrap_or(0).max(1);
    let kind = if *in_progress { "EVENT" } else { "VOD" };
    let mut lines = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-PLAYLIST-TYPE:{kind}\n"
    );
    if segments.iter().all(|segment| segment.keyframe) {
        lines += "#EXT-X-INDEPENDENT-SEGMENTS\n";
    }
    if *in_progress {
        // Players begin at the end of what grows unless they are told otherwise.
        lines += "#EXT-X-START:TIME-OFFSET=0\n";
    }
    let range = |Range { start, end }: &Range<u64>| format!("{}@{start}", end - start);
    // Writing to a String does not fail.
    let _ = writeln!(lines, "#EXT-X-MAP:URI=\"{FILE}\",BYTERANGE=\"{}\"", range(head));
    for segment in segments {
        let seconds = segment.duration.as_secs_f64();
        let bytes = range(&segment.bytes);
        let _ = writeln!(lines, "#EXTINF:{seconds:.6},\n#EXT-X-BYTERANGE:{bytes}\n{FILE}");
    }
    if !in_progress {
        lines += "#EXT-X-ENDLIST\n";
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanlight_engine::Segment;
    use std::time::Duration;

    fn recording(in_progress: bool) -> Segments {
        let segment = |bytes, millis, keyframe| Segment {
            bytes,
            duration: Duration::from_millis(millis),
            keyframe,
        };
        let segments = vec![segment(900..1900, 1960, true), segment(1900..2000, 80, true)];
        Segments { head: 0..700, segments, in_progress }
    }

    #[test]
    fn a_complete_recording() {
        assert_eq!(
            of(&recording(false)),
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-TARGETDURATION:2\n\
             #EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MAP:URI=\"video\",BYTERANGE=\"700@0\"\n\
             #EXTINF:1.960000,\n\
             #EXT-X-BYTERANGE:1000@900\n\
             video\n\
             #EXTINF:0.080000,\n\
             #EXT-X-BYTERANGE:100@1900\n\
             video\n\
             #EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn one_that_is_being_written_begins_at_its_beginning_and_has_no_end() {
        let playlist = of(&recording(true));
        assert!(playlist.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n"), "{playlist}");
        assert!(playlist.contains("#EXT-X-START:TIME-OFFSET=0\n"), "{playlist}");
        assert!(!playlist.contains("ENDLIST"), "{playlist}");
    }

    #[test]
    fn one_that_has_just_begun_has_no_parts_yet() {
        let playlist = of(&Segments { segments: Vec::new(), ..recording(true) });
        assert!(playlist.contains("#EXT-X-TARGETDURATION:1\n"), "{playlist}");
        assert!(!playlist.contains("#EXTINF"), "{playlist}");
    }

    #[test]
    fn parts_that_need_those_before_them_are_not_called_independent() {
        let mut recording = recording(false);
        recording.segments[1].keyframe = false;
        assert!(!of(&recording).contains("INDEPENDENT"));
    }
}
