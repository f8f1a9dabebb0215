"""The paper ticket: what stands on it, the bytes that print it, and the printer that answers for it."""
