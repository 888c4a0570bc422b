"""Train a network on scikit-learn's handwritten digits: python train.py [epochs]"""

import sys

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
BATCH = 64

# Data
torch.manual_seed(0)
pixels, digits = load_digits(return_X_y=True)
x = torch.tensor(pixels, dtype=torch.float32) / 16.0
y = torch.tensor(digits)
order = torch.randperm(len(y))
test, train = order[:360], order[360:]


# Build
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 128)
        self.dropout = nn.Dropout(0.2)
        self.last = nn.Linear(128, 10)

    def forward(self, x):
        hidden = self.first(x).relu()
        return self.last(self.dropout(hidden))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


# Train
def step(images, labels):
    scores = model(images)
    loss = nn.functional.cross_entropy(scores, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


losses = []
model.train()
for epoch in range(EPOCHS):
    order = train[torch.randperm(len(train))]
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = order[start : start + BATCH]
        loss = step(x[rows], y[rows])
        losses.append(loss.item())
    print(f"epoch {epoch}: loss {losses[-1]:.3f}")

# Evaluate
model.eval()
with torch.no_grad():
    right = model(x[test]).argmax(dim=1) == y[test]
print(f"test accuracy: {100 * right.to(torch.float32).mean():.1f} %")

# Save and load
torch.save(model.state_dict(), "digits.pt")
again = Net()
again.load_state_dict(torch.load("digits.pt"))
again.eval()
torch.testing.assert_close(again(x[test]), model(x[test]), rtol=0, atol=0)

# Plot
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("cross entropy")
plt.savefig("loss.png")
