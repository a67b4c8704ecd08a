"""Benign explanations of a cluster, one a file: what speaks for each and against it, as numbers."""
