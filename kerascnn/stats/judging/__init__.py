"""From effects by seed to verdicts in words."""
