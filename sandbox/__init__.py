"""Simulated portals: one folder per empresa. They are ours: same shape as the real ones, own marks and texts."""
