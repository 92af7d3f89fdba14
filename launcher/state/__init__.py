"""What survives a command: snapshots, events, secrets, fingerprints, ports, and the one-supervisor lock."""
