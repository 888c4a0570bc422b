"""The public free functions, by family; `shapetensor` re-exports each of them."""
