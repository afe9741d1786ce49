"""The user's Keras model in one compiled loop: equal to Keras' ``fit`` to the last bit, at a part of its time."""
