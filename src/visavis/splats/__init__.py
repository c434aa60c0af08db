"""Gaussian splats: the value, its file formats, drawing on the CPU, binding to a moving head, and training."""
