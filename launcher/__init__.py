"""rxlaunch: boots and supervises a Medusa + Next.js stack. Only the version lives here."""

__version__ = "0.1.0"
SUPERVISE = "supervise"  # not a verb: the word by which `up -d` starts its supervisor
