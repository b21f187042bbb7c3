"""The outside machine: AWS clients, outbound HTTP, environment, telemetry. Knows no noun of the shop."""
