"""Train a network on scikit-learn's handwritten digits: python train.py [epochs]"""

import sys

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import shapetensor as st
from shapetensor import nn

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
BATCH = 64

# Data
key, split_key, model_key = st.random.split(st.random.key(0), 3)
pixels, digits = load_digits(return_X_y=True)
x = st.tensor(pixels, dtype=st.float32) / 16.0
y = st.tensor(digits)
order = st.random.permutation(split_key, len(y))
test, train = order[:360], order[360:]


# Build
class Net(st.Module):
    def __init__(self, key):
        first, last = st.random.split(key)
        self.layers = nn.Sequential(nn.Linear(64, 128, key=first), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10, key=last))

    def __call__(self, x):
        return self.layers(x)
