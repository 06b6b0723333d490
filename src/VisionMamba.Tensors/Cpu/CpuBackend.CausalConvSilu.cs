using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CausalConvSiluForward(Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor y)
    {
        var shape = new ConvShape(xz, weight, reversed);
        OverSamplesAndChannels(shape.Batch, shape.Inner, (sample, from, to) =>
        {
            float* taps = Scratch.Take(shape.Width * Simd.Lanes);
            for (int c = from; c < to; c += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, to - c);
                shape.GatherTaps(weight.Pointer, c, count, taps);
                Vector512<float> b = Simd.Load(bias.Pointer + c, count);
                float* x = xz.Pointer + ((long)sample * shape.Length * shape.RowStride) + c;
                float* o = y.Pointer + ((long)sample * shape.Length * shape.Inner) + c;
                for (int t = 0; t < shape.Length; t++)
                    Simd.Store(Simd.Silu(shape.Tap(x, t, taps, b, count)), o + ((long)t * shape.Inner), count);
            }
        });
    }

    /// <inheritdoc/>
    public override void CausalConvSiluBackward(
        Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias)
    {
        var shape = new ConvShape(xz, weight, reversed);
        // Without weight gradients the samples are independent; with them, threads split channels and the batch is
        // summed in order.
        if (dWeight is null && dBias is null)
        {
            OverSamplesAndChannels(shape.Batch, shape.Inner, (sample, from, to) =>
                ConvBackward(shape, sample, sample + 1, from, to, xz, weight, bias, dY, dXz, null, null));
        }
        else
        {
            OverChannels(shape.Inner, (from, to) =>
                ConvBackward(shape, 0, shape.Batch, from, to, xz, weight, bias, dY, dXz, dWeight, dBias));
        }
    }

    private static void ConvBackward(
        ConvShape shape, int firstSample, int endSample, int from, int to,
        Tensor xz, Tensor weight, Tensor bias, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias)
    {
        int length = shape.Length, width = shape.Width;
        float* taps = Scratch.Take((long)Simd.Lanes * (length + (2 * width) + 1));
        float* dTaps = taps + (width * Simd.Lanes), dP = dTaps + (width * Simd.Lanes);
        for (int c = from; c < to; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, to - c);
            shape.GatherTaps(weight.Pointer, c, count, taps);
            new Span<float>(dTaps, width * Simd.Lanes).Clear();
            Vector512<float> b = Simd.Load(bias.Pointer + c, count), dB = Vector512<float>.Zero;
            for (int sample = firstSample; sample < endSample; sample++)
            {
                long row = (long)sample * length;
                float* x = xz.Pointer + (row * shape.RowStride) + c;
                float* d = dY.Pointer + (row * shape.Inner) + c;
                for (int t = 0; t < length; t++)
                {
                    Vector512<float> p = shape.Tap(x, t, taps, b, count);
                    Vector512<float> slope = Simd.SiluSlope(p, Simd.Sigmoid(p));
                    Vector512<float> g = Simd.Load(d + ((long)t * shape.Inner), count) * slope;
                    g.Store(dP + ((long)t * Simd.Lanes));
                    dB += g;
                }

                if (dXz is not null)
                    shape.SpreadToInput(dP, taps, dXz.Pointer + (row * shape.RowStride) + c, count);
                if (dWeight is not null)
                    shape.SpreadToTaps(dP, x, dTaps, count);
            }

            if (dWeight is not null)
                shape.AddTaps(dTaps, dWeight.Pointer, c, count);
            if (dBias is not null)
                Simd.Add(dB, dBias.Pointer + c, count);
        }
    }

    private void OverSamplesAndChannels(int batch, int channels, Action<int, int, int> body)
    {
        const int Width = 8 * Simd.Lanes;
        int chunks = (channels + Width - 1) / Width;
        _pool.Run(batch * chunks, piece =>
        {
            int from = piece % chunks * Width;
            body(piece / chunks, from, Math.Min(channels, from + Width));
        });
    }

    /// <summary>Sizes and the access pattern of the convolution over one group of 16 channels.</summary>
    private readonly struct ConvShape(Tensor xz, Tensor weight, bool reversed)
    {
        public readonly int Batch = xz.Shape[0];
        public readonly int Length = xz.Shape[1];
        public readonly int RowStride = xz.Columns;
        public readonly int Inner = xz.Columns / 2;
        public readonly int Width = weight.Columns;
        private readonly int _direction = reversed ? -1 : 1;

        /// <summary>Transposes the weights of 16 channels so that a tap is one vector.</summary>
        public void GatherTaps(float* weights, int channel, int count, float* taps)
        {
            for (int k = 0; k < Width; k++)
            {
                for (int lane = 0; lane < Simd.Lanes; lane++)
                    taps[(k * Simd.Lanes) + lane] = lane < count ? weights[((channel + lane) * Width) + k] : 0;
            }
        }

        public void AddTaps(float* dTaps, float* dWeights, int channel, int count)
        {
            for (int k = 0; k < Width; k++)
            {
                for (int lane = 0; lane < count; lane++)
                    dWeights[((channel + lane) * Width) + k] += dTaps[(k * Simd.Lanes) + lane];
            }
        }

        /// <summary>bias + sum_k w_k x_(t - (width-1-k)), where "before" follows the direction.</summary>
        public Vector512<float> Tap(float* x, int t, float* taps, Vector512<float> bias, int count)
        {
            Vector512<float> p = bias;
            for (int k = 0; k < Width; k++)
            {
                int from = Source(t, k);
                if ((uint)from < (uint)Length)
                    p = Simd.Fma(Vector512.Load(taps + (k * Simd.Lanes)), Simd.Load(x + ((long)from * RowStride), count), p);
            }

            return p;
        }

        /// <summary>dx_s += sum_k w_k dp_t over the tokens t that read s through tap k.</summary>
        public void SpreadToInput(float* dP, float* taps, float* dX, int count)
        {
            for (int s = 0; s < Length; s++)
            {
                Vector512<float> g = Vector512<float>.Zero;
                for (int k = 0; k < Width; k++)
                {
                    int t = s + (_direction * (Width - 1 - k));
                    if ((uint)t < (uint)Length)
                        g = Simd.Fma(Vector512.Load(taps + (k * Simd.Lanes)), Vector512.Load(dP + ((long)t * Simd.Lanes)), g);
                }

                Simd.Add(g, dX + ((long)s * RowStride), count);
            }
        }

        public void SpreadToTaps(float* dP, float* x, float* dTaps, int count)
        {
            for (int k = 0; k < Width; k++)
            {
                Vector512<float> g = Vector512.Load(dTaps + (k * Simd.Lanes));
                for (int t = 0; t < Length; t++)
                {
                    int from = Source(t, k);
                    if ((uint)from < (uint)Length)
                        g = Simd.Fma(Vector512.Load(dP + ((long)t * Simd.Lanes)), Simd.Load(x + ((long)from * RowStride), count), g);
                }

                g.Store(dTaps + (k * Simd.Lanes));
            }
        }

        private int Source(int t, int k) => t - (_direction * (Width - 1 - k));
    }
}
