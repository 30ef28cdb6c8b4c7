"""Definitions as readable sheets and lists."""
