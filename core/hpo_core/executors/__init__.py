"""Where jobs run: the executor protocol, local worker processes, and a replay without TensorFlow."""
