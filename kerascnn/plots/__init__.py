"""Pictures of runs and verdicts, each with its alt text; nothing here reads the store.

The plot functions are loaded when first asked for: whoever needs only the palette does not wait two
seconds for matplotlib and seaborn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerascnn.plots.cost import plot_cost
    from kerascnn.plots.counted import plot_agreement, plot_layer_costs, plot_receptive_fields
    from kerascnn.plots.curves import plot_curves
    from kerascnn.plots.drawing.picture import Picture
    from kerascnn.plots.drawing.svg import to_svg
    from kerascnn.plots.finals import plot_finals, plot_metric_against
    from kerascnn.plots.forest import plot_effects
    from kerascnn.plots.grids import plot_kernels_on_image, plot_sliding
    from kerascnn.plots.images import plot_images
    from kerascnn.plots.invariance import plot_invariance
    from kerascnn.plots.layers import (
        plot_dead_and_saturated,
        plot_gradients,
        plot_mean_squares,
        plot_signal,
        plot_update_ratios,
    )
    from kerascnn.plots.pooling import plot_pooling
    from kerascnn.plots.search_space import plot_parallel, plot_spent
    from kerascnn.plots.searches import plot_best_depth, plot_choices, plot_search
    from kerascnn.plots.spectrum import plot_spectra

__all__ = [
    "Picture",
    "plot_agreement",
    "plot_best_depth",
    "plot_choices",
    "plot_cost",
    "plot_curves",
    "plot_dead_and_saturated",
    "plot_effects",
    "plot_finals",
    "plot_gradients",
    "plot_images",
    "plot_invariance",
    "plot_kernels_on_image",
    "plot_layer_costs",
    "plot_mean_squares",
    "plot_metric_against",
    "plot_parallel",
    "plot_pooling",
    "plot_receptive_fields",
    "plot_search",
    "plot_signal",
    "plot_sliding",
    "plot_spectra",
    "plot_spent",
    "plot_update_ratios",
    "to_svg",
]

_HOMES = {
    "cost": ("plot_cost",),
    "counted": ("plot_agreement", "plot_layer_costs", "plot_receptive_fields"),
    "curves": ("plot_curves",),
    "finals": ("plot_finals", "plot_metric_against"),
    "forest": ("plot_effects",),
    "grids": ("plot_kernels_on_image", "plot_sliding"),
    "images": ("plot_images",),
    "invariance": ("plot_invariance",),
    "layers": (
        "plot_dead_and_saturated",
        "plot_gradients",
        "plot_mean_squares",
        "plot_signal",
        "plot_update_ratios",
    ),
    "drawing.picture": ("Picture",),
    "pooling": ("plot_pooling",),
    "search_space": ("plot_parallel", "plot_spent"),
    "searches": ("plot_best_depth", "plot_choices", "plot_search"),
    "spectrum": ("plot_spectra",),
    "drawing.svg": ("to_svg",),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
