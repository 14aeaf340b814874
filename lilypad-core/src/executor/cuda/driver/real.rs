//! CUDA's driver.
#![allow(unsafe_code, reason = "the driver is a C library; what each call needs is said beside it")]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::raw::c_void;
use std::ptr::null_mut;

use cuda_sys::cuda::{self, CUcontext, CUdeviceptr, CUevent, CUfunction, CUmodule, CUresult};

use super::super::wire::{Device, Launch};
use super::{Driver, Gpu, NO_DEVICE, Outcome, Refused, nvrtc, shim};

/// Bytes of the log of the driver's own compiler.
const LOG: usize = 4_096;
/// Memory that kernels may take for themselves, and what they print at a time: the driver's own defaults, held to.
const HEAP: usize = 8 << 20;
const PRINTED: usize = 1 << 20;
/// No kernel has more arguments, or takes more bytes of them: one that declares more than it is given reads zeros.
const ARGUMENTS: usize = 32 << 10;

/// CUDA's driver.
pub(in super::super) struct Real;

fn check(answer: CUresult) -> Outcome<()> {
    if answer == CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    Err(Refused { code: shim::last_code(), text: format!("{answer:?}") })
}

fn wrong(text: &str) -> Refused {
    Refused { code: CUresult::CUDA_ERROR_INVALID_VALUE as u32, text: text.to_owned() }
}

fn size(bytes: u64) -> Outcome<usize> {
    usize::try_from(bytes).map_err(|_| wrong("more than this machine can address"))
}

fn start() -> Outcome<()> {
    if let Some(why) = shim::missing() {
        return Err(Refused { code: NO_DEVICE, text: why });
    }
    // SAFETY: may be called at any time.
    check(unsafe { cuda::cuInit(0) })
}

fn device(ordinal: i32, cuda: u32) -> Outcome<Device> {
    let (mut handle, mut name, mut memory) = (0, [0_u8; 256], 0);
    let mut capability = [0_i32; 2];
    let [major, minor] = &mut capability;
    // SAFETY: every pointer is to a variable of the type that the driver writes, and the name's length is given less one, so
    // that it ends in a NUL.
    unsafe {
        check(cuda::cuDeviceGet(&mut handle, ordinal))?;
        check(cuda::cuDeviceGetName(name.as_mut_ptr().cast(), 255, handle))?;
        check(cuda::cuDeviceTotalMem_v2(&mut memory, handle))?;
        let of = cuda::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
        check(cuda::cuDeviceGetAttribute(major, of, handle))?;
        let of = cuda::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
        check(cuda::cuDeviceGetAttribute(minor, of, handle))?;
    }
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    Ok(Device {
        ordinal: u32::try_from(ordinal).unwrap_or(0),
        name: String::from_utf8_lossy(name.get(..end).unwrap_or_default()).into_owned(),
        memory_bytes: memory as u64,
        capability: capability.map(|number| u32::try_from(number).unwrap_or(0)),
        cuda,
    })
}

impl Driver for Real {
    fn devices(&mut self) -> Outcome<Vec<Device>> {
        start()?;
        let (mut count, mut version) = (0, 0);
        // SAFETY: the pointers are to variables of the type that the driver writes.
        unsafe {
            check(cuda::cuDeviceGetCount(&mut count))?;
            check(cuda::cuDriverGetVersion(&mut version))?;
        }
        if count < 1 {
            return Err(Refused { code: NO_DEVICE, text: "the driver has no device".to_owned() });
        }
        let version = u32::try_from(version).unwrap_or(0);
        (0..count.min(64)).map(|ordinal| device(ordinal, version)).collect()
    }

    fn open(&mut self, ordinal: u32) -> Outcome<Box<dyn Gpu>> {
        start()?;
        let mut gpu = Card {
            context: null_mut(),
            module: null_mut(),
            events: [null_mut(); 2],
            kernels: BTreeMap::new(),
            memory: Vec::new(),
        };
        let ordinal = i32::try_from(ordinal).map_err(|_| wrong("no such device"))?;
        let mut handle = 0;
        // SAFETY: the pointers are to variables of the type that the driver writes. The context becomes that of this thread,
        // which is the only one that calls the driver.
        unsafe {
            check(cuda::cuDeviceGet(&mut handle, ordinal))?;
            check(cuda::cuCtxCreate_v2(&mut gpu.context, 0, handle))?;
            check(cuda::cuCtxSetLimit(cuda::CUlimit::CU_LIMIT_MALLOC_HEAP_SIZE, HEAP))?;
            check(cuda::cuCtxSetLimit(cuda::CUlimit::CU_LIMIT_PRINTF_FIFO_SIZE, PRINTED))?;
            for event in &mut gpu.events {
                check(cuda::cuEventCreate(event, 0))?;
            }
        }
        Ok(Box::new(gpu))
    }

    fn compile(&mut self, source: &[u8], device: &Device) -> Outcome<Vec<u8>> {
        nvrtc::compile(source, device.capability)
    }
}

struct Card {
    context: CUcontext,
    module: CUmodule,
    events: [CUevent; 2],
    kernels: BTreeMap<String, CUfunction>,
    memory: Vec<(CUdeviceptr, usize)>,
}

