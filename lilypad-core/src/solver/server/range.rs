//! Which part of an archive is asked for (RFC 9110, sections 13.1.5 and 14).

use std::ops::Range;

use axum::http::{HeaderMap, header};

use crate::wire::ArchiveId;

/// What of an archive is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Beyond,
}

/// What these headers ask of an archive of this name and length. A range is followed where it is one range of bytes, and
/// where the client names this very archive or none; else everything is sent.
pub(super) fn wanted(headers: &HeaderMap, id: ArchiveId, length: u64) -> Wanted {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let is_other = headers.contains_key(header::IF_RANGE)
        && one(header::IF_RANGE).and_then(ArchiveId::from_etag) != Some(id);
    match one(header::RANGE).filter(|_| !is_other) {
        Some(range) => of(range, length).unwrap_or(Wanted::Whole),
        None => Wanted::Whole,
    }
}

fn of(range: &str, length: u64) -> Option<Wanted> {
    let (unit, range) = range.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let part = match (first, last) {
        ("", last) => length.saturating_sub(digits(last)??)..length,
        (first, "") => digits(first)??..length,
        (first, last) => {
            let (first, last) = (digits(first)??, digits(last)??);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if part.start < part.end { Wanted::Part(part) } else { Wanted::Beyond })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(headers: &[(&'static str, String)]) -> Wanted {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        wanted(&map, ArchiveId::of(b"this"), 100)
    }

    #[test]
    fn one_range_of_bytes_is_followed_and_all_else_gives_everything() {
        for (range, part) in [
            ("bytes=0-", Wanted::Part(0..100)),
            ("bytes=99-", Wanted::Part(99..100)),
            ("Bytes=5-9", Wanted::Part(5..10)),
            ("bytes=5-500", Wanted::Part(5..100)),
            ("bytes=-3", Wanted::Part(97..100)),
            ("bytes=-500", Wanted::Part(0..100)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=9-5", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=+5-9", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=99999999999999999999-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
        ] {
            assert_eq!(ask(&[("range", range.to_owned())]), part, "{range}");
        }
        assert_eq!(ask(&[]), Wanted::Whole);
        let twice = ["bytes=1-", "bytes=2-"].map(|range| ("range", range.to_owned()));
        assert_eq!(ask(&twice), Wanted::Whole);
    }

    #[test]
    fn a_range_of_another_archive_gives_everything() {
        let part = |tag: String| ask(&[("range", "bytes=5-".to_owned()), ("if-range", tag)]);
        assert_eq!(part(ArchiveId::of(b"this").etag()), Wanted::Part(5..100));
        for other in [ArchiveId::of(b"other").etag(), format!("W/{}", ArchiveId::of(b"this").etag())] {
            assert_eq!(part(other), Wanted::Whole);
        }
        assert_eq!(part("Wed, 25 Nov 2026 12:00:00 GMT".to_owned()), Wanted::Whole);
    }
}
