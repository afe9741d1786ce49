"""The paper's network, the first workload; only this folder imports TensorFlow."""
