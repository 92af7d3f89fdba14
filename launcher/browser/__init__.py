"""A real browser that looks at pages: found, never downloaded. The only package that knows Playwright."""
