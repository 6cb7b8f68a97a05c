"""Giving complaints categories: taxonomy, estimator, training, prediction, evaluation.

Pure: frames and texts in, frames and models out. Where labels and models are stored, and when
training runs, does not belong here.
"""
