"""fleet.yaml as written (`Fleet`) and as meant (`ResolvedFleet`)."""
