"""A plan that is changed: one event after another, each read once, each a module."""
