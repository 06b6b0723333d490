"""The selective scan on the CPU in PyTorch: as textbooks have it, and as fast as its operations allow.

Shapes: x, delta, gate input z (batch, length, inner); b, c (batch, length, state); a (inner, state), negative.
    h_t = exp(delta_t a) h_(t-1) + delta_t b_t x_t        y_t = c_t . h_t + d x_t
"""
import torch

# In a chunk of so many tokens the steps follow each other; all chunks of all images take them together.
CHUNK = 14
# Channels whose states are computed together: 210 x 24 x 16 numbers are 0.3 MB and stay in a cache.
CHANNELS = 24


def sequential(x, delta, a, b, c, d):
    """The recurrence as it is written: one small step of Python for each token."""
    h = torch.zeros(x.shape[0], x.shape[2], a.shape[1])
    outputs = []
    for t in range(x.shape[1]):
        decay = torch.exp(delta[:, t, :, None] * a)
        h = decay * h + (delta[:, t] * x[:, t])[:, :, None] * b[:, t, None, :]
        outputs.append((h * c[:, t, None, :]).sum(-1))
    return torch.stack(outputs, 1) + d * x


@torch.jit.script
def compiled(x, delta, a, b, c, d):
    """The recurrence token by token without Python: TorchScript runs the loop, all images and channels in one step,
    states in place and small enough for a cache. Forward only."""
    u, length = (delta * x).unsqueeze(-1), x.shape[1]
    h = torch.zeros(x.shape[0], x.shape[2], a.shape[1])
    y = torch.empty_like(x)
    for t in range(length):
        h.mul_(torch.mul(delta[:, t].unsqueeze(-1), a).exp_()).addcmul_(u[:, t], b[:, t].unsqueeze(1))
        torch.matmul(h, c[:, t].unsqueeze(-1), out=y[:, t].unsqueeze(-1))
    return y.addcmul_(d, x)


def recurrence(decay, value, images):
    """h_t = decay_t h_(t-1) + value_t; both (chunk, images * chunks, inner, state), time inside a chunk first, so that
    a step is one contiguous block; both are overwritten, and the states returned.

    Chunks run side by side from a zero state while the product of their decays is kept; then the last states are handed
    from chunk to chunk, and every token gets what its chunk began with, decayed.
    """
    for t in range(1, CHUNK):
        value[t].addcmul_(decay[t], value[t - 1])
        decay[t] *= decay[t - 1]
    last, through = (m[-1].view(images, -1, *m.shape[2:]) for m in (value, decay))
    for k in range(1, last.shape[1]):
        last[:, k].addcmul_(through[:, k], last[:, k - 1])
    begun = torch.zeros_like(last)
    begun[:, 1:] = last[:, :-1]
    value[:-1].addcmul_(decay[:-1], begun.view_as(value[0]))
    return value


def cut(x):
    """(batch, length, columns) to (chunk, batch * chunks, columns), padded with zeros at the end."""
    batch, length, columns = x.shape
    chunks = (length + CHUNK - 1) // CHUNK
    x = torch.nn.functional.pad(x, (0, 0, 0, chunks * CHUNK - length))
    return x.view(batch * chunks, CHUNK, columns).transpose(0, 1).contiguous()


def joined(x, batch, length):
    """The opposite of cut."""
    return x.transpose(0, 1).reshape(batch, -1, x.shape[-1])[:, :length]


def states(delta, du, a, b, images):
    return recurrence(torch.mul(delta.unsqueeze(-1), a).exp_(), du.unsqueeze(-1) * b.unsqueeze(2), images)


def blocks(inner):
    """Channels are independent: so many at a time that their states stay in the second-level cache."""
    return [slice(i, min(i + CHANNELS, inner)) for i in range(0, inner, CHANNELS)]


class Chunked(torch.autograd.Function):
    """Keeps no states: the backward pass runs the recurrence again, and then the adjoint one from the end:
    g_t = c_t dy_t + exp(delta_(t+1) a) g_(t+1). a and d are frozen, as prompt tuning has them."""

    @staticmethod
    def forward(ctx, x, delta, a, b, c, d):
        ctx.save_for_backward(x, delta, a, b, c, d)
        batch, length, inner = x.shape
        steps, du, bs, cs = cut(delta), cut(delta * x), cut(b), cut(c)
        y = torch.empty_like(du)
        for at in blocks(inner):
            h = states(steps[..., at], du[..., at], a[at], bs, batch)
            y[..., at] = torch.matmul(h, cs.unsqueeze(-1)).squeeze(-1)
        return joined(y, batch, length) + d * x

    @staticmethod
    def backward(ctx, dy):
        x, delta, a, b, c, d = ctx.saved_tensors
        batch, length, inner = x.shape
        u = delta * x
        steps, du, bs, cs, dys = cut(delta), cut(u), cut(b), cut(c), cut(dy)
        # Reversed in time, the decay into token t is that of token t + 1.
        later = torch.zeros_like(delta)
        later[:, 1:] = delta[:, 1:].flip(1)
        back_steps, back_dy, back_c = cut(later), cut(dy.flip(1)), cut(c.flip(1))
        dx, ddelta, db, dc = torch.empty_like(x), torch.empty_like(x), torch.zeros_like(b), torch.zeros_like(c)
        for at in blocks(inner):
            h = states(steps[..., at], du[..., at], a[at], bs, batch)
            dc += joined(torch.matmul(dys[..., at].unsqueeze(2), h).squeeze(2), batch, length)
            g = recurrence(
                torch.mul(back_steps[..., at].unsqueeze(-1), a[at]).exp_(),
                back_dy[..., at].unsqueeze(-1) * back_c.unsqueeze(2), batch)
            # Token-major again, and forward in time.
            count = a[at].shape[0] * a.shape[1]
            g = joined(g.flatten(2), batch, length).flip(1).reshape(batch, length, -1, a.shape[1])
            h = joined(h.reshape(CHUNK, -1, count), batch, length).reshape(batch, length, -1, a.shape[1])
            dv = torch.matmul(g, b.unsqueeze(-1)).squeeze(-1)
            db += torch.matmul(u[..., at].unsqueeze(2), g).squeeze(2)
            decay = torch.mul(delta[..., at].unsqueeze(-1), a[at]).exp_().mul_(g).mul_(a[at])
            dd = torch.empty_like(dv)
            dd[:, 0] = 0
            dd[:, 1:] = decay[:, 1:].mul_(h[:, :-1]).sum(-1)
            ddelta[..., at] = dd + dv * x[..., at]
            dx[..., at] = dv * delta[..., at]
        return dx + dy * d, ddelta, None, db, dc, None


def chunked(x, delta, a, b, c, d):
    return Chunked.apply(x, delta, a, b, c, d)
