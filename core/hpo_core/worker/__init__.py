"""The process that trains: orders in, trainings one by one, events out; TensorFlow only in workloads."""
