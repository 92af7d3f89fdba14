"""Boots of the sample marketplace to verified usable: rxlaunch, the old way, and the fastest way known."""
