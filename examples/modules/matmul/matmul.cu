// The product of two matrices, stored row by row: each thread makes one element of it.
// Matrices that do not fit end the job as a trap.
extern "C" __global__ void matmul(const float *a, const float *b, float *c, unsigned rows, unsigned inner,
                                  unsigned rows_of_b, unsigned columns) {
    if (inner != rows_of_b) {
        __trap();
    }
    unsigned column = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= rows || column >= columns) {
        return;
    }
    float sum = 0.0f;
    for (unsigned at = 0; at < inner; at++) {
        sum += a[(unsigned long long)row * inner + at] * b[(unsigned long long)at * columns + column];
    }
    c[(unsigned long long)row * columns + column] = sum;
}
