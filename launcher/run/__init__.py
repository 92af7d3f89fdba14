"""The supervisor: a pure machine that decides, and the edge that acts. Introduced to its neighbours by `app` alone."""
