"""One small module for each way: how it is asked, how it answers. Codes are from the providers' own lists; see each module."""
