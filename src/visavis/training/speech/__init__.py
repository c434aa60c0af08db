"""Training of the speech-to-face model: data, network, fit, export, report."""
