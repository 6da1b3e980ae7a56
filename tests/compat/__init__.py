"""The collection on every ansible-core it supports."""
