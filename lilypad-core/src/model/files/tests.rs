//! Rules of sets of files.

use proptest::prelude::*;

use super::*;

fn set(paths: &[&str]) -> Result<FileSet> {
    FileSet::from_files(paths.iter().map(|path| (*path, "x")))
}

#[test]
fn paths_that_could_leave_the_set_are_refused() {
    let (long, deep) = ("x".repeat(1_025), "a/".repeat(16) + "a");
    for path in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\0b", &long, &deep] {
        assert_eq!(set(&[path]).unwrap_err().code(), "E_FILE_PATH", "{path:?}");
    }
    assert!(set(&["a/.b/..c", "\u{e9} \n", &long[1..], &deep[2..]]).is_ok());
}

#[test]
fn nothing_is_both_a_file_and_a_folder() {
    assert_eq!(set(&["a/b", "a"]).unwrap_err().code(), "E_FILE_PATH");
    assert_eq!(set(&["a", "a/b/c"]).unwrap_err().code(), "E_FILE_PATH");
    assert!(set(&["a/b", "a-b", "a.b", "a/b", "a0"]).is_ok());
}

#[test]
fn limits_name_what_was_too_much() {
    let files = set(&["a", "b"]).unwrap();
    assert!(files.check_limits(&FileLimits { files: 2, bytes: 2 }).is_ok());
    for limits in [FileLimits { files: 1, bytes: 2 }, FileLimits { files: 2, bytes: 1 }] {
        assert_eq!(files.check_limits(&limits).unwrap_err().code(), "E_FILE_LIMIT");
    }
}

#[test]
fn hidden_files_are_outside_the_content_id_and_can_be_dropped() {
    let mut files = set(&["a", ".git/config", "b/.c/d", "b/e"]).unwrap();
    let before = files.content_id().unwrap();
    assert_eq!(files.remove_hidden(), [".git/config", "b/.c/d"]);
    assert_eq!((files.content_id().unwrap(), files.len()), (before, 2));
}

#[test]
fn a_folder_that_ipfs_would_shard_is_refused() {
    // 66 bytes a name and 34 an id: 2,621 entries stay below 262,144, one more does not.
    let wide = |count: usize| FileSet::from_files((0..count).map(|at| (format!("a/{at:066}"), "")));
    assert!(wide(2_621).unwrap().content_id().is_ok());
    assert_eq!(wide(2_622).unwrap().content_id().unwrap_err().code(), "E_FOLDER_TOO_WIDE");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn accepted_paths_stay_inside(path in "[a./\\\\]{0,8}") {
        if set(&[&path]).is_ok() {
            let inside = std::path::Path::new(&path)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            prop_assert!(inside, "{}", path);
        }
    }

    #[test]
    fn the_order_of_insertion_does_not_matter(mut paths in prop::collection::vec("[ab]/[a-d]", 0..8)) {
        let forth = FileSet::from_files(paths.iter().map(|path| (path.as_str(), path.clone()))).unwrap();
        paths.reverse();
        let back = FileSet::from_files(paths.iter().map(|path| (path.as_str(), path.clone()))).unwrap();
        prop_assert_eq!(forth.content_id().unwrap(), back.content_id().unwrap());
        prop_assert_eq!(forth, back);
    }
}
