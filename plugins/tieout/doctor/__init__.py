"""What works of an account's connection, role by role and report by report, and the shapes of Amazon's answers."""
