"""Numbers per frame: angles, leg length, rest level, roll."""
