"""Devices and memory layout: the placement of tensors, and exclusive use of a device."""
