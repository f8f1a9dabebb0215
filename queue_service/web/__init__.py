"""The pages: what browsers load, as it is, without a build step."""
