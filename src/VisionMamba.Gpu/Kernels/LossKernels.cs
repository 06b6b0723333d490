using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Inputs of a loss over rows of classes.</summary>
internal struct LossArguments
{
    /// <summary>Logits (or, in the backward pass of softmax, probabilities), targets, and d loss.</summary>
    public ArrayView<float> X, Targets, DLoss;

    /// <summary>Probabilities, or d logits.</summary>
    public ArrayView<float> Y;

    /// <summary>A row's loss as two numbers, whose sum is exact to 48 bits.</summary>
    public ArrayView<float> Parts;

    public int Rows, Classes, Divergence;

    public float InverseTemperature;

    /// <summary>Factor of the sum over the rows.</summary>
    public double Weight;
}

/// <summary>Cross entropies: a warp for each row; then one thread adds the rows in order.</summary>
internal static class LossKernels
{
    /// <summary>Threads of a group: four rows.</summary>
    public const int GroupSize = 4 * WarpSums.Lanes;

    /// <summary>A warp for each row.</summary>
    public static KernelConfig Configure(int rows) =>
        (new Index3D((rows + 3) / 4, 1, 1), new Index3D(GroupSize, 1, 1));

    private static int Row => (Grid.IdxX * (GroupSize / WarpSums.Lanes)) + (Group.IdxX / WarpSums.Lanes);

    private static int Lane => Group.IdxX % WarpSums.Lanes;

    /// <summary>Probabilities and each row's -sum of targets log p.</summary>
    public static void SoftmaxForward(LossArguments a)
    {
        bool inside = Row < a.Rows;
        int end = inside ? a.Classes : 0;
        long row = inside ? (long)Row * a.Classes : 0;
        float largest = float.NegativeInfinity;
        for (int c = Lane; c < end; c += WarpSums.Lanes)
            largest = a.X[row + c] > largest ? a.X[row + c] : largest;
        largest = WarpSums.Largest(largest);
        float sum = 0f;
        for (int c = Lane; c < end; c += WarpSums.Lanes)
            sum += DeviceMath.Exp((a.X[row + c] - largest) * a.InverseTemperature);
        float logSum = DeviceMath.Log(WarpSums.All(sum));
        double loss = 0;
        for (int c = Lane; c < end; c += WarpSums.Lanes)
        {
            float target = a.Targets[row + c];
            float log = ((a.X[row + c] - largest) * a.InverseTemperature) - logSum;
            a.Y[row + c] = DeviceMath.Exp(log);
            loss -= (double)target * log;
            if (a.Divergence != 0 && target > 0f)
                loss += (double)target * DeviceMath.Log(target);
        }

        Write(a, inside, WarpSums.All(loss));
    }

    /// <summary>y += d loss weight / temperature (p sum(targets) - targets), with X the probabilities.</summary>
    public static void SoftmaxBackward(LossArguments a)
    {
        bool inside = Row < a.Rows;
        int end = inside ? a.Classes : 0;
        long row = inside ? (long)Row * a.Classes : 0;
        float factor = (float)(a.DLoss[0] * a.Weight) * a.InverseTemperature, mass = 0f;
        for (int c = Lane; c < end; c += WarpSums.Lanes)
            mass += a.Targets[row + c];
        mass = WarpSums.All(mass);
        for (int c = Lane; c < end; c += WarpSums.Lanes)
            a.Y[row + c] += factor * ((a.X[row + c] * mass) - a.Targets[row + c]);
    }

    /// <summary>Each row's sum of max(x, 0) - t x + log(1 + e^-|x|).</summary>
    public static void BinaryForward(LossArguments a)
    {
        bool inside = Row < a.Rows;
        int end = inside ? a.Classes : 0;
        long row = inside ? (long)Row * a.Classes : 0;
        double loss = 0;
        for (int c = Lane; c < end; c += WarpSums.Lanes)
        {
            float x = a.X[row + c];
            loss += DeviceMath.Softplus(x) - ((double)a.Targets[row + c] * x);
        }

        Write(a, inside, WarpSums.All(loss));
    }

    /// <summary>y += d loss weight (sigmoid(x) - t).</summary>
    public static void BinaryBackward(LossArguments a)
    {
        bool inside = Row < a.Rows;
        int end = inside ? a.Classes : 0;
        long row = inside ? (long)Row * a.Classes : 0;
        float factor = (float)(a.DLoss[0] * a.Weight);
        for (int c = Lane; c < end; c += WarpSums.Lanes)
            a.Y[row + c] += factor * (DeviceMath.Sigmoid(a.X[row + c]) - a.Targets[row + c]);
    }

    /// <summary>y[0] = weight * the sum of the rows' losses.</summary>
    public static void AddRows(LossArguments a)
    {
        if (Group.IdxX != 0)
            return;
        double sum = 0;
        for (int row = 0; row < a.Rows; row++)
            sum += (double)a.Parts[2 * row] + a.Parts[(2 * row) + 1];
        a.Y[0] = (float)(sum * a.Weight);
    }

    private static void Write(in LossArguments a, bool inside, double loss)
    {
        if (!inside || Lane != 0)
            return;
        float high = (float)loss;
        a.Parts[2 * Row] = high;
        a.Parts[(2 * Row) + 1] = (float)(loss - high);
    }
}
