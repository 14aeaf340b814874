//! A job that is GPU kernels: the program, the buffers that it works on, and how its kernels are launched.

use std::fmt;

/// GPU kernels that run one after another on buffers of one GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CudaRun {
    /// Path of the `.ptx` or `.cu` file in the module's bundle.
    pub module: String,
    /// What the kernels read and write, in the order of the names.
    pub buffers: Vec<CudaBuffer>,
    /// What runs, in this order.
    pub launches: Vec<CudaLaunch>,
}

/// Memory of the GPU that kernels read and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CudaBuffer {
    /// Its name in the manifest.
    pub name: String,
    /// The type of its elements.
    pub element: CudaType,
    /// Elements along each axis, the last one closest together; `None` takes them from the file or the values.
    pub shape: Option<Vec<CudaSize>>,
    /// What it holds at first.
    pub source: CudaSource,
    /// Where its content becomes part of the results: an absolute path below a declared output; `.npy` gets NumPy's header.
    pub save: Option<String>,
}

/// What a buffer holds at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CudaSource {
    /// Zeros.
    #[default]
    Zeros,
    /// An input file: `.npy`, or bare elements.
    File(String),
    /// Numbers, separated by commas.
    Values(String),
}

/// A number of elements, blocks or threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CudaSize {
    /// What is counted.
    pub of: CudaCount,
    /// Divided by this, rounded up; 1 leaves it.
    pub per: u64,
}

/// What a size counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CudaCount {
    /// So many.
    Number(u64),
    /// The elements of a buffer along an axis, the first one being 0.
    Axis {
        /// The buffer's name.
        buffer: String,
        /// The axis.
        axis: u64,
    },
}

/// One launch of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CudaLaunch {
    /// The kernel's name in the program.
    pub kernel: String,
    /// Blocks along x, y and z.
    pub grid: [CudaSize; 3],
    /// Threads of a block along x, y and z.
    pub block: [CudaSize; 3],
    /// Bytes of shared memory beside what the kernel declares.
    pub shared_bytes: u64,
    /// What the kernel is given.
    pub args: Vec<CudaArg>,
}

/// One argument of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CudaArg {
    /// The address of a buffer.
    Buffer(String),
    /// A number, as text.
    Value(CudaType, String),
    /// A size.
    Size(CudaType, CudaSize),
}

macro_rules! types {
    ($($name:ident $word:literal $numpy:literal $size:literal $what:literal;)+) => {
        /// The type of a number on the GPU.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CudaType {
            $(#[doc = $what] $name,)+
        }

        impl CudaType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word in manifests (`f32`).
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// NumPy's word in `.npy` files (`<f4`).
            #[must_use]
            pub fn numpy(self) -> &'static str {
                match self { $(Self::$name => $numpy,)+ }
            }

            /// Bytes of one.
            #[must_use]
            pub fn size(self) -> u64 {
                match self { $(Self::$name => $size,)+ }
            }
        }
    };
}

types! {
    U8 "u8" "|u1" 1 "8 bits, without sign.";
    I8 "i8" "|i1" 1 "8 bits, with sign.";
    U16 "u16" "<u2" 2 "16 bits, without sign.";
    I16 "i16" "<i2" 2 "16 bits, with sign.";
    U32 "u32" "<u4" 4 "32 bits, without sign.";
    I32 "i32" "<i4" 4 "32 bits, with sign.";
    U64 "u64" "<u8" 8 "64 bits, without sign.";
    I64 "i64" "<i8" 8 "64 bits, with sign.";
    F16 "f16" "<f2" 2 "A number of 16 bits; has no literals.";
    F32 "f32" "<f4" 4 "A number of 32 bits.";
    F64 "f64" "<f8" 8 "A number of 64 bits.";
}

impl CudaType {
    /// The little-endian bytes of a number; `None` where the text is none of this type, or is not finite.
    ///
    /// ```
    /// use lilypad_core::model::CudaType;
    /// assert_eq!(CudaType::I16.bytes("-2"), Some(vec![0xfe, 0xff]));
    /// assert_eq!(CudaType::U8.bytes("256"), None);
    /// ```
    #[must_use]
    pub fn bytes(self, text: &str) -> Option<Vec<u8>> {
        // `parse` takes a plus, which JSON's grammar of numbers does not.
        if text.starts_with('+') {
            return None;
        }
        macro_rules! whole {
            ($($name:ident $type:ty),+) => {
                match self {
                    $(Self::$name => text.parse::<$type>().ok().map(|value| value.to_le_bytes().to_vec()),)+
                    Self::F16 => None,
                    Self::F32 => {
                        text.parse().ok().filter(|value: &f32| value.is_finite()).map(|value| value.to_le_bytes().to_vec())
                    }
                    Self::F64 => {
                        text.parse().ok().filter(|value: &f64| value.is_finite()).map(|value| value.to_le_bytes().to_vec())
                    }
                }
            };
        }
        whole!(U8 u8, I8 i8, U16 u16, I16 i16, U32 u32, I32 i32, U64 u64, I64 i64)
    }

    /// The type of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for CudaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CudaSize {
    /// So many.
    #[must_use]
    pub fn number(value: u64) -> Self {
        Self { of: CudaCount::Number(value), per: 1 }
    }
}
