"""What several tests share: frozen time, seeded chance, in-process tables."""
