"""Migrations of the records; they only go forward."""
