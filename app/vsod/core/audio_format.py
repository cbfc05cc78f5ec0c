"""How sound is handed from the decoder to the loudspeaker."""

RATE, CHANNELS, SAMPLE = 48_000, 2, 2
"""Samples a second, channels, and bytes of a sample: little-endian 16 bit integers, channels interleaved."""

SECOND = RATE * CHANNELS * SAMPLE
"""Bytes."""
