"""Devices and memory layout: where tensors lie and who may use a device."""
