"""What the suite needs from the machine: files, locks, devices, signals, errors. It imports no other room."""
