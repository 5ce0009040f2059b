"""Every recorded exchange of the operations that Trueup uses, replayed and compared."""
