//! Two files in one body, as Go's `mime/multipart` writes them.

use bytes::Bytes;

/// Most parts of a body.
const PARTS: usize = 8;
/// Most bytes of the headers of a part.
const HEADER_BYTES: usize = 4 << 10;
/// Most characters of what stands between parts, by its standard.
const BOUNDARY: usize = 70;

/// The file of this name.
pub(super) fn file<'a>(parts: &'a [(String, Bytes)], name: &str) -> Option<&'a Bytes> {
    parts.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes)
}

/// The files of a form with their names; `None` where the body is not written as its type says.
pub(super) fn files(content_type: &str, body: &Bytes) -> Option<Vec<(String, Bytes)>> {
    let boundary = boundary(content_type)?;
    let (first, between) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    if !body.starts_with(first.as_bytes()) {
        return None;
    }
    let mut rest = body.slice(first.len()..);
    let mut files = Vec::new();
    while !rest.starts_with(b"--") {
        if files.len() >= PARTS || !rest.starts_with(b"\r\n") {
            return None;
        }
        let head = rest.get(..rest.len().min(HEADER_BYTES))?;
        let head_end = find(head, b"\r\n\r\n")?;
        let name = name(std::str::from_utf8(head.get(..head_end)?).ok()?)?;
        rest = rest.slice(head_end.checked_add(4)?..);
        let end = find(&rest, between.as_bytes())?;
        files.push((name, rest.slice(..end)));
        rest = rest.slice(end.checked_add(between.len())?..);
    }
    Some(files)
}

fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parts.find_map(|part| part.strip_prefix("boundary="))?.trim_matches('"');
    let plain = boundary.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    (plain && (1..=BOUNDARY).contains(&boundary.len())).then_some(boundary)
}

/// The field's name, where the part is a file.
fn name(headers: &str) -> Option<String> {
    const DISPOSITION: &str = "content-disposition:";
    let line = headers.split("\r\n").find_map(|line| {
        let (begin, value) = line.split_at_checked(DISPOSITION.len())?;
        begin.eq_ignore_ascii_case(DISPOSITION).then_some(value)
    })?;
    let value = |key: &str| {
        let mut parts = line.split(';').map(str::trim);
        parts.find_map(|part| part.strip_prefix(key)?.strip_prefix("=\"")?.strip_suffix('"'))
    };
    value("filename")?;
    value("name").map(str::to_owned)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by Go's `mime/multipart`, with the names and the type that v2's client uses.
    const BODY: &str = "--b0\r\nContent-Disposition: form-data; name=\"job_offer.json\"; filename=\"job_offer.json\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n{\"id\":\"\"}\r\n--b0\r\n\
        Content-Disposition: form-data; name=\"inputs.tar\"; filename=\"inputs.tar\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n\r\n--b\r\n\r\n--b0--\r\n";

    #[test]
    fn both_files_are_found_byte_for_byte() {
        let parts = files("multipart/form-data; boundary=b0", &Bytes::from_static(BODY.as_bytes())).unwrap();
        assert_eq!(file(&parts, "job_offer.json").unwrap(), "{\"id\":\"\"}");
        assert_eq!(file(&parts, "inputs.tar").unwrap(), "\r\n--b\r\n");
        assert!(file(&parts, "other").is_none());
    }

    #[test]
    fn what_is_cut_or_of_another_type_is_refused() {
        for end in 0..BODY.len() - 4 {
            let cut = Bytes::copy_from_slice(&BODY.as_bytes()[..end]);
            assert!(files("multipart/form-data; boundary=b0", &cut).is_none(), "{end}");
        }
        let whole = Bytes::from_static(BODY.as_bytes());
        for other in [
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=b1",
        ] {
            assert!(files(other, &whole).is_none(), "{other}");
        }
        let many = "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n\r\n".repeat(9)
            + "--b--";
        assert!(files("multipart/form-data; boundary=b", &many.into()).is_none());
    }
}
