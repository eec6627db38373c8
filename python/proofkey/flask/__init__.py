"""Sign-in with OAuth providers for Flask apps: `pip install proofkey[flask]`. See `ProofKey`."""

from proofkey.flask._causes import CAUSES, Cause, LoginRefused
from proofkey.flask._extension import ProofKey
from proofkey.flask._flow import Flow, SignedIn

__all__ = ["CAUSES", "Cause", "Flow", "LoginRefused", "ProofKey", "SignedIn"]
