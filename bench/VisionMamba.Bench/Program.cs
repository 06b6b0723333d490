using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using VisionMamba.Bench;

// In this process: the projects' build settings (lock files, warnings as errors) do not suit generated projects.
BenchmarkSwitcher.FromAssembly(typeof(OperationBenchmark).Assembly).Run(
    args, DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)));
