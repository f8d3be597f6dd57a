//! The boxes of a fragmented MP4 (ISO/IEC 14496-12) with one video track, as bytes. Pure: files
//! are `movie`'s business.
//!
//! A file is `ftyp`, `moov`, room for an index (`free`), and fragments (`moof` and `mdat` each).
//! Each fragment is whole in itself, so what is there of a file can be played whenever its writing
//! ended. Once it is finished, the index (`sidx`) takes the place of the room, and players know
//! its length and find every second at once.

use bytes::Bytes;
use jiff::Timestamp;
use mp4_atom::{
    Any, Atom as _, Avc1, Avcc, Codec as Entry, Decode as _, DecodeMaybe as _, Dinf, Dref,
    DrefEntry, Encode as _, FourCC, Ftyp, Hdlr, Header, Hvc1, Hvcc, Mdhd, Mdia, Mehd, Mfhd, Minf,
    Moof, Moov, Mvex, Mvhd, SegmentReference, Sidx, Stbl, Stco, Stsd, Tfdt, Tfhd, Tkhd, Traf, Trak,
    Trex, Trun, TrunEntry, Url, Visual, Vmhd,
};

use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::packet::StreamInfo;

/// Ticks a second, of everything: the clock of RTP video.
pub(super) const TIMESCALE: u32 = 90_000;
/// The one track.
const TRACK: u32 = 1;
/// Sample flags (8.8.3.1): depends on no other; depends on others and is no sync sample.
const KEYFRAME: u32 = 0x0200_0000;
const OTHER: u32 = 0x0101_0000;
/// The length of a box header.
const HEADER: usize = 8;
/// Of an index without entries, and of one entry.
const EMPTY_INDEX: usize = 32;
const INDEX_ENTRY: usize = 12;

/// One sample of a fragment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FragmentSample {
    /// Until the next one is decoded, in ticks.
    pub(super) duration: u32,
    /// From when it is decoded to when it is shown.
    pub(super) composition: i64,
    pub(super) keyframe: bool,
    pub(super) data: Bytes,
}

/// A movie's beginning, and how much room it leaves for the index.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) moov: Moov,
    /// `ftyp`, `moov` and `free`.
    pub(super) bytes: Vec<u8>,
    /// Where the room begins.
    pub(super) room_at: usize,
    /// Its length, with its header.
    pub(super) room: usize,
}

/// A line of the index: one fragment, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indexed {
    pub(super) bytes: u32,
    /// When it is decoded, in ticks.
    pub(super) at: u64,
    pub(super) keyframe: bool,
}

fn unwritable(what: &str) -> impl Fn(mp4_atom::Error) -> Error {
    move |error| Error::new(ErrorKind::Internal, format!("{what} cannot be written: {error}"))
}

