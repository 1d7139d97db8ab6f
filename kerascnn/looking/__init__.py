"""Trained nets asked again, in the notebook's own process: other images, other light, what their kernels look for.

TensorFlow is loaded when one of these functions is called; nothing but notebooks imports them.
"""
