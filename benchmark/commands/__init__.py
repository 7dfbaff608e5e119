"""The commands of `python -m benchmark`. Each file is a command with `add_arguments(parser)` and `run(args)`."""
