"""Sample codes: YUV and levels, orientation, planes, and arrays made of decoded frames."""
