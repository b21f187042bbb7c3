"""The doors against their documents (`infra/api`): every operation, thousands of generated requests, no network."""
