//! Archives that somebody made to do harm: each is refused by name, and none costs more than its bytes.

use super::*;

/// What of an entry is wrong, and a part of what is said of it.
fn refused(name: &str, entries: &[Vec<u8>], why: &str) {
    let said = refusal(archive(entries));
    assert!(said.starts_with("E_ARCHIVE_ENTRY"), "{said}");
    assert!(said.contains(&format!("archive entry {name:?}")) && said.contains(why), "{said}");
}

#[test]
fn only_files_and_folders_are_read() {
    for (kind, why) in [
        (b'1', "hard link"),
        (b'2', "symbolic link"),
        (b'3', "character device"),
        (b'4', "block device"),
        (b'6', "FIFO"),
        (b'7', "unknown kind"),
        (b'S', "sparse file"),
        (b'L', "--format=pax"),
        (b'K', "--format=pax"),
        (b'g', "extends all later entries"),
        (0, "unknown kind"),
        (0xff, "unknown kind"),
    ] {
        refused("a", &[entry(kind, "a", b"")], why);
    }
    refused("a", &[changed(FILE, "a", b"", |block| block[157] = b'/')], "names a link");
}

#[test]
fn names_that_a_set_does_not_hold_are_refused() {
    for name in ["../x", "/x", "a/../x", "a//b", "..", "a\\b", "", "./../x", "a/", "././a", "."] {
        refused(name, &[entry(FILE, name, b"")], "must");
    }
    for name in ["..", "/", "../", "a//", ""] {
        refused(name, &[entry(FOLDER, name, b"")], "must");
    }
    let deep = "a/".repeat(16) + "a";
    refused(&deep, &[entry(FILE, &deep, b"")], "16 levels");
    let with_nul = changed(FILE, "a", b"", |block| block[2] = b'b');
    refused("a", &[with_nul], "behind a NUL");
    let prefixed = changed(FILE, "a", b"", |block| block[347] = b'b');
    refused("a", &[prefixed], "behind a NUL");
    let latin = changed(FILE, "a", b"", |block| block[1] = 0xe9);
    refused("a\u{fffd}", &[latin], "not UTF-8");
}

#[test]
fn what_is_said_of_a_name_is_short_and_printable() {
    let said = refusal(archive(&[entry(FILE, "/\u{1b}[2J\u{202e}", b"")]));
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
    let path = "x".repeat(5_000);
    let bytes = archive(&[entry(PAX, "p", path_record(&path).as_bytes()), entry(FILE, "x", b"")]);
    let said = refusal(bytes);
    assert!(said.len() < 200 && said.contains("1 to 1,024 bytes"), "{said}");
}

#[test]
fn nothing_is_there_twice_or_as_both() {
    let (file, folder) = (|name| entry(FILE, name, b""), |name| entry(FOLDER, name, b""));
    for (entries, name, why) in [
        ([file("a"), file("a")], "a", "twice"),
        ([file("a"), file("./a")], "./a", "twice"),
        ([folder("a"), folder("a/")], "a/", "twice"),
        ([file("a"), folder("a")], "a", "both"),
        ([folder("a"), file("a")], "a", "both"),
        ([file("a"), file("a/b")], "a/b", "both"),
        ([file("a"), folder("a/b")], "a/b", "both"),
        ([file("a/b"), file("a")], "a", "both"),
        ([folder("a/b"), file("a")], "a", "both"),
    ] {
        refused(name, &entries, why);
    }
}

#[test]
fn records_say_nothing_that_the_header_does_not() {
    for (records, why) in [
        ("9 size=2\n", "has 1 bytes by its header and 2 by its PAX records"),
        ("9 size=a\n", "no number"),
        ("11 size=+1\n", "no number"),
        ("8 size=\n", "no number"),
        ("14 linkpath=b\n", "is a link"),
        ("22 GNU.sparse.major=1\n", "sparse file"),
        ("21 SCHILY.realsize=1\n", "not allowed"),
        ("21 hdrcharset=BINARY\n", "not allowed"),
        ("10 path=b\n10 path=c\n", "two PAX records \"path\""),
        ("8 path=b\n", "broken"),
        ("11 path=b\n", "broken"),
        ("010 path=b\n", "broken"),
        ("99999999999 path=b\n", "broken"),
        ("6 path", "broken"),
        ("3 =\n", "broken"),
        ("path=b\n", "broken"),
    ] {
        let entries = [entry(PAX, "p", records.as_bytes()), entry(FILE, "a", b"x")];
        let said = refusal(archive(&entries));
        assert!(said.starts_with("E_ARCHIVE_ENTRY") && said.contains(why), "{records:?}: {said}");
    }
    for path in ["10 path=/\n", "8 path=\n", "12 path=a\0b\n", "13 path=../x\n", "12 path=é\\\n"] {
        let entries = [entry(PAX, "p", path.as_bytes()), entry(FILE, "a", b"x")];
        let said = refusal(archive(&entries));
        assert!(said.contains("must"), "{path:?}: {said}");
    }
    let two = [entry(PAX, "p", b"10 path=b\n"), entry(PAX, "q", b"10 path=c\n"), entry(FILE, "a", b"")];
    refused("q", &two, "follows other PAX records");
    let said = refusal(archive(&[entry(PAX, "p", b"10 path=b\n")]));
    assert!(said.contains("extend no entry"), "{said}");
}

