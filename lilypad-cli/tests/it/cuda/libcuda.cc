// A driver that stands in for libcuda.so.1: memory is memory, and kernels are the modules' own CUDA sources, compiled for the CPU
// and run thread by thread. What it does wrong is said by variables:
//   CUDA_FAKE_ANSWER=cuInit=803     a function answers with this code
//   CUDA_FAKE_DIE=cuMemAlloc_v2     the process ends in this function
//   CUDA_FAKE_HANG=cuLaunchKernel   a function never returns
//   CUDA_FAKE_CHILD=FILE            the process writes its number there
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long long address;
struct Size { unsigned x, y, z; };
static Size threadIdx, blockIdx, blockDim, gridDim;
static int faulted;
#define __global__
#define __trap() (faulted = 719)
#include "edges.cu"
#include "matmul.cu"

// What modules of the tests call beside those.
static void add(unsigned char *to, unsigned count, unsigned char number) {
    unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < count) to[at] += number;
}

static int answer(const char *name) {
    const char *told = getenv("CUDA_FAKE_ANSWER"), *die = getenv("CUDA_FAKE_DIE"), *hang = getenv("CUDA_FAKE_HANG");
    if (die && !strcmp(die, name)) abort();
    if (hang && !strcmp(hang, name)) for (;;) pause();
    size_t length = strlen(name);
    if (told && !strncmp(told, name, length) && told[length] == '=') return atoi(told + length + 1);
    return faulted;
}
#define START() do { int code = answer(__func__); if (code) return code; } while (0)

static float spent;

extern "C" {
int cuInit(unsigned) {
    const char *file = getenv("CUDA_FAKE_CHILD");
    if (file) { FILE *to = fopen(file, "w"); fprintf(to, "%d", (int)getpid()); fclose(to); }
    START();
    return 0;
}
int cuDriverGetVersion(int *version) { START(); *version = 12040; return 0; }
int cuDeviceGetCount(int *count) { START(); const char *told = getenv("CUDA_FAKE_DEVICES"); *count = told ? atoi(told) : 1; return 0; }
int cuDeviceGet(int *device, int ordinal) { START(); *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) { START(); snprintf(name, length, "Pretend H%d00", device + 1); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int) { START(); *bytes = 80ull << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int) { START(); *value = attribute == 75 ? 9 : 0; return 0; }
int cuCtxCreate_v2(void **context, unsigned, int) { START(); *context = (void *)1; return 0; }
int cuCtxDestroy_v2(void *) { START(); return 0; }
int cuCtxSynchronize(void) { START(); return 0; }
int cuCtxSetLimit(int, size_t) { START(); return 0; }
int cuModuleLoadDataEx(void **module, const void *image, unsigned, int *, void **values) {
    START();
    *module = (void *)1;
    if (strstr((const char *)image, "broken")) {
        strcpy((char *)values[0], "ptxas: line 3: syntax error");
        return 218;
    }
    return 0;
}
int cuModuleGetFunction(const char **function, void *, const char *name) {
    START();
    static const char *known[] = {"matmul", "edges", "add", "fault", "hang", "print", "flood", "slow"};
    for (const char *kernel : known)
        if (!strcmp(kernel, name)) { *function = kernel; return 0; }
    return 500;
}
int cuMemAlloc_v2(address *at, size_t bytes) { START(); void *memory = malloc(bytes); memset(memory, 0xaa, bytes); *at = (address)memory; return 0; }
int cuMemsetD8_v2(address at, unsigned char value, size_t bytes) { START(); memset((void *)at, value, bytes); return 0; }
int cuMemcpyHtoD_v2(address to, const void *from, size_t bytes) { START(); memcpy((void *)to, from, bytes); return 0; }
int cuMemcpyDtoH_v2(void *to, address from, size_t bytes) { START(); memcpy(to, (void *)from, bytes); return 0; }
int cuEventCreate(void **event, unsigned) { START(); *event = (void *)1; return 0; }
int cuEventRecord(void *, void *) { START(); return 0; }
int cuEventSynchronize(void *) { START(); return 0; }
int cuEventElapsedTime(float *milliseconds, void *, void *) { START(); *milliseconds = spent; return 0; }

int cuLaunchKernel(const char *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned, void *,
                   void **a, void **) {
    START();
    // A quarter of a second; the receipts say so.
    spent = 250.0f;
    if (!strcmp(kernel, "fault")) { faulted = 700; return 0; }
    if (!strcmp(kernel, "hang")) for (;;) pause();
    if (!strcmp(kernel, "slow")) spent = 1e9f;
    if (!strcmp(kernel, "print")) printf("a kernel speaks\n");
    if (!strcmp(kernel, "flood")) for (;;) puts("a kernel speaks without end, and never listens");
    gridDim = {gx, gy, gz};
    blockDim = {bx, by, bz};
    for (unsigned z = 0; z < gz; z++) for (unsigned y = 0; y < gy; y++) for (unsigned x = 0; x < gx; x++)
        for (unsigned tz = 0; tz < bz; tz++) for (unsigned ty = 0; ty < by; ty++) for (unsigned tx = 0; tx < bx; tx++) {
            blockIdx = {x, y, z};
            threadIdx = {tx, ty, tz};
            if (!strcmp(kernel, "matmul"))
                matmul(*(float **)a[0], *(float **)a[1], *(float **)a[2], *(unsigned *)a[3], *(unsigned *)a[4], *(unsigned *)a[5], *(unsigned *)a[6]);
            if (!strcmp(kernel, "edges"))
                edges(*(unsigned char **)a[0], *(unsigned char **)a[1], *(unsigned *)a[2], *(unsigned *)a[3], *(float *)a[4]);
            if (!strcmp(kernel, "add")) add(*(unsigned char **)a[0], *(unsigned *)a[1], *(unsigned char *)a[2]);
            if (faulted) return 0;
        }
    return 0;
}
}
