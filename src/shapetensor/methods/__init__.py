"""The methods of Tensor, one mixin a family: each is one line that applies an op."""
