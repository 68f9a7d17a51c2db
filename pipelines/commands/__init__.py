"""The commands behind `make`, one module each; `python -m pipelines COMMAND`."""
