"""What all charts are drawn with: axes, colours, the picture with its alt text, and its SVG."""
