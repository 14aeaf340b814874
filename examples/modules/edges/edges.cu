// The edges of a grey picture: how much each pixel's neighbours differ (Sobel), as bytes, for each thread one pixel. Beyond its
// border a picture goes on with the border's pixels.
extern "C" __global__ void edges(const unsigned char *picture, unsigned char *found, unsigned height, unsigned width, float strength) {
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (y >= (int)height || x >= (int)width) {
        return;
    }
    int across = 0;
    int down = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            int nx = x + dx < 0 ? 0 : x + dx >= (int)width ? (int)width - 1 : x + dx;
            int ny = y + dy < 0 ? 0 : y + dy >= (int)height ? (int)height - 1 : y + dy;
            int value = picture[(unsigned long long)ny * width + nx];
            across += value * dx * (2 - dy * dy);
            down += value * dy * (2 - dx * dx);
        }
    }
    int sum = (across < 0 ? -across : across) + (down < 0 ? -down : down);
    float scaled = (float)sum * strength;
    found[(unsigned long long)y * width + x] = scaled >= 255.0f ? 255 : (unsigned char)scaled;
}
