"""The worker: the process that trains. Only data, models, losses and train import TensorFlow.

__main__, loop, joblog    the process: orders in, events out, everything else to the log
synthetic                 a trainer without TensorFlow: made-up curves that tell the usual story
folder, arrays, fruit     where images come from: files, arrays, generated
images, cache, dataset    decode, keep decoded, and hand over: ``dataset.prepare`` is what the others call
trainer                   takes each job through its epochs; holds the images and the compiled programs
data, models, losses      the images as tensors, the network, the losses
train                     the compiled epoch
"""
