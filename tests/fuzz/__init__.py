"""Whatever bytes come in: one suite per parser, each with a twin in which the parser has a hole and the suite finds it."""
