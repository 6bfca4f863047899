"""What clients ask for, checked in one way wherever it comes from: HTTP or a manifest."""
