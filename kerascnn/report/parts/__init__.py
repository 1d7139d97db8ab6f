"""What templates print: dataclasses, and nothing else."""
