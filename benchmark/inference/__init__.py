"""Running a finished model: transcription, its speed, and kernels that make a pruned model faster."""
