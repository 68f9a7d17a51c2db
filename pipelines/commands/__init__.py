"""What a person or a CI job runs: `python -m pipelines COMMAND`, one module per command."""
