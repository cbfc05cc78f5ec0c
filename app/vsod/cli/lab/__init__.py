"""The research commands: train, evaluate, labels."""
