"""The sample marketplace, end to end: real npm packages, real servers, a real browser."""
