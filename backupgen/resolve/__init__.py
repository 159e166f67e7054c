"""From the fleet as written (`Fleet`) to the fleet as meant (`ResolvedFleet`)."""
