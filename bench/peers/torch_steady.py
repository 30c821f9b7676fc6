"""Steady training throughput of PyTorch on the CPU, or on a card; prints one JSON document. Tensors in
memory, batches by index, no DataLoader."""

import argparse
import json
import resource
import sys
import time

import torch
from torch import nn

from mnist import load

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--images", type=int, default=54_000)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--layout", choices=["contiguous", "channels-last"], default="contiguous")
parser.add_argument("--compile", action="store_true")
parser.add_argument("--device", default="cpu")
parser.add_argument("--read", choices=["step", "epoch"], default="step")  # How often loss and accuracy are fetched.
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(options.seed)
images, labels = load(options.data)
count = options.images
x = torch.from_numpy(images[:count]).permute(0, 3, 1, 2).float().div(255).contiguous()
y = torch.from_numpy(labels[:count]).long()
x, y = x.to(options.device), y.to(options.device)

model = nn.Sequential(
    *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
    *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
    *(nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
)
if options.layout == "channels-last":
    model = model.to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)
model = model.to(options.device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
measure = nn.CrossEntropyLoss()
forward = torch.compile(model) if options.compile else model

seconds, losses, accuracies = [], [], []
for epoch in range(options.epochs):
    start = time.perf_counter()
    loss_sum, correct = 0.0, 0
    # Drawn on the processor, so that it is the same everywhere; then it lies where the images lie.
    order = torch.randperm(count).to(options.device)
    for batch in order.split(128):
        target = y[batch]
        optimizer.zero_grad(set_to_none=True)
        output = forward(x[batch])
        loss = measure(output, target)
        loss.backward()
        optimizer.step()
        hits = (output.argmax(1) == target).sum()
        if options.read == "step":
            loss_sum += loss.item() * len(batch)
            correct += hits.item()
        else:
            loss_sum += loss.detach() * len(batch)
            correct += hits
    # Waits for the device.
    loss_sum, correct = float(loss_sum), int(correct)
    seconds.append(time.perf_counter() - start)
    losses.append(loss_sum / count)
    accuracies.append(correct / count)
steady = seconds[1:]
json.dump(
    {
        "imagesPerSecond": count * len(steady) / sum(steady),
        "epochSeconds": seconds,
        "loss": losses,
        "accuracy": accuracies,
        "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "versions": {"torch": torch.__version__},
        "device": torch.cuda.get_device_name() if x.is_cuda else options.device,
    },
    sys.stdout,
)
print()
