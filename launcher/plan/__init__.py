"""The resolved graph of units, and the contract of the steps in it."""
