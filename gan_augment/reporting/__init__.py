"""The report: one self-contained HTML file that a person enjoys."""
