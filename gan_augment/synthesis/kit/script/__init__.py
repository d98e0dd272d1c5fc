"""Scripts: strings of a format, and the pictures of them that are drawn before any camera."""
