"""The motion prior of SCNN, MSST-ConvLSTM and STAN: which regions move like a subject."""

__all__: list[str] = []
