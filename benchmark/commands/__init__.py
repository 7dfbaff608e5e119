"""The commands of `python -m benchmark`, one file each: `add_arguments(parser)` and `run(args)`."""
