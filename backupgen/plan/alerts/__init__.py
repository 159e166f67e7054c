"""The alerts of a fleet, and the tests that prove them."""
