"""How a boot looks: plain lines, coloured prefixes, a live terminal. Pure functions of events and snapshots."""
