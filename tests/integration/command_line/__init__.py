"""The command `trueup`, in the test's process or one of its own, and the commands in the documents."""
