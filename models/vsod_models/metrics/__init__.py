"""How good a map is: saliency measures (VSOD protocol) and region and boundary (DAVIS protocol)."""

__all__: list[str] = []