#[test]
fn headers_that_two_readers_could_read_in_two_ways_are_refused() {
    let (size, magic) = (124..136, 257..265);
    for field in [*b"\x80\0\0\0\0\0\0\0\0\0\0\x01", *b"0x1        \0", *b"-1         \0", *b"1 1        \0"] {
        let file = changed(FILE, "a", b"x", |block| block[size.clone()].copy_from_slice(&field));
        refused("a", &[file], "not a plain octal number");
    }
    let old = changed(FILE, "a", b"", |block| block[magic.clone()].fill(0));
    refused("a", &[old], "not in the format ustar");
    let gnu = |block: &mut [u8; BLOCK]| block[magic.clone()].copy_from_slice(b"ustar  \0");
    assert_eq!(read(archive(&[changed(FILE, "a", b"a", gnu)])).unwrap(), set(&["a"]));
    let sparse = changed(FILE, "a", b"", |block| {
        gnu(block);
        block[482] = 1;
    });
    refused("a", &[sparse], "fields of the format gnu");
    let mut wrong = entry(FILE, "a", b"");
    wrong[0] = b'b';
    refused("b", &[wrong], "wrong checksum");
    refused("a", &[entry(FOLDER, "a", b"x")], "folder with 1 bytes");
}

#[test]
fn archives_that_stop_too_early_are_refused_wherever_they_are_cut() {
    let good = write_archive(&set(&["a", "b"])).unwrap();
    for end in 0..good.len() {
        let said = refusal(good.slice(..end));
        assert!(said.contains("stops at byte") || said.contains("are there"), "{end}: {said}");
    }
    let gap = [&good[..4 * BLOCK], &[0; BLOCK], &good[..]].concat();
    assert!(refusal(gap).contains("goes on at byte 2560"));
}

#[test]
fn a_bomb_costs_no_more_than_its_bytes() {
    // A size that nobody has: eight GiB in a header of 512 bytes.
    let huge = changed(FILE, "a", b"", |block| block[124..136].copy_from_slice(b"77777777777\0"));
    refused("a", &[huge], "has 8589934591 bytes by its header, of which 1024 are there");
    let records = changed(PAX, "p", b"", |block| block[124..136].copy_from_slice(b"77777777777\0"));
    refused("p", &[records], "bytes of PAX records; at most 65536");
    let many: Vec<_> = (0..11).map(|at| entry(FILE, &at.to_string(), b"")).collect();
    refused("10", &many, "makes 11 files and folders; at most 10");
    let folders: Vec<_> = (0..11).map(|at| entry(FOLDER, &at.to_string(), b"")).collect();
    refused("10", &folders, "makes 11 files and folders; at most 10");
    refused(
        "b",
        &[entry(FILE, "a", &[0; 600]), entry(FILE, "b", &[0; 401])],
        "makes 1001 bytes of files; at most 1000",
    );
}

/// A set that was read obeys the rules of sets and the limits, whatever was read.
fn check(bytes: &Bytes) -> std::result::Result<(), TestCaseError> {
    let limits = FileLimits { files: 10, bytes: 20_000 };
    match read_archive(bytes, &limits) {
        Ok(files) => {
            prop_assert!(files.check_limits(&limits).is_ok());
            let again = FileSet::from_files(files.clone()).unwrap();
            prop_assert_eq!(&again, &files);
            let copy = write_archive(&files).unwrap();
            prop_assert_eq!(read_archive(&copy, &limits).unwrap(), files);
        }
        Err(error) => {
            prop_assert!(matches!(error.code(), "E_ARCHIVE" | "E_ARCHIVE_ENTRY"), "{:?}", error);
            prop_assert!(error.message().len() < 1_000 && !error.message().contains(char::is_control));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn random_bytes_are_refused_or_read_by_the_rules(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        check(&bytes.into())?;
    }

    #[test]
    fn damaged_archives_are_refused_or_read_by_the_rules(
        files in some_set(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
        blocks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
    ) {
        let mut bytes = write_archive(&files).unwrap().to_vec();
        // Whole blocks change places, so that headers and contents meet in new ways.
        for (from, to) in blocks {
            let (from, to) = (from.index(bytes.len() / BLOCK), to.index(bytes.len() / BLOCK));
            bytes.copy_within(from * BLOCK..(from + 1) * BLOCK, to * BLOCK);
        }
        // Bytes change, mostly in a header, whose sum is then made right again.
        for (at, byte, sum) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let start = at / BLOCK * BLOCK;
            if sum {
                sum_again((&mut bytes[start..start + BLOCK]).try_into().unwrap());
            }
        }
        check(&bytes.into())?;
    }
}
