//! Motion JPEG as FFmpeg's `mpjpeg` muxer writes it: a MIME multipart stream (RFC 2046) whose parts
//! say their length.

use bytes::Bytes;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Larger pictures are refused: an 8K JPEG at the highest quality stays below.
const MAX_PICTURE: usize = 32 << 20;
/// Part headers are a boundary and two lines.
const MAX_LINE: u64 = 1024;
const MAX_LINES: usize = 16;

/// Why a stream of pictures cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MpjpegError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("not a multipart stream of JPEGs")]
    NotMpjpeg,
    #[error("a picture of {0} bytes is too large")]
    TooLarge(usize),
}

/// Reads pictures one by one.
pub(crate) struct MpjpegReader<R>(R);

impl<R: AsyncBufRead + Unpin> MpjpegReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self(inner)
    }

    /// The next picture. Not cancel safe: a dropped call leaves the stream in mid-part.
    pub(crate) async fn next(&mut self) -> Result<Bytes, MpjpegError> {
        let mut length = None;
        let mut in_part = false;
        for _ in 0..MAX_LINES {
            let line = self.line().await?;
            if line.starts_with("--") {
                in_part = true;
            } else if line.is_empty() {
                // The empty line between parts comes before the boundary, the one that ends the
                // headers after it.
                if in_part {
                    break;
                }
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok();
            }
        }
        let length = length.ok_or(MpjpegError::NotMpjpeg)?;
        if length > MAX_PICTURE {
            return Err(MpjpegError::TooLarge(length));
        }
        let mut picture = vec![0; length];
        self.0.read_exact(&mut picture).await?;
        Ok(picture.into())
    }

    async fn line(&mut self) -> Result<String, MpjpegError> {
        let mut line = Vec::new();
        let read = (&mut self.0).take(MAX_LINE).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        let line = String::from_utf8(line).map_err(|_| MpjpegError::NotMpjpeg)?;
        Ok(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &[u8] =
        b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 5\r\n\r\nfirst\r\n\
        --ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 6\r\n\r\nsecond\r\n--ffmpeg\r\n";

    #[tokio::test]
    async fn pictures_are_read_one_by_one() {
        let mut reader = MpjpegReader::new(TWO);
        assert_eq!(reader.next().await.expect("a picture"), "first");
        assert_eq!(reader.next().await.expect("a picture"), "second");
        assert!(matches!(reader.next().await, Err(MpjpegError::Io(_))));
    }

    #[tokio::test]
    async fn a_length_that_no_camera_sends_is_refused() {
        let mut reader = MpjpegReader::new(&b"--x\r\nContent-length: 99999999999\r\n\r\n"[..]);
        assert!(matches!(reader.next().await, Err(MpjpegError::TooLarge(_))));
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(async {
                let mut reader = MpjpegReader::new(&bytes[..]);
                while reader.next().await.is_ok() {}
            });
        }
    }
}
