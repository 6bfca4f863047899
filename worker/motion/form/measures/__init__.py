"""What a rep is measured by: one family of measures a file, each a function of RepFrames."""
