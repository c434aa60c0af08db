"""From a capture to a person: initial splats, loss, steps, the loop and its report."""
