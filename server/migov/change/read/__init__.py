"""Proposals in the formats that people and programs have → changes."""
