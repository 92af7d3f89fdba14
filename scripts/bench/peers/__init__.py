"""Process supervisors side by side on one Linux machine: an adapter each, a function for each metric, a table."""
