"""The method `text_to_image`."""
