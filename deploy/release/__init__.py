"""What makes a release: the page inside the wheel."""
