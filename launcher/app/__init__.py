"""The composition root: loads, plans, wires and runs. It alone knows every package, and imports them inside functions.

Nothing heavy is imported by importing any module of this package: `status` must answer in milliseconds.
"""
