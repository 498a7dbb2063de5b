"""The endpoint and its pages. Flask is imported here alone."""

from migov.web.app import create_app

__all__ = ["create_app"]
