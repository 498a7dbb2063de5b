"""The thin layer in front of Flask: sockets, early answers to plain queries, and what is kept."""

from migov.front.server import address, bind, new_loop, opener, serve, serve_alone

__all__ = ["address", "bind", "new_loop", "opener", "serve", "serve_alone"]
