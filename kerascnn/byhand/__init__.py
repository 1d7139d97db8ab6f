"""Convolution, pooling and Batch Normalization by hand: NumPy, float64, forward and backward.

Written to be read: a loop over the positions of the kernel and nothing clever. Nothing here loads Keras but
`kerascnn.byhand.against_keras`, which draws random cases and compares.
"""

from kerascnn.byhand.cases import Agreement, largest_differences
from kerascnn.byhand.checks import (
    GRID,
    lesson_example_mismatches,
    notes_formula_failures,
    pointwise_difference,
    product_mismatches,
    receptive_field_mismatches,
    stride_difference,
)
from kerascnn.byhand.convolution import convolve, convolve_backward
from kerascnn.byhand.counting import (
    count_parameters,
    count_products,
    kinds_cheaper_than_separable,
    measure_receptive_field,
    products_of_kind,
    receptive_field,
    widest_without_gain,
)
from kerascnn.byhand.dense import convolution_weights
from kerascnn.byhand.normalisation import normalise, normalise_backward
from kerascnn.byhand.pooling import pool, pool_backward
from kerascnn.byhand.sliding import Sliding, output_size, same_padding

__all__ = [
    "GRID",
    "Agreement",
    "Sliding",
    "convolution_weights",
    "convolve",
    "convolve_backward",
    "count_parameters",
    "count_products",
    "kinds_cheaper_than_separable",
    "largest_differences",
    "lesson_example_mismatches",
    "measure_receptive_field",
    "normalise",
    "normalise_backward",
    "notes_formula_failures",
    "output_size",
    "pointwise_difference",
    "pool",
    "pool_backward",
    "product_mismatches",
    "products_of_kind",
    "receptive_field",
    "receptive_field_mismatches",
    "same_padding",
    "stride_difference",
    "widest_without_gain",
]
