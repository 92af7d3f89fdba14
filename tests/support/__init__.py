"""What tests share: real tiny children, gates, oracles, fakes of our own seams."""
