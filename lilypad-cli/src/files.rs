//! Where `lilypad solver` has the files of jobs: a folder, a bucket of an object store, or memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lilypad_core::model::Address;
use lilypad_core::solver::files::{FileStore, FolderFiles, MemoryFiles, S3Files, s3};
use lilypad_core::{Error, Result};

use crate::job::data_dir;
use crate::serve::SolverArgs;
use crate::solver::Kept;

/// Where they are.
pub(crate) enum Place {
    Memory,
    Folder(PathBuf),
    Bucket {
        url: String,
        endpoint: Option<String>,
        /// For what is being uploaded in parts; `None` has it in the user's data folder.
        uploads: Option<PathBuf>,
    },
}

/// The same, once it is known that it can be reached.
pub(crate) enum Files {
    Memory,
    /// Not opened yet: a store that cannot be opened leaves no folder.
    Folder(PathBuf),
    Bucket {
        files: S3Files,
        uploads: PathBuf,
    },
}

impl Place {
    /// What the options say.
    pub(crate) fn of(args: &SolverArgs, kept: &Kept) -> Result<Self> {
        let bucket = args.files.as_deref().and_then(Path::to_str).filter(|named| s3::is_address(named));
        if bucket.is_none() && (args.files_endpoint.is_some() || args.uploads.is_some()) {
            return Err(refused("--files-endpoint and --uploads are for files in a bucket")
                .with_hint("name the bucket with --files s3://BUCKET/PREFIX"));
        }
        match (&args.files, kept) {
            (None, Kept::Memory) => Ok(Self::Memory),
            (Some(_), Kept::Memory) => Err(refused("files are kept only where jobs are kept too")
                .with_hint("name where jobs and money are kept with --store, or leave --files out")),
            (Some(named), _) => match bucket {
                Some(url) => Ok(Self::Bucket {
                    url: url.to_owned(),
                    endpoint: args.files_endpoint.clone(),
                    uploads: args.uploads.clone().or_else(|| beside(kept, "uploads")),
                }),
                None if named.to_string_lossy().contains("://") => Err(Error::invalid(
                    "E_FILES_PLACE",
                    "the files are at an address of a kind that is not known",
                )
                .with_hint("name a folder, or a bucket as s3://BUCKET/PREFIX")
                .with("field", "files")),
                None => Ok(Self::Folder(named.clone())),
            },
            (None, _) => match beside(kept, "files") {
                Some(folder) => Ok(Self::Folder(folder)),
                None => Err(refused("the processes on a database need a place for the files of jobs")
                    .with_hint(
                        "name one that all of them see with --files FOLDER or --files s3://BUCKET/PREFIX",
                    )),
            },
        }
    }

    /// Tries whether a bucket can be used.
    pub(crate) async fn reach(self, solver: Address) -> Result<Files> {
        Ok(match self {
            Self::Memory => Files::Memory,
            Self::Folder(folder) => Files::Folder(folder),
            Self::Bucket { url, endpoint, uploads } => {
                let uploads = match uploads {
                    Some(folder) => folder,
                    None => data_dir(None)?.join("solver").join(solver.to_string()).join("uploads"),
                };
                Files::Bucket { files: S3Files::open(&url, endpoint.as_deref()).await?, uploads }
            }
        })
    }
}

impl Files {
    /// The store, and the folder in which uploads wait; `None` for memory.
    pub(crate) fn open(&self) -> Result<(Arc<dyn FileStore>, Option<PathBuf>)> {
        Ok(match self {
            Self::Memory => (Arc::new(MemoryFiles::new()), None),
            Self::Folder(folder) => {
                let files = FolderFiles::open(folder);
                let files = files.map_err(|error| error.with_hint("name another folder with --files"))?;
                let uploads = files.uploads().to_owned();
                (Arc::new(files), Some(uploads))
            }
            Self::Bucket { files, uploads } => (Arc::new(files.clone()), Some(uploads.clone())),
        })
    }
}

/// A folder beside the file in which jobs are kept.
fn beside(kept: &Kept, name: &str) -> Option<PathBuf> {
    match kept {
        Kept::File(file) => Some(format!("{file}.{name}").into()),
        Kept::Memory | Kept::Database(_) => None,
    }
}

fn refused(why: &str) -> Error {
    Error::invalid("E_FILES_FOLDER", why).with("field", "files")
}
