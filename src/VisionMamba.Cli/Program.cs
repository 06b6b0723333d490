using VisionMamba.Cli;

return await App.RunAsync(args);
