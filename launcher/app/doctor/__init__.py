"""`rxlaunch doctor`: what is wrong with a stack that runs, is stopped, or cannot even be loaded, and what heals it."""
