using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VisionMamba.Tests.Data.Downloads;

/// <summary>Serves one body over HTTP/1.1 on loopback, and misbehaves as told.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _body;

    public LoopbackServer(byte[] body)
    {
        _body = body;
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/file.bin");

    /// <summary>
    /// How many bytes of the body each answer in turn gives before the connection is cut; all after that.
    /// </summary>
    public Queue<int> CutAfter { get; init; } = new();

    /// <summary>Status lines given in turn in place of the body.</summary>
    public Queue<string> Statuses { get; init; } = new();

    public bool Ranges { get; init; } = true;

    /// <summary>Each request: its path and where its range starts, null where it asks for all.</summary>
    public List<(string Path, long? From)> Requests { get; } = [];

    public void Dispose() => _listener.Stop();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
            head.Append((char)one[0]);
        string[] lines = head.ToString().Split("\r\n");
        string? range = lines.FirstOrDefault(line => line.StartsWith("Range: bytes=", StringComparison.Ordinal));
        long? from = range is null
            ? null : long.Parse(range["Range: bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        lock (Requests)
            Requests.Add((lines[0].Split(' ')[1], from));
        if (Statuses.TryDequeue(out string? status))
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            return;
        }

        await SendBodyAsync(stream, Ranges ? from ?? 0 : 0, Ranges && from is not null);
    }

    private async Task SendBodyAsync(NetworkStream stream, long start, bool part)
    {
        if (part && start >= _body.Length)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 416 Range Not Satisfiable\r\n"
                + $"Content-Range: bytes */{_body.Length}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            return;
        }

        string range = part ? $"Content-Range: bytes {start}-{_body.Length - 1}/{_body.Length}\r\n" : "";
        string head = $"HTTP/1.1 {(part ? "206 Partial Content" : "200 OK")}\r\n{range}"
            + $"Content-Length: {_body.Length - start}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        int count = (int)(_body.Length - start);
        if (CutAfter.TryDequeue(out int cut))
            count = Math.Min(count, cut);
        await stream.WriteAsync(_body.AsMemory((int)start, count));
    }
}
