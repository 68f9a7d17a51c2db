"""Dagster's view of the pipeline: thin assets that call the rooms next door."""

import warnings

import dagster as dg

# Links to the code are marked as beta by Dagster, at every start and for every asset.
warnings.filterwarnings("ignore", r"(Class|Function) `.*[cC]ode_?[rR]eference", dg.BetaWarning)
