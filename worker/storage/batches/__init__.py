"""Records of batches."""
