"""Makes the PTX beside each CUDA source of these modules, with NVRTC 11.8, for cards and drivers from 2016 and 2022 on.

    pip install nvidia-cuda-nvrtc-cu11==11.8.89
    python3 examples/modules/ptx.py            # writes them
    python3 examples/modules/ptx.py --check    # says whether those that are there are what their sources give
"""

import ctypes
import pathlib
import sys

SOURCES = ["matmul/matmul.cu", "edges/edges.cu"]
OPTIONS = [b"--gpu-architecture=compute_60"]


def library():
    import nvidia.cuda_nvrtc as package

    folder = pathlib.Path(list(package.__path__)[0]) / "lib"
    # The compiler looks for its other half by name.
    ctypes.CDLL(str(next(folder.glob("libnvrtc-builtins.so.11.8"))), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(next(folder.glob("libnvrtc.so.11.2"))))


def ptx(nvrtc, source: bytes, name: str) -> bytes:
    program = ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, name.encode(), 0, None, None) == 0
    options = (ctypes.c_char_p * len(OPTIONS))(*OPTIONS)
    compiled = nvrtc.nvrtcCompileProgram(program, len(OPTIONS), options)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    assert compiled == 0, log.value.decode()
    nvrtc.nvrtcGetPTXSize(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetPTX(program, text)
    return text.value


def main() -> int:
    here = pathlib.Path(__file__).parent
    nvrtc, wrong = library(), []
    for name in SOURCES:
        source = here / name
        made, file = ptx(nvrtc, source.read_bytes(), source.name), source.with_suffix(".ptx")
        if "--check" not in sys.argv:
            file.write_bytes(made)
        elif not file.exists() or file.read_bytes() != made:
            wrong.append(str(file))
    print("\n".join(f"{file} is not what its source gives: python3 examples/modules/ptx.py" for file in wrong) or "done")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
