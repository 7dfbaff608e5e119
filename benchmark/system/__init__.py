"""The machine under the suite: files, locks, devices, signals, errors. It imports no other room."""