impl Gpu for Card {
    fn load(&mut self, program: &[u8]) -> Outcome<()> {
        let program = CString::new(program).map_err(|_| wrong("a program with a NUL byte"))?;
        let mut log = vec![0_u8; LOG];
        let mut options = [
            cuda::CUjit_option::CU_JIT_ERROR_LOG_BUFFER,
            cuda::CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        ];
        // The driver takes a size in the place of a pointer.
        let mut values: [*mut c_void; 2] =
            [log.as_mut_ptr().cast(), std::ptr::without_provenance_mut(LOG - 1)];
        // SAFETY: the text ends in a NUL; the log has the length that is given, and lives until the call returns.
        let answer = unsafe {
            let (options, values) = (options.as_mut_ptr(), values.as_mut_ptr());
            cuda::cuModuleLoadDataEx(&mut self.module, program.as_ptr().cast(), 2, options, values)
        };
        check(answer).map_err(|refused| {
            let end = log.iter().position(|byte| *byte == 0).unwrap_or(0);
            let said = String::from_utf8_lossy(log.get(..end).unwrap_or_default());
            Refused { text: format!("{} {}", refused.text, said.trim()), ..refused }
        })
    }

    fn allocate(&mut self, bytes: u64) -> Outcome<u64> {
        let bytes = size(bytes)?;
        let mut address = 0;
        // SAFETY: the pointer is to a variable of the type that the driver writes.
        check(unsafe { cuda::cuMemAlloc_v2(&mut address, bytes) })?;
        self.memory.push((address, bytes));
        // SAFETY: so many bytes were just given at this address.
        check(unsafe { cuda::cuMemsetD8_v2(address, 0, bytes) })?;
        Ok(address)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Outcome<()> {
        // SAFETY: reads only what the slice holds; a wrong address is refused by the driver.
        check(unsafe { cuda::cuMemcpyHtoD_v2(address, bytes.as_ptr().cast(), bytes.len()) })
    }

    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Outcome<()> {
        // SAFETY: writes only into the slice; a wrong address is refused by the driver.
        check(unsafe { cuda::cuMemcpyDtoH_v2(bytes.as_mut_ptr().cast(), address, bytes.len()) })
    }

    fn find(&mut self, kernel: &str) -> Outcome<()> {
        let name = CString::new(kernel).map_err(|_| wrong("a name with a NUL byte"))?;
        let mut function = null_mut();
        // SAFETY: the module is the one that was loaded, and the name ends in a NUL.
        check(unsafe { cuda::cuModuleGetFunction(&mut function, self.module, name.as_ptr()) }).map_err(
            |refused| Refused { text: format!("{} (the kernel {kernel:?})", refused.text), ..refused },
        )?;
        self.kernels.insert(kernel.to_owned(), function);
        Ok(())
    }

    fn launch(&mut self, launch: &Launch, args: &[[u8; 8]]) -> Outcome<u64> {
        let function =
            *self.kernels.get(&launch.kernel).ok_or_else(|| wrong("a kernel that was not found"))?;
        // The driver reads as many arguments, and as many bytes of each, as the kernel declares: what lies behind those that
        // were given is zeros.
        let mut bytes = args.concat();
        bytes.resize(bytes.len() + ARGUMENTS, 0);
        let mut pointers: Vec<*mut c_void> =
            (0..ARGUMENTS).map(|at| bytes.as_mut_ptr().wrapping_add(at.min(args.len()) * 8).cast()).collect();
        let [start, end] = self.events;
        let ([gx, gy, gz], [bx, by, bz], shared) = (launch.grid, launch.block, launch.shared);
        let mut milliseconds = 0_f32;
        // SAFETY: the function and the events belong to this context; every pointer is to memory that outlives the call, with
        // as many bytes behind it as the largest arguments have.
        unsafe {
            check(cuda::cuEventRecord(start, null_mut()))?;
            let pointers = pointers.as_mut_ptr();
            let stream = null_mut();
            check(cuda::cuLaunchKernel(
                function,
                gx,
                gy,
                gz,
                bx,
                by,
                bz,
                shared,
                stream,
                pointers,
                null_mut(),
            ))?;
            check(cuda::cuEventRecord(end, null_mut()))?;
            check(cuda::cuEventSynchronize(end))?;
            // What kernels print is written by this, too.
            check(cuda::cuCtxSynchronize())?;
            check(cuda::cuEventElapsedTime(&mut milliseconds, start, end))?;
        }
        // A float that is too large or below zero becomes the nearest number.
        Ok((f64::from(milliseconds) * 1e6) as u64)
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // SAFETY: the memory is that of this context, which is destroyed once. After a fault the driver refuses all of it, and
        // the end of the process gives everything back.
        unsafe {
            for (address, bytes) in &self.memory {
                let _ = cuda::cuMemsetD8_v2(*address, 0, *bytes);
            }
            if !self.context.is_null() {
                let _ = cuda::cuCtxSynchronize();
                let _ = cuda::cuCtxDestroy_v2(self.context);
            }
        }
    }
}
