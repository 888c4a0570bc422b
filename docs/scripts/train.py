"""Train a network on scikit-learn's handwritten digits: python train.py [epochs]"""

import sys

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import shapetensor as st
from shapetensor import nn

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
BATCH = 64

# Data
split_key, model_key, order_key, step_key = st.random.split(st.random.key(0), 4)
pixels, digits = load_digits(return_X_y=True)
x = st.tensor(pixels, dtype=st.float32) / 16.0
y = st.tensor(digits)
order = st.random.permutation(split_key, len(y))
test, train = order[:360], order[360:]


# Build
class Net(nn.Module):
    def __init__(self, key):
        first_key, last_key = st.random.split(key)
        self.first = nn.Linear(64, 128, key=first_key)
        self.dropout = nn.Dropout(0.2)
        self.last = nn.Linear(128, 10, key=last_key)

    def __call__(self, x):
        hidden = self.first(x).relu()
        return self.last(hidden)

    def training(self, x, *, key):
        hidden = self.first(x).relu()
        dropped, _ = self.dropout.training(hidden, key=key)
        return self.last(dropped), self


model = Net(model_key)
optimizer = st.optim.Adam(lr=1e-3)
state = optimizer.init(model)


# Train
@st.compile
def step(model, state, images, labels, key):
    def loss_of(model):
        scores, after = model.training(images, key=key)
        return st.losses.cross_entropy(scores, labels), after

    (loss, model), gradients = st.value_and_grad(loss_of, has_aux=True)(model)
    model, state = optimizer.update(model, gradients, state)
    return loss, model, state


losses = []
for epoch in range(EPOCHS):
    key = st.random.fold_in(order_key, epoch)
    order = train[st.random.permutation(key, len(train))]
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = order[start : start + BATCH]
        key = st.random.fold_in(step_key, len(losses))
        loss, model, state = step(model, state, x[rows], y[rows], key)
        losses.append(loss.item())
    print(f"epoch {epoch}: loss {losses[-1]:.3f}")

# Evaluate
right = model(x[test]).argmax(axis=1) == y[test]
print(f"test accuracy: {100 * right.astype(st.float32).mean():.1f} %")

# Save and load
st.io.save_file(model.state_dict(), "digits.safetensors")
again = Net(model_key).load_state_dict(st.io.load_file("digits.safetensors"))
st.testing.assert_close(again(x[test]), model(x[test]), rtol=0, atol=0)

# Plot
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("cross entropy")
plt.savefig("loss.png")
