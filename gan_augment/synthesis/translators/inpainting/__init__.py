"""Removing unwanted parts of real images, by a network that learnt to paint what was there."""
