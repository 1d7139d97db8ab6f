"""From a TrainSpec to its result. Closed: what is in here can change the bits, what is not cannot.

The source of every module of this package is part of each run's key. Importing the package itself
loads no TensorFlow; `kerascnn.training.run` does.
"""
