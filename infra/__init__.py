"""What runs the shop and builds it: the local cloud, benchmarks, tools. Nothing here is part of a deployed function."""
