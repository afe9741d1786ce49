"""Changes to the training images as they are drawn: other ones in each step, the same ones for the same seed."""

from __future__ import annotations

import tensorflow as tf


def flipped(images: tf.Tensor, share: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Return images (n, height, width, channels) of which each is mirrored left to right with chance ``share``."""
    turned = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed) < share
    return tf.where(turned, tf.reverse(images, [2]), images)


def shifted(images: tf.Tensor, share: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Return each image shifted by up to ``share`` of its height and of its width, in whole pixels.

    All shifts up to that are as likely; what comes into view repeats the edge.
    """
    for axis in (1, 2):
        side = int(images.shape[axis])
        most = tf.cast(tf.round(share * side), tf.int32)
        count = (tf.shape(images)[0], 1)
        by = tf.random.stateless_uniform(count, seed + axis, minval=-most, maxval=most + 1, dtype=tf.int32)
        places = tf.clip_by_value(tf.range(side)[tf.newaxis] + by, 0, side - 1)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images
