"""Sample codes: YUV and levels, orientation, planes, and arrays made of decoded frames."""

__all__: list[str] = []
