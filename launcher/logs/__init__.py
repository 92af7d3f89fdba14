"""What units print: redacted, kept in files, cut into lines, read again. Nothing here knows what a unit is for."""
