//! The picture of the demo camera, as one FFmpeg filter graph: a slow gradient and the time of
//! day in seven-segment digits. Drawn with boxes alone, as a machine may have no fonts.

use std::fmt::Write as _;

/// Which segments each digit lights, as bits: top, upper right, lower right, bottom, lower left,
/// upper left, middle.
const DIGITS: [u8; 10] = [
    0b011_1111, 0b000_0110, 0b101_1011, 0b100_1111, 0b110_0110, 0b110_1101, 0b111_1101, 0b000_0111,
    0b111_1111, 0b110_1111,
];

const DIGIT_WIDTH: i32 = 84;
const DIGIT_HEIGHT: i32 = 160;
const STROKE: i32 = 16;
/// From one digit to the next of its pair.
const ADVANCE: i32 = 112;
/// From the end of a pair to the next, with the colon in it.
const COLON: i32 = 60;
const WIDTH: i32 = 1280;
const HEIGHT: i32 = 720;
const INK: &str = "white@0.92";

/// The filter graph, for a stream whose first picture is shown `seconds` after midnight.
pub(crate) fn graph(seconds: u32) -> String {
    let mut graph = format!(
        // A quarter of the size to begin with: gradients are soft anyway.
        "gradients=size=320x180:rate=25:nb_colors=3:c0=0x10233f:c1=0x1c6e7d:c2=0x7a4b8c:x0=0:y0=0:x1=320:y1=180:speed=0.008,\
         scale={WIDTH}:{HEIGHT}:flags=bilinear,format=yuv420p"
    );
    let clock_width = 6 * ADVANCE + 2 * COLON - (ADVANCE - DIGIT_WIDTH);
    let top = (HEIGHT - DIGIT_HEIGHT) / 2;
    let mut left = (WIDTH - clock_width) / 2;
    // Each digit as seconds that its step lasts, and the number of its steps.
    for (place, (step, steps)) in
        [(36_000, 10), (3600, 10), (600, 6), (60, 10), (10, 6), (1, 10)].into_iter().enumerate()
    {
        let now = format!("mod(t+{seconds},86400)");
        let digit = match place {
            // The hours do not wrap at a power of ten, but the day does.
            1 => format!("mod(floor({now}/3600),10)"),
            _ => format!("mod(floor({now}/{step}),{steps})"),
        };
        for (segment, [x, y, w, h]) in segments().into_iter().enumerate() {
            // One bit a digit: whether this segment is lit in it.
            let lit = DIGITS.iter().enumerate().fold(0, |mask, (digit, segments)| {
                mask | u32::from(segments >> segment & 1) << digit
            });
            let (x, y) = (left + x, top + y);
            let _ = write!(
                graph,
                ",drawbox=x={x}:y={y}:w={w}:h={h}:color={INK}:t=fill:enable='bitand({lit},pow(2,{digit}))'"
            );
        }
        left += ADVANCE;
        if place == 1 || place == 3 {
            let x = left + (COLON - (ADVANCE - DIGIT_WIDTH) - STROKE) / 2;
            for y in [top + DIGIT_HEIGHT / 3 - STROKE / 2, top + DIGIT_HEIGHT * 2 / 3 - STROKE / 2]
            {
                let _ =
                    write!(graph, ",drawbox=x={x}:y={y}:w={STROKE}:h={STROKE}:color={INK}:t=fill");
            }
            left += COLON;
        }
    }
    // A bar that fills each second, so that movement is seen at a glance.
    let bar_top = top + DIGIT_HEIGHT + 56;
    let bar_left = (WIDTH - clock_width) / 2;
    let _ = write!(
        graph,
        ",drawbox=x={bar_left}:y={bar_top}:w={clock_width}:h=6:color=white@0.18:t=fill"
    );
    for part in 0..25 {
        let x = bar_left + clock_width * part / 25;
        let w = clock_width * (part + 1) / 25 - clock_width * part / 25;
        let _ = write!(
            graph,
            ",drawbox=x={x}:y={bar_top}:w={w}:h=6:color={INK}:t=fill:enable='gte(mod(n,25),{part})'"
        );
    }
    graph
}

/// Left, top, width and height of the seven segments within a digit.
fn segments() -> [[i32; 4]; 7] {
    let (w, h, s) = (DIGIT_WIDTH, DIGIT_HEIGHT, STROKE);
    let half = h / 2;
    [
        [s, 0, w - 2 * s, s],
        [w - s, s, s, half - s - s / 2],
        [w - s, half + s / 2, s, half - s - s / 2],
        [s, h - s, w - 2 * s, s],
        [0, half + s / 2, s, half - s - s / 2],
        [0, s, s, half - s - s / 2],
        [s, half - s / 2, w - 2 * s, s],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_lights_every_segment_and_one_just_the_right_ones() {
        assert_eq!(DIGITS[8], 0b111_1111);
        assert_eq!(DIGITS[1], 0b000_0110);
    }

    #[test]
    fn everything_is_drawn_within_the_picture() {
        for drawn in graph(0).split("drawbox=").skip(1) {
            let number = |name: &str| {
                let value = drawn.split(':').find_map(|part| part.strip_prefix(name));
                value.and_then(|v| v.parse::<i32>().ok()).expect("a number")
            };
            assert!(number("x=") >= 0 && number("x=") + number("w=") <= WIDTH, "{drawn}");
            assert!(number("y=") >= 0 && number("y=") + number("h=") <= HEIGHT, "{drawn}");
        }
    }
}
