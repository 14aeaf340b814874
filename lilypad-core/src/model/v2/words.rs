//! The closed sets of words in a v2 job.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::json::equal_fold;

macro_rules! words {
    ($(#[$meta:meta])+ $name:ident, $read:expr; $($(#[$doc:meta])+ $word:ident $text:literal,)+) => {
        $(#[$meta])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])+ $word,)+
        }

        impl $name {
            /// The word as the reference writes it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }

            /// The word that is equal in any case; `Unknown` is no word.
            fn find(text: &str) -> Option<Self> {
                let known = [$(Self::$word),+].into_iter();
                known.filter(|word| word.as_str() != "unknown").find(|word| equal_fold(word.as_str(), text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// Nothing and `null` are the zero value, which a given text cannot be.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Self::default()) };
                let read: fn(&str) -> Result<Self, &'static str> = $read;
                read(&text).map_err(|what| {
                    let shown: String = text.chars().take(40).collect();
                    serde::de::Error::custom(format!("{what}: unknown type {shown:?}"))
                })
            }
        }
    };
}

words! {
    /// What runs a job. An unknown word is kept as `Unknown`, as the reference does.
    Engine, |text| Ok(Self::find(text).unwrap_or_default());
    /// Not given, or a word that names no engine.
    #[default]
    Unknown "unknown",
    /// Nothing.
    Noop "Noop",
    /// A container.
    Docker "Docker",
    /// WebAssembly.
    Wasm "Wasm",
}

words! {
    /// Where results go. An unknown or empty word is refused.
    Publisher, |text| Self::find(text.trim()).ok_or("publisher");
    /// Not given.
    #[default]
    Unknown "unknown",
    /// Nowhere.
    Noop "Noop",
    /// IPFS.
    Ipfs "Ipfs",
    /// Estuary.
    Estuary "Estuary",
    /// S3.
    S3 "S3",
}

words! {
    /// Where data comes from. An unknown or empty word is refused.
    StorageSource, |text| Self::find(text.trim()).ok_or("storage source");
    /// Not given.
    #[default]
    Unknown "unknown",
    /// IPFS.
    Ipfs "IPFS",
    /// A git repository.
    RepoClone "RepoClone",
    /// A git repository with large files.
    RepoCloneLfs "RepoCloneLFS",
    /// A download.
    UrlDownload "URLDownload",
    /// Estuary.
    Estuary "Estuary",
    /// The job itself.
    Inline "Inline",
    /// A directory of the host.
    LocalDirectory "LocalDirectory",
    /// S3.
    S3 "S3",
}

words! {
    /// What a job may reach. An unknown or empty word is refused.
    Network, |text| Self::find(text.trim()).ok_or("network");
    /// Nothing.
    #[default]
    None "None",
    /// Anything.
    Full "Full",
    /// Some domains over HTTP.
    Http "HTTP",
}

impl Engine {
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl Publisher {
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl StorageSource {
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}
