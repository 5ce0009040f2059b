"""What any process does with input and periods, whatever its role."""