/// The beginning of a movie of this stream. `name` is the camera's; `entries` is how many lines
/// the index will have room for.
///
/// # Errors
/// [`ErrorKind::UnsupportedCodec`] for what cannot stand in an MP4 untouched.
pub(super) fn head(
    stream: &StreamInfo,
    name: &str,
    started: Timestamp,
    entries: usize,
) -> Result<Head> {
    // Seconds since 1904.
    let created = u64::try_from(started.as_second() + 2_082_844_800).unwrap_or_default();
    let trak = Trak {
        tkhd: Tkhd {
            creation_time: created,
            modification_time: created,
            track_id: TRACK,
            enabled: true,
            in_movie: true,
            width: side(stream.width).into(),
            height: side(stream.height).into(),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd {
                creation_time: created,
                modification_time: created,
                timescale: TIMESCALE,
                duration: 0,
                language: "und".to_owned(),
            },
            hdlr: Hdlr { handler: FourCC::new(b"vide"), name: name.replace('\0', "") },
            minf: Minf {
                vmhd: Some(Vmhd::default()),
                dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                stbl: Stbl {
                    stsd: Stsd { codecs: vec![sample_entry(stream)?] },
                    stco: Some(Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    };
    let trex = Trex { track_id: TRACK, default_sample_description_index: 1, ..Trex::default() };
    let moov = Moov {
        mvhd: Mvhd {
            creation_time: created,
            modification_time: created,
            timescale: TIMESCALE,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: TRACK + 1,
            ..Mvhd::default()
        },
        mvex: Some(Mvex { mehd: Some(Mehd::default()), trex: vec![trex] }),
        trak: vec![trak],
        ..Moov::default()
    };
    let brand = |name: &[u8; 4]| FourCC::new(name);
    let ftyp = Ftyp {
        major_brand: brand(b"iso6"),
        minor_version: 0,
        compatible_brands: vec![brand(b"iso6"), brand(b"mp41"), brand(b"dash")],
    };
    let mut bytes = Vec::new();
    ftyp.encode(&mut bytes).map_err(unwritable("ftyp"))?;
    moov.encode(&mut bytes).map_err(unwritable("moov"))?;
    let room_at = bytes.len();
    let room = EMPTY_INDEX + entries * INDEX_ENTRY + HEADER;
    free(room, &mut bytes);
    Ok(Head { moov, bytes, room_at, room })
}

/// In a sample entry a side has 16 bits.
fn side(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}

/// Keyframes repeat the parameter sets, which `avc1` and `hvc1` do not foresee and every player
/// takes; `hev1`, which does foresee it, some do not play.
fn sample_entry(stream: &StreamInfo) -> Result<Entry> {
    let visual = Visual {
        data_reference_index: 1,
        width: side(stream.width),
        height: side(stream.height),
        compressor: "Fanlight".into(),
        ..Visual::default()
    };
    let record = &mut &*stream.config_record;
    let damaged = |_| {
        Error::new(
            ErrorKind::UnsupportedCodec,
            "the camera's description of its video cannot be read, so it cannot be recorded",
        )
    };
    Ok(match stream.codec {
        Codec::H264 => {
            let avcc = Avcc::decode_body(record).map_err(damaged)?;
            Entry::Avc1(Avc1 { visual, avcc, ..Avc1::default() })
        }
        Codec::H265 => {
            let hvcc = Hvcc::decode_body(record).map_err(damaged)?;
            Entry::Hvc1(Hvc1 { visual, hvcc, ..Hvc1::default() })
        }
        Codec::Mjpeg => {
            return Err(Error::new(
                ErrorKind::UnsupportedCodec,
                "Motion JPEG cannot be recorded without encoding it anew; set the camera to H.264 or H.265",
            ));
        }
    })
}

/// What a movie's beginning tells of its stream, and the camera's name.
pub(super) fn stream_of(moov: &Moov) -> Option<(StreamInfo, String)> {
    let mdia = &moov.trak.first()?.mdia;
    let mut record = Vec::new();
    let (codec, visual) = match mdia.minf.stbl.stsd.codecs.first()? {
        Entry::Avc1(entry) => {
            entry.avcc.encode_body(&mut record).ok()?;
            (Codec::H264, &entry.visual)
        }
        Entry::Hvc1(entry) => {
            entry.hvcc.encode_body(&mut record).ok()?;
            (Codec::H265, &entry.visual)
        }
        _ => return None,
    };
    let stream = StreamInfo {
        codec,
        width: visual.width.into(),
        height: visual.height.into(),
        declared_fps: None,
        config_record: record.into(),
    };
    Some((stream, mdia.hdlr.name.clone()))
}

/// A `free` box of this length, with its header.
fn free(len: usize, out: &mut Vec<u8>) {
    out.extend((len as u32).to_be_bytes());
    out.extend(b"free");
    out.resize(out.len() + len - HEADER, 0);
}

/// One fragment. `sequence` counts from 1, `at` is when its first sample is decoded.
pub(super) fn fragment(
    sequence: u32,
    at: u64,
    samples: &[FragmentSample],
    out: &mut Vec<u8>,
) -> Result<()> {
    let entries = samples.iter().map(|sample| TrunEntry {
        duration: Some(sample.duration),
        size: Some(sample.data.len() as u32),
        flags: Some(if sample.keyframe { KEYFRAME } else { OTHER }),
        cts: Some(sample.composition),
    });
    let mut moof = Moof {
        mfhd: Mfhd { sequence_number: sequence },
        traf: vec![Traf {
            tfhd: Tfhd { track_id: TRACK, default_base_is_moof: true, ..Tfhd::default() },
            tfdt: Some(Tfdt { base_media_decode_time: at }),
            trun: vec![Trun { data_offset: Some(0), samples: entries.collect::<Vec<_>>().into() }],
            ..Traf::default()
        }],
    };
    // The offset counts from the moof, whose length does not depend on it.
    let start = out.len();
    moof.encode(out).map_err(unwritable("moof"))?;
    let offset = out.len() - start + HEADER;
    moof.traf[0].trun[0].data_offset = i32::try_from(offset).ok();
    out.truncate(start);
    moof.encode(out).map_err(unwritable("moof"))?;
    let len: usize = samples.iter().map(|sample| sample.data.len()).sum();
    out.extend(((len + HEADER) as u32).to_be_bytes());
    out.extend(b"mdat");
    for sample in samples {
        out.extend_from_slice(&sample.data);
    }
    Ok(())
}

/// The movie's beginning once its length is known, as long as before.
pub(super) fn finished_moov(moov: &Moov, duration: u64) -> Result<Vec<u8>> {
    let mut moov = moov.clone();
    if let Some(mvex) = &mut moov.mvex {
        mvex.mehd = Some(Mehd { fragment_duration: duration });
    }
    let mut bytes = Vec::new();
    moov.encode(&mut bytes).map_err(unwritable("moov"))?;
    Ok(bytes)
}

/// The index for the room of a movie, exactly as long; lines are joined where there are too many.
/// None when there is no room for any.
pub(super) fn index(room: usize, fragments: &[Indexed], end: u64) -> Result<Option<Vec<u8>>> {
    let fits = room.saturating_sub(EMPTY_INDEX + HEADER) / INDEX_ENTRY;
    if fits == 0 || fragments.is_empty() {
        return Ok(None);
    }
    let lines = fragments.chunks(fragments.len().div_ceil(fits.min(usize::from(u16::MAX))));
    let starts: Vec<u64> = lines.clone().map(|line| line[0].at).chain([end]).collect();
    let references = lines.zip(starts.windows(2)).map(|(line, span)| SegmentReference {
        reference_type: false,
        referenced_size: line.iter().map(|fragment| fragment.bytes).sum(),
        subsegment_duration: u32::try_from(span[1].saturating_sub(span[0])).unwrap_or(u32::MAX),
        starts_with_sap: line[0].keyframe,
        sap_type: u8::from(line[0].keyframe),
        sap_delta_time: 0,
    });
    let mut sidx = Sidx {
        reference_id: TRACK,
        timescale: TIMESCALE,
        earliest_presentation_time: fragments[0].at,
        first_offset: 0,
        references: references.collect(),
    };
    let len = EMPTY_INDEX + sidx.references.len() * INDEX_ENTRY;
    // What of the room is left stands between the index and the first fragment.
    sidx.first_offset = (room - len) as u64;
    let mut bytes = Vec::with_capacity(room);
    sidx.encode(&mut bytes).map_err(unwritable("sidx"))?;
    if bytes.len() != len {
        return Ok(None);
    }
    free(room - len, &mut bytes);
    Ok(Some(bytes))
}

/// A box header: its kind, and the length of the whole box.
pub(super) fn header(bytes: &[u8]) -> Option<([u8; 4], u64)> {
    let header = Header::decode_maybe(&mut &*bytes).ok()??;
    let length = header.size? as u64 + HEADER as u64;
    // Ours have no longer headers.
    (bytes[..4] != [0, 0, 0, 1]).then_some((header.kind.into(), length))
}

/// Reads a `moov` with its header.
pub(super) fn moov(bytes: &[u8]) -> Option<Moov> {
    Moov::decode(&mut &*bytes).ok()
}

/// What a `moof` says: when it is decoded and ends, and where its first sample lies, counted from
/// the moof, if that is a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: u64,
    pub(super) end: u64,
    pub(super) keyframe: bool,
    pub(super) first: (u64, u32),
}

/// Reads a `moof` with its header.
pub(super) fn moof(bytes: &[u8]) -> Option<Told> {
    let Any::Moof(moof) = Any::decode(&mut &*bytes).ok()? else { return None };
    let traf = moof.traf.first()?;
    let trun = traf.trun.first()?;
    let at = traf.tfdt.as_ref()?.base_media_decode_time;
    let first = trun.samples.get(0)?;
    let length: u64 = trun.samples.iter().map(|s| u64::from(s.duration.unwrap_or(0))).sum();
    Some(Told {
        at,
        end: at.checked_add(length)?,
        keyframe: first.flags == Some(KEYFRAME),
        first: (u64::try_from(trun.data_offset?).ok()?, first.size?),
    })
}

/// The length that a finished movie says it has, in ticks.
pub(super) fn duration(moov: &Moov) -> Option<u64> {
    let ticks = moov.mvex.as_ref()?.mehd.as_ref()?.fragment_duration;
    (ticks > 0).then_some(ticks)
}
