"""The engine under the public names: see CONTRIBUTING.md for the road of one call."""
