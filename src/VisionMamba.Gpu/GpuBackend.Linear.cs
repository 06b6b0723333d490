using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override void LinearForward(Tensor x, Tensor weight, Tensor? bias, Tensor y)
    {
        int n = weight.Shape[0], k = (int)(weight.Count / n);
        Multiply(new MatrixArguments
        {
            A = View(x),
            M = x.Rows,
            K = k,
            ARow = x.Columns,
            AColumn = 1,
            B = Memory(weight).View,
            N = n,
            BRow = 1,
            BColumn = k,
            C = View(y),
            CRow = y.Columns,
            Bias = View(bias),
            HasBias = Flag(bias),
        }, weight);
    }

    /// <inheritdoc/>
    public override void LinearBackward(
        Tensor x, Tensor weight, Tensor dY, Tensor? dX, Tensor? dWeight, Tensor? dBias)
    {
        int n = weight.Shape[0], k = (int)(weight.Count / n), rows = dY.Rows;
        if (dX is not null)
        {
            Multiply(new MatrixArguments
            {
                A = View(dY),
                M = rows,
                K = n,
                ARow = n,
                AColumn = 1,
                B = Memory(weight).View,
                N = k,
                BRow = k,
                BColumn = 1,
                C = View(dX),
                CRow = dX.Columns,
                Accumulate = dX.TakeBlank() ? 0 : 1,
            }, weight);
        }

        if (dWeight is not null)
        {
            Multiply(new MatrixArguments
            {
                A = View(dY),
                M = n,
                K = rows,
                ARow = 1,
                AColumn = n,
                B = View(x),
                N = k,
                BRow = x.Columns,
                BColumn = 1,
                C = View(dWeight),
                CRow = k,
                Accumulate = 1,
            });
        }

        if (dBias is not null)
        {
            AddLines(
                new LineSums { Parts = View(dY), Count = rows, Lines = 1, Columns = n, ColumnStride = 1 }, 0, 1, dBias);
        }
    }
}
