"""The same work in this library and in others: rows of a table, each with a function for every library."""
