namespace VisionMamba;

/// <summary>
/// An error the user can act on. The message is one line that names the file or the flag, says what is wrong and what
/// to do; the command line prints it without a stack trace and exits with 1.
/// </summary>
public class VisionMambaException : Exception
{
    /// <inheritdoc/>
    public VisionMambaException(string message) : base(message) { }

    /// <inheritdoc/>
    public VisionMambaException(string message, Exception inner) : base(message, inner) { }
}
