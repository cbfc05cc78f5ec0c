"""Write the alpha matte of a clip, and say whether it lies exactly over it.

$ python examples/extract_matte.py CLIP.mp4 MATTE.mov [MODEL]
"""

import sys

from vsod import MatteSettings, extract_matte


def main(source: str, output: str, model: str = "swift") -> int:
    """Export with a slightly feathered edge. Gives the exit code."""
    result = extract_matte(source, output, model=model, matte=MatteSettings(feather=1.0))
    print(f"{result.output}: {result.frames} frames in {result.seconds:.1f} s on {result.device}")
    for warning in result.warnings:
        print("note:", warning)
    print("verified" if result.verified else "not as it should be")
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
