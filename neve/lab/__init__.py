"""Laboratories: several arms over one store, with seeds, one question and verdicts that hold."""
