"""How sound is handed from the decoder to the loudspeaker."""

RATE, CHANNELS, SAMPLE_BYTES = 48_000, 2, 2
"""Samples a second, channels, and bytes of a sample: little-endian 16 bit integers, channels interleaved."""

BYTES_PER_SECOND = RATE * CHANNELS * SAMPLE_BYTES
"""Bytes."""
