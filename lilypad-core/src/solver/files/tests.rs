//! Every place for archives against the same suite.

#[cfg(feature = "store-s3")]
pub(in crate::solver) mod bucket;
#[cfg(feature = "store-s3")]
mod s3_only;

use std::sync::Arc;

use super::*;

/// Opens one place again and again.
trait Place {
    async fn open(&mut self) -> Arc<dyn FileStore>;
}

impl Place for MemoryFiles {
    async fn open(&mut self) -> Arc<dyn FileStore> {
        Arc::new(self.clone())
    }
}

impl Place for tempfile::TempDir {
    async fn open(&mut self) -> Arc<dyn FileStore> {
        Arc::new(FolderFiles::open(self.path()).unwrap())
    }
}

#[cfg(feature = "store-s3")]
impl Place for bucket::Bucket {
    async fn open(&mut self) -> Arc<dyn FileStore> {
        Arc::new(self.files().await)
    }
}

/// Some bytes that are everywhere different, and their name.
pub(in crate::solver) fn archive(length: usize) -> (ArchiveId, Bytes) {
    let bytes: Vec<u8> = (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect();
    (ArchiveId::of(&bytes), bytes.into())
}

async fn keeps_what_it_was_given_and_reads_parts_of_it(place: &mut impl Place) {
    let files = place.open().await;
    assert_eq!(files.list().await.unwrap(), []);
    let mut all = Vec::new();
    for length in [0, 1, 3 << 20] {
        let (id, bytes) = archive(length);
        files.put(id, &bytes.clone().into()).await.unwrap();
        // The same again is the same.
        files.put(id, &bytes.clone().into()).await.unwrap();
        all.push((id, length as u64));
    }
    drop(files);
    let files = place.open().await;
    all.sort_unstable();
    let mut listed = files.list().await.unwrap();
    listed.sort_unstable();
    assert_eq!(listed, all);
    let (id, bytes) = archive(3 << 20);
    for (at, length) in [(0, 1), (0, 3 << 20), (1_234_567, 70_000), ((3 << 20) - 1, 1)] {
        assert_eq!(files.read(id, at, length).await.unwrap(), bytes[at as usize..at as usize + length]);
    }
}

async fn a_part_that_is_not_there_is_an_error(place: &mut impl Place) {
    let files = place.open().await;
    let (id, bytes) = archive(100);
    files.put(id, &bytes.into()).await.unwrap();
    let (other, _) = archive(99);
    for error in [files.read(id, 50, 51).await, files.read(id, 101, 1).await, files.read(other, 0, 1).await] {
        let error = error.unwrap_err();
        assert_eq!((error.code(), error.fault()), ("E_FILES", Fault::Solver), "{error}");
    }
}

async fn what_is_taken_away_is_gone_and_can_come_back(place: &mut impl Place) {
    let files = place.open().await;
    let (id, bytes) = archive(5_000);
    files.remove(id).await.unwrap();
    files.put(id, &bytes.clone().into()).await.unwrap();
    files.remove(id).await.unwrap();
    assert_eq!(files.list().await.unwrap(), []);
    assert_eq!(files.read(id, 0, 1).await.unwrap_err().code(), "E_FILES");
    files.put(id, &bytes.clone().into()).await.unwrap();
    assert_eq!(files.read(id, 0, 5_000).await.unwrap(), bytes);
}

async fn takes_what_lies_in_a_file(place: &mut impl Place) {
    let files = place.open().await;
    let folder = tempfile::tempdir().unwrap();
    let (id, bytes) = archive(2 << 20);
    let path = folder.path().join("upload");
    std::fs::write(&path, &bytes).unwrap();
    files.put(id, &Parcel::file(&path).unwrap()).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(files.read(id, 0, 2 << 20).await.unwrap(), bytes);
}

/// In S3 it goes in three parts.
async fn takes_what_is_large_and_reads_across_its_parts(place: &mut impl Place) {
    let files = place.open().await;
    let folder = tempfile::tempdir().unwrap();
    let length = (16 << 20) + 1;
    let (id, bytes) = archive(length);
    let path = folder.path().join("upload");
    std::fs::write(&path, &bytes).unwrap();
    files.put(id, &Parcel::file(&path).unwrap()).await.unwrap();
    assert_eq!(files.list().await.unwrap(), [(id, length as u64)]);
    for (at, length) in [(0, 1 << 20), ((8 << 20) - 1_000, 2_000), ((16 << 20) - 1, 2), (length - 1, 1)] {
        assert_eq!(files.read(id, at as u64, length).await.unwrap(), bytes[at..at + length]);
    }
}

macro_rules! conformance {
    ($($test:ident)+) => {
        mod memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&mut super::MemoryFiles::new()).await;
            })+
        }

        mod folder {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&mut tempfile::tempdir().unwrap()).await;
            })+
        }

        #[cfg(feature = "store-s3")]
        mod s3 {
            $(#[tokio::test]
            async fn $test() {
                if let Some(mut bucket) = super::bucket::Bucket::new(stringify!($test)).await {
                    super::$test(&mut bucket).await;
                }
            })+
        }
    };
}

conformance! {
    keeps_what_it_was_given_and_reads_parts_of_it
    a_part_that_is_not_there_is_an_error
    what_is_taken_away_is_gone_and_can_come_back
    takes_what_lies_in_a_file
    takes_what_is_large_and_reads_across_its_parts
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_is_its_owners_and_what_was_left_half_done_is_taken_away() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::open(folder.path().join("files")).unwrap();
    let (id, bytes) = archive(10);
    files.put(id, &bytes.into()).await.unwrap();
    let kept = folder.path().join("files/kept");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join(id.to_string()))), (0o700, 0o600));
    let left = kept.join(format!("{id}.1-0.partial"));
    std::fs::write(&left, b"half").unwrap();
    assert_eq!(files.list().await.unwrap(), [(id, 10)]);
    assert!(!left.exists());
}

#[tokio::test]
async fn a_shelf_takes_away_what_nobody_names_and_has_an_end() {
    let files = MemoryFiles::new();
    let shelf = Shelf::new(Arc::new(files.clone()), 1_000);
    let (id, bytes) = archive(600);
    let kept = shelf.put(id, &bytes.clone().into()).await.unwrap();
    shelf.name(kept);
    shelf.drop(kept);
    tokio::task::yield_now().await;
    assert_eq!(shelf.load(kept).await.unwrap(), bytes);
    let (other, more) = archive(500);
    let error = shelf.put(other, &more.clone().into()).await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_FILES_FULL", Fault::Solver));
    shelf.drop(kept);
    // While it goes it cannot come back, and it still takes its room.
    assert_eq!(shelf.put(id, &bytes.into()).await.unwrap_err().code(), "E_FILES_BUSY");
    tokio::task::yield_now().await;
    assert_eq!(files.list().await.unwrap(), []);
    shelf.put(other, &more.into()).await.unwrap();
    // What was left by a process that was killed.
    let (left, bytes) = archive(7);
    files.put(left, &bytes.into()).await.unwrap();
    shelf.sweep().await.unwrap();
    assert_eq!(files.list().await.unwrap(), [(other, 500)]);
}
