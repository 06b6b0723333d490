namespace VisionMamba.Tensors;

// A block may have a second home in a device's memory, and the two follow each other:
//
//   _pointer set     the host's numbers are current; the device's are, too, where _deviceCurrent
//   _pointer null    the device's numbers are current; _host keeps the host's memory, if there is any
//
// Kernels on the host only ever test _pointer, as without a device. A kernel on a device may write to what it is given,
// and host code to what it is shown: either makes the other side old. A view of someone else's memory (a mapped file)
// is read-only for devices, so it is copied there once.
public sealed unsafe partial class Storage
{
    private float* _host;
    private DeviceMemory? _device;
    private bool _deviceCurrent;

    /// <summary>Numbers in a device's memory alone; the host gets memory for them when it looks at them.</summary>
    public Storage(DeviceMemory device, long count)
    {
        (_device, _deviceCurrent, Count, OwnsMemory) = (device, true, count, true);
    }

    /// <summary>
    /// The numbers in the memory of <paramref name="backend"/>, made with <paramref name="allocate"/> at first use, for
    /// a kernel that may write to them.
    /// </summary>
    public DeviceMemory OnDevice(Backend backend, Func<long, DeviceMemory> allocate)
    {
        if (_device is { } present && _deviceCurrent && _pointer == null && ReferenceEquals(present.Backend, backend))
            return present;
        if (_device is not null && !ReferenceEquals(_device.Backend, backend))
            BringHome();
        if (_device is null || !_deviceCurrent)
        {
            var numbers = new ReadOnlySpan<float>(Pointer, checked((int)Count));
            _device ??= allocate(Count);
            _device.Write(numbers);
            _deviceCurrent = true;
        }

        if (OwnsMemory)
        {
            _host = _pointer;
            _pointer = null;
        }

        return _device;
    }

    /// <summary>
    /// Leaves the device: the host has the numbers, or they are given up where it never looked at them.
    /// </summary>
    public void BringHome()
    {
        if (_device is null)
            return;
        if (_host != null)
            _ = Fetch();
        ReleaseDevice();
    }

    /// <summary>Whether the current numbers are in the memory of <paramref name="backend"/>.</summary>
    internal bool IsOn(Backend backend) =>
        _device is not null && _pointer == null && ReferenceEquals(_device.Backend, backend);

    /// <summary>Copies <paramref name="values"/> to its beginning, where the numbers are.</summary>
    internal void Write(ReadOnlySpan<float> values)
    {
        if (_device is not null && _pointer == null)
            _device.Write(values);
        else
            values.CopyTo(new Span<float>(Pointer, checked((int)Count)));
    }

    /// <summary>Fills the numbers if they are on a device.</summary>
    internal bool FillOnDevice(long count, float value)
    {
        if (_device is null || _pointer != null)
            return false;
        _device.Fill(count, value);
        return true;
    }

    /// <summary>Nobody wants the numbers any more: a block of a device gives up its copy on the host.</summary>
    internal void Forget()
    {
        if (_device is null || !OwnsMemory)
            return;
        FreeHost(_pointer != null ? _pointer : _host, Count);
        _pointer = _host = null;
        _deviceCurrent = true;
    }

    /// <summary>Makes the host's numbers current.</summary>
    private float* Fetch()
    {
        lock (this)
        {
            if (_pointer != null)
                return _pointer;
            if (_device is null)
            {
                throw new ObjectDisposedException(
                    nameof(Storage), "the tensor was used after its memory was given back");
            }

            if (_host == null)
                _host = AllocateHost(Count);
            _device.Read(new Span<float>(_host, checked((int)Count)));
            _deviceCurrent = false;
            _pointer = _host;
            _host = null;
            return _pointer;
        }
    }

    private void ReleaseDevice()
    {
        _device?.Release();
        (_device, _deviceCurrent) = (null, false);
        FreeHost(_host, Count);
        _host = null;
    }
}
