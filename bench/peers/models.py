"""Vision Mamba with selective visual prompts, and a vision transformer, in PyTorch; weights by checkpoint names."""
import math

import torch
import torch.nn.functional as F

import scan


def vim_weights(dim, depth, classes, prompts=True, shared=8, width=64, patch=16, size=224, state=16, seed=1):
    """Random weights of the released sizes; prompts act."""
    make = torch.Generator().manual_seed(seed)
    inner, rank, tokens = 2 * dim, math.ceil(dim / 16), (size // patch) ** 2 + 1
    w = {}

    def rand(name, *shape, scale=None):
        fan = shape[-1] if len(shape) > 1 else dim
        w[name] = (torch.rand(*shape, generator=make) * 2 - 1) * (scale or fan ** -0.5)

    rand("cls_token", 1, 1, dim, scale=0.02)
    rand("pos_embed", 1, tokens, dim, scale=0.02)
    rand("patch_embed.proj.weight", dim, 3, patch, patch, scale=(3 * patch * patch) ** -0.5)
    rand("patch_embed.proj.bias", dim, scale=0.02)
    for i in range(depth):
        m = f"layers.{i}.mixer."
        rand(m + "in_proj.weight", 2 * inner, dim)
        rand(m + "out_proj.weight", dim, inner)
        for s, a in (("", "A_log"), ("_b", "A_b_log")):
            w[m + a] = torch.log(torch.arange(1, state + 1.0)).repeat(inner, 1)
            w[m + "D" + s] = torch.ones(inner)
            rand(m + f"conv1d{s}.weight", inner, 1, 4, scale=0.5)
            rand(m + f"conv1d{s}.bias", inner, scale=0.5)
            rand(m + f"x_proj{s}.weight", rank + 2 * state, inner)
            rand(m + f"dt_proj{s}.weight", inner, rank)
            w[m + f"dt_proj{s}.bias"] = torch.full((inner,), -4.0)
        w[f"layers.{i}.norm.weight"] = torch.ones(dim)
        if prompts:
            sizes = ((f"prompt_generator.{i}.0", width, dim), (f"prompt_generator.{i}.1", dim, width))
            for name, rows, columns in sizes:
                rand(name + ".weight", rows, columns)
                rand(name + ".bias", rows)
    w["norm_f.weight"] = torch.ones(dim)
    if prompts:
        for j in range(math.ceil(depth / shared)):
            rand(f"prompt_generator_shared.{j}.0.weight", dim, dim)
            rand(f"prompt_generator_shared.{j}.0.bias", dim)
        rand("prompt_shared_scale", math.ceil(depth / shared), dim, scale=0.1)
        rand("prompt_scale", depth, dim, scale=0.1)
    rand("head.weight", classes, dim)
    rand("head.bias", classes)
    return w


def rms_norm(x, weight, epsilon=1e-5):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weight


def conv_silu(x, weight, bias):
    """Causal, depthwise: one multiply-add for each tap; PyTorch's grouped convolution is slower on a processor."""
    width = weight.shape[-1]
    padded = F.pad(x, (0, 0, width - 1, 0))
    y = bias.expand_as(x)
    for k in range(width):
        y = torch.addcmul(y, padded[:, k:k + x.shape[1]], weight[:, 0, k])
    return F.silu(y)


def direction(w, m, s, x, a_log, run):
    rank = w[m + f"dt_proj{s}.weight"].shape[1]
    state = w[m + a_log].shape[1]
    u = conv_silu(x, w[m + f"conv1d{s}.weight"], w[m + f"conv1d{s}.bias"])
    low = F.linear(u, w[m + f"x_proj{s}.weight"])
    dt, b, c = low.split((rank, state, state), -1)
    delta = F.softplus(F.linear(dt, w[m + f"dt_proj{s}.weight"], w[m + f"dt_proj{s}.bias"]))
    return run(u, delta, -torch.exp(w[m + a_log]), b, c, w[m + "D" + s])


def vim(w, image, depth, prompts, run=scan.chunked, shared=8, stride=None):
    """The logits. Prompts read each token itself (the paper's reading) and leave the class token alone."""
    patch = w["patch_embed.proj.weight"].shape[-1]
    x = F.conv2d(image, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=stride or patch)
    x = x.flatten(2).transpose(1, 2)
    at = x.shape[1] // 2
    x = torch.cat((x[:, :at], w["cls_token"].expand(x.shape[0], -1, -1), x[:, at:]), 1) + w["pos_embed"]
    mask = torch.ones(x.shape[1], 1, device=x.device)
    mask[at] = 0
    residual = None
    for i in range(depth):
        if prompts:
            p, j = f"prompt_generator.{i}.", i // shared
            g = f"prompt_generator_shared.{j}.0."
            cross = F.silu(F.linear(x, w[g + "weight"], w[g + "bias"]))
            inner = F.linear(F.linear(x, w[p + "0.weight"], w[p + "0.bias"]), w[p + "1.weight"], w[p + "1.bias"])
            x = x + mask * (w["prompt_shared_scale"][j] * cross + w["prompt_scale"][i] * F.silu(inner))
        residual = x if residual is None else residual + x
        m = f"layers.{i}.mixer."
        xs, z = F.linear(rms_norm(residual, w[f"layers.{i}.norm.weight"]), w[m + "in_proj.weight"]).chunk(2, -1)
        y = direction(w, m, "", xs, "A_log", run)
        y = y + direction(w, m, "_b", xs.flip(1), "A_b_log", run).flip(1)
        x = F.linear(y * F.silu(z) * 0.5, w[m + "out_proj.weight"])
    return F.linear(rms_norm(residual + x, w["norm_f.weight"])[:, at], w["head.weight"], w["head.bias"])


def vit_weights(dim=384, depth=12, classes=1000, patch=16, size=224, seed=1):
    """ViT-S/16 (arXiv 2010.11929; sizes of timm's vit_small_patch16_224)."""
    make = torch.Generator().manual_seed(seed)
    tokens = (size // patch) ** 2 + 1
    shapes = {"cls": (1, 1, dim), "pos": (1, tokens, dim), "patch": (dim, 3, patch, patch), "head": (classes, dim)}
    for i in range(depth):
        shapes.update({f"{i}.qkv": (3 * dim, dim), f"{i}.out": (dim, dim), f"{i}.up": (4 * dim, dim),
                       f"{i}.down": (dim, 4 * dim)})
    return {name: torch.randn(*shape, generator=make) * 0.02 for name, shape in shapes.items()}


def vit(w, image, depth=12, heads=6):
    x = F.conv2d(image, w["patch"], stride=w["patch"].shape[-1]).flatten(2).transpose(1, 2)
    x = torch.cat((w["cls"].expand(x.shape[0], -1, -1), x), 1) + w["pos"]
    batch, length, dim = x.shape
    for i in range(depth):
        q, k, v = F.linear(F.layer_norm(x, (dim,)), w[f"{i}.qkv"]).view(
            batch, length, 3, heads, dim // heads).permute(2, 0, 3, 1, 4)
        attention = torch.softmax(q @ k.transpose(-1, -2) * (dim // heads) ** -0.5, -1) @ v
        x = x + F.linear(attention.transpose(1, 2).reshape(batch, length, dim), w[f"{i}.out"])
        x = x + F.linear(F.gelu(F.linear(F.layer_norm(x, (dim,)), w[f"{i}.up"])), w[f"{i}.down"])
    return F.linear(F.layer_norm(x[:, 0], (dim,)), w["head"])
