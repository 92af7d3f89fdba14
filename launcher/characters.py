"""Characters that a text from outside may not bring to a terminal, spelled once. Pure data."""

CONTROLS = "\x00-\x08\x0a-\x1f\x7f-\x9f"  # C0 without the tab, DEL, C1
INVISIBLE = (  # they reorder or hide what stands beside them; joiners stay, for they are part of emoji and of scripts
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # writing direction
    "\u00ad\u180e\u200b\u2060-\u2064\ufeff\ufff9-\ufffb"  # no width
    "\u2028\u2029"  # ends of lines, for some
    "\U000e0000-\U000e007f"  # tags
)
