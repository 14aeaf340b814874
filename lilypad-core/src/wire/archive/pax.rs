//! PAX records: `27 path=some/long/name\n`, where the number counts the whole record.

/// What the records say of an entry that matters here.
#[derive(Default)]
pub(super) struct Records<'a> {
    pub(super) path: Option<&'a [u8]>,
    pub(super) size: Option<u64>,
}

/// What writers note of owners, times and attributes. Nothing here depends on it.
const IGNORED: [&str; 8] = ["mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment"];
/// Extended attributes.
const IGNORED_FAMILIES: [&str; 2] = ["SCHILY.xattr.", "LIBARCHIVE."];

impl<'a> Records<'a> {
    /// Reads all records.
    ///
    /// # Errors
    /// What is wrong with them, as a phrase behind the entry's name: broken, twice the same key, or a key that is not known
    /// to be harmless.
    pub(super) fn read(mut rest: &'a [u8]) -> Result<Self, String> {
        let mut records = Self::default();
        let mut keys: Vec<&str> = Vec::new();
        while !rest.is_empty() {
            let (key, value, behind) = split(rest).ok_or("has a broken PAX record")?;
            if keys.contains(&key) {
                return Err(format!("has two PAX records {:?}", shown(key)));
            }
            keys.push(key);
            records.take(key, value)?;
            rest = behind;
        }
        Ok(records)
    }

    fn take(&mut self, key: &str, value: &'a [u8]) -> Result<(), String> {
        match key {
            "path" => self.path = Some(value),
            "size" => {
                let plain = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
                let number =
                    std::str::from_utf8(value).ok().filter(|_| plain).and_then(|text| text.parse().ok());
                self.size = Some(number.ok_or("has a PAX size that is no number")?);
            }
            "linkpath" => return Err("is a link by its PAX records".to_owned()),
            key if key.starts_with("GNU.sparse.") => {
                return Err("is a sparse file by its PAX records".to_owned());
            }
            key if IGNORED.contains(&key) => {}
            key if IGNORED_FAMILIES.iter().any(|family| key.starts_with(family)) => {}
            key => return Err(format!("has a PAX record {:?}, which is not allowed", shown(key))),
        }
        Ok(())
    }
}

/// The record that names a path.
pub(super) fn path_record(path: &str) -> String {
    // The number counts its own digits: it is found by trying.
    let fixed = " path=\n".len() + path.len();
    let mut length = fixed;
    while length != fixed + length.to_string().len() {
        length = fixed + length.to_string().len();
    }
    format!("{length} path={path}\n")
}

/// Key and value of the first record, and what stands behind it.
fn split(records: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let blank = records.iter().take(8).position(|byte| *byte == b' ')?;
    let digits = records.get(..blank)?;
    if digits.first() == Some(&b'0') || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (record, behind) = records.split_at_checked(length)?;
    let pair = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let key = std::str::from_utf8(pair.get(..equals)?).ok()?;
    Some((key, pair.get(equals + 1..)?, behind))
}

fn shown(key: &str) -> String {
    key.chars().take(40).collect()
}
